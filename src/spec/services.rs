//! The `services` section: targets, balancing, health, breaker, retries, upstream TLS, other addresses per engine.

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::{Retries, Timeout};
use super::shape::{OrNone, text_or_map};
use crate::ir::units::{HELP, Millis};

/// Where requests go: a URL, or a map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// The one target, as text.
    pub url: Option<String>,
    /// Written as text instead of a map.
    pub short: bool,
    /// Several targets.
    pub targets: Vec<Target>,
    /// How targets are chosen; `round_robin` by default.
    pub balance: Option<Balance>,
    /// Active probes.
    pub health: Option<OrNone<Health>>,
    /// Taking failing targets out by what real requests show.
    pub breaker: Option<OrNone<Breaker>>,
    /// Time limits.
    pub timeout: Option<Timeout>,
    /// Further tries.
    pub retries: Option<Retries>,
    /// TLS towards `https://` targets.
    pub tls: Option<UpstreamTls>,
    /// Other addresses on some engines.
    pub via: Option<Via>,
    /// Engine-native configuration.
    pub raw: Option<ServiceRaw>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ServiceMap {
    url: Option<String>,
    #[serde(default)]
    targets: Vec<Target>,
    balance: Option<Balance>,
    health: Option<OrNone<Health>>,
    breaker: Option<OrNone<Breaker>>,
    timeout: Option<Timeout>,
    retries: Option<Retries>,
    tls: Option<UpstreamTls>,
    via: Option<Via>,
    raw: Option<ServiceRaw>,
}

impl From<ServiceMap> for Service {
    fn from(map: ServiceMap) -> Self {
        Self {
            url: map.url,
            short: false,
            targets: map.targets,
            balance: map.balance,
            health: map.health,
            breaker: map.breaker,
            timeout: map.timeout,
            retries: map.retries,
            tls: map.tls,
            via: map.via,
            raw: map.raw,
        }
    }
}

text_or_map!(Service, ServiceMap, "a URL or a map", |text| Ok(Service {
    url: Some(text.to_owned()),
    short: true,
    ..Service::default()
}));

/// One address of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its URL.
    pub url: String,
    /// Its share, 1 to 100; 1 by default.
    pub weight: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TargetMap {
    url: String,
    weight: Option<u32>,
}

impl From<TargetMap> for Target {
    fn from(map: TargetMap) -> Self {
        Self {
            url: map.url,
            weight: map.weight,
        }
    }
}

text_or_map!(
    Target,
    TargetMap,
    "a URL or a map with `url` and `weight`",
    |text| Ok(Target {
        url: text.to_owned(),
        weight: None,
    })
);

/// How a target is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Balance {
    /// In turn, by weight.
    RoundRobin,
    /// The one with the fewest requests under way, by weight.
    LeastConnections,
    /// The same one for the same client address.
    HashClientIp,
    /// The same one for the same value of a header.
    HashHeader(String),
}

/// What a hash is taken of, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceMethod {
    /// `client_ip`.
    ClientIp,
    /// `{ header: NAME }`.
    Header(String),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BalanceMethodMap {
    Header(String),
}

impl From<BalanceMethodMap> for BalanceMethod {
    fn from(map: BalanceMethodMap) -> Self {
        match map {
            BalanceMethodMap::Header(name) => Self::Header(name),
        }
    }
}

text_or_map!(
    BalanceMethod,
    BalanceMethodMap,
    "`client_ip` or `{ header: NAME }`",
    |text| match text {
        "client_ip" => Ok(BalanceMethod::ClientIp),
        other => Err(format!(
            "`{other}` is not something to hash{HELP}write `client_ip` or `{{ header: NAME }}`"
        )),
    }
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BalanceMap {
    Hash(BalanceMethod),
}

impl From<BalanceMap> for Balance {
    fn from(map: BalanceMap) -> Self {
        match map {
            BalanceMap::Hash(BalanceMethod::ClientIp) => Self::HashClientIp,
            BalanceMap::Hash(BalanceMethod::Header(name)) => Self::HashHeader(name),
        }
    }
}

text_or_map!(
    Balance,
    BalanceMap,
    "`round_robin`, `least_connections` or `{ hash: client_ip }`",
    |text| match text {
        "round_robin" => Ok(Balance::RoundRobin),
        "least_connections" => Ok(Balance::LeastConnections),
        other => Err(format!(
            "`{other}` is not a way to balance{HELP}write `round_robin`, `least_connections` or `{{ hash: client_ip }}`"
        )),
    }
);

/// Active probes: GET `path` on every target.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The path that is asked; 2xx and 3xx are healthy.
    pub path: String,
    /// How often; 10s by default.
    pub every: Option<Millis>,
    /// How long it may take; 2s by default.
    pub timeout: Option<Millis>,
    /// Successes in a row after which a target is back; 2 by default.
    pub healthy_after: Option<u32>,
    /// Failures in a row after which it is out; 3 by default.
    pub unhealthy_after: Option<u32>,
}

/// Taking failing targets out by what real requests show.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row, 1 to 255.
    pub failures: u32,
    /// How long the target gets nothing.
    pub open: Millis,
    /// What counts besides connect errors and timeouts.
    #[serde(default)]
    pub when: Vec<BreakerCause>,
}

/// What a breaker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum BreakerCause {
    /// Connect errors; always counted.
    #[serde(rename = "connect")]
    Connect,
    /// Timeouts; always counted.
    #[serde(rename = "timeout")]
    Timeout,
    /// Answers with a status from 500 to 599.
    #[serde(rename = "5xx")]
    ServerError,
}

/// TLS towards `https://` targets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamTls {
    /// PEM file with the roots; the system's by default.
    pub ca: Option<String>,
    /// Check the certificate; true by default.
    pub verify: Option<bool>,
    /// PEM file with the gateway's own certificate.
    pub client_certificate: Option<String>,
    /// Its key: a PEM file or `secret://name`.
    pub client_key: Option<String>,
}

/// Other addresses on some engines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Via {
    /// On AWS.
    pub aws: Option<ViaAws>,
    /// On Kong.
    pub kong: Option<ViaUrl>,
    /// On NGINX.
    pub nginx: Option<ViaUrl>,
}

/// A service's address on AWS: exactly one of `lambda`, `url`, `vpc_link` with `listener`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ViaAws {
    /// The function's ARN.
    pub lambda: Option<String>,
    /// A public URL.
    pub url: Option<String>,
    /// The VPC link's ID.
    pub vpc_link: Option<String>,
    /// The load balancer listener's ARN.
    pub listener: Option<String>,
}

/// A service's URL on one engine.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViaUrl {
    /// The URL.
    pub url: String,
}

/// Engine-native configuration of a service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceRaw {
    /// Kong: `{ plugins: [..] }`.
    #[serde(deserialize_with = "super::shape::present")]
    pub kong: Option<serde_json::Value>,
    /// NGINX: directives for the locations that forward to it.
    pub nginx: Option<String>,
    /// AWS: `{ integration: {..} }`.
    #[serde(deserialize_with = "super::shape::present")]
    pub aws: Option<serde_json::Value>,
}
