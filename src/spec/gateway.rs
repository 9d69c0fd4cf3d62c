//! The `gateway` section: listeners, TLS, request ID, logs, counters and what counts for all routes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::{Headers, IpRules, Limit};
use super::shape::{OneOrMany, OrNone, text_or_map};
use crate::ir::units::{Bytes, HELP};

/// What holds for the gateway as a whole.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gateway {
    /// The AWS stage's name; `prod` by default.
    pub stage: Option<String>,
    /// Host names it answers to, `*.example` for all below one; none: any.
    pub hosts: Vec<String>,
    /// Ports; HTTP on 8080 by default, HTTPS on 8443 with `tls`.
    pub listen: Option<Listen>,
    /// The certificate and what is spoken with it.
    pub tls: Option<ServerTls>,
    /// How many gateway nodes run; 1 by default.
    pub replicas: Option<u32>,
    /// The request ID; on as `X-Request-ID` by default.
    pub request_id: Option<OrNone<RequestId>>,
    /// Path of the gateway's own health endpoint.
    pub health: Option<OrNone<String>>,
    /// A limit that counts all requests.
    pub limit: Option<OrNone<OneOrMany<Limit>>>,
    /// Largest request body; 10MB by default.
    pub max_body: Option<Bytes>,
    /// Format of the access log; `json` by default.
    pub access_log: Option<AccessLog>,
    /// Metrics; off by default.
    pub metrics: Option<Metrics>,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// What happens to `%2F` in a path; `refuse` by default.
    pub encoded_slash: Option<EncodedSlash>,
    /// Where limits and quotas are counted; `local` by default.
    pub counters: Option<Counters>,
    /// Client addresses.
    pub ip: Option<IpRules>,
    /// Changes to every request's headers.
    pub request_headers: Option<Headers>,
    /// Changes to every answer's headers.
    pub response_headers: Option<Headers>,
}

/// Ports to listen on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Plain HTTP, 1 to 65535.
    pub http: Option<i64>,
    /// HTTPS, 1 to 65535; needs `tls`.
    pub https: Option<i64>,
}

/// TLS at the gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerTls {
    /// PEM file with the certificate chain.
    pub certificate: Option<String>,
    /// The private key: a PEM file or `secret://name`.
    pub key: Option<String>,
    /// The certificate's ARN in AWS Certificate Manager.
    pub acm_arn: Option<String>,
    /// `"1.2"` (default) or `"1.3"`.
    pub min_version: Option<String>,
    /// Answer plain HTTP with a redirect to HTTPS.
    pub redirect_http: Option<bool>,
}

/// The request ID's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// The header; `X-Request-ID` by default.
    pub header: Option<String>,
    /// Keep a client's well-formed value; true by default.
    pub keep: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RequestIdMap {
    header: Option<String>,
    keep: Option<bool>,
}

impl From<RequestIdMap> for RequestId {
    fn from(map: RequestIdMap) -> Self {
        Self {
            header: map.header,
            keep: map.keep,
        }
    }
}

text_or_map!(
    RequestId,
    RequestIdMap,
    "`none`, a header name or a map with `header` and `keep`",
    |text| {
        Ok(RequestId {
            header: Some(text.to_owned()),
            keep: None,
        })
    }
);

/// Format of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessLog {
    /// One JSON object a line.
    Json,
    /// No log.
    None,
}

/// Whether metrics are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metrics {
    /// In Prometheus' text format, or the engine's native way.
    Prometheus,
    /// None.
    None,
}

/// What happens to `%2F` in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EncodedSlash {
    /// 400.
    Refuse,
    /// It passes as part of a segment.
    Keep,
}

/// Where limits and quotas are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counters {
    /// In each node's memory.
    Local,
    /// In Redis, shared by all nodes.
    Redis(RedisCounters),
}

/// Counting in Redis.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RedisCounters {
    /// `redis://[user:password@]host[:port][/database]`.
    pub redis: String,
    /// What happens when Redis is down; `admit` by default.
    pub on_failure: Option<CounterFailure>,
}

/// What happens when Redis is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CounterFailure {
    /// Requests pass uncounted.
    Admit,
    /// Requests that would be counted are refused with 503.
    Refuse,
}

impl From<RedisCounters> for Counters {
    fn from(map: RedisCounters) -> Self {
        Self::Redis(map)
    }
}

text_or_map!(
    Counters,
    RedisCounters,
    "`local` or a map with `redis`",
    |text| match text {
        "local" => Ok(Counters::Local),
        other => Err(format!(
            "`{other}` is not a place to count{HELP}write `local` or `{{ redis: \"redis://host:6379\" }}`"
        )),
    }
);

/// Where gathers run for engines that cannot fan out themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bff {
    /// Its URL.
    pub url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BffMap {
    url: String,
}

impl From<BffMap> for Bff {
    fn from(map: BffMap) -> Self {
        Self { url: map.url }
    }
}

text_or_map!(Bff, BffMap, "a URL or a map with `url`", |text| Ok(Bff {
    url: text.to_owned()
}));
