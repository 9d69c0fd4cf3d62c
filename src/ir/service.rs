//! A service: its targets, how one is chosen, and when one is left out.

use super::units::Millis;
use super::{File, KeyMaterial, Sourced};
use crate::source::Pointer;

/// Where requests go.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub pointer: Pointer,
    /// At least one; all have the same protocol and base path.
    pub targets: Vec<Target>,
    /// How one is chosen.
    pub balance: Sourced<Balance>,
    /// Active probes.
    pub health: Option<Sourced<Health>>,
    /// The breaker.
    pub breaker: Option<Sourced<Breaker>>,
    /// TLS towards `https` targets; present exactly for those.
    pub tls: Option<Sourced<UpstreamTls>>,
    /// Other addresses on some engines.
    pub via: Via,
    /// Engine-native configuration.
    pub raw: Option<Sourced<Raw>>,
}

/// Spoken with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Plain HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS.
    Https,
}

impl Protocol {
    /// `http` or `https`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Where a target listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// http or https.
    pub protocol: Protocol,
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
    /// Base path in normalised form without trailing slash; empty for none.
    pub path: String,
}

impl Address {
    /// `host` or `host:port` where the port is not the protocol's own, as in a Host header; IPv6 in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        match (self.protocol, self.port) {
            (Protocol::Http, 80) | (Protocol::Https, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// One address of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Where.
    pub address: Address,
    /// Its share, 1 to 100.
    pub weight: u32,
    /// Where it is written.
    pub pointer: Pointer,
}

/// How a target is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// In turn, by weight.
    #[default]
    RoundRobin,
    /// Fewest requests under way, by weight.
    LeastConnections,
    /// By the client's address.
    HashClientIp,
    /// By the value of a request header.
    HashHeader(String),
}

/// Active probes: GET `path`; 2xx and 3xx are healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The path asked, below the base path of no one: it is sent as written.
    pub path: String,
    /// How often.
    pub every: Millis,
    /// How long one may take.
    pub timeout: Millis,
    /// Successes in a row after which a target is back, at least 1.
    pub healthy_after: u32,
    /// Failures in a row after which it is out, at least 1.
    pub unhealthy_after: u32,
}

/// Failures in a row of real requests take a target out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// How many, 1 to 255. Connect errors and timeouts count.
    pub failures: u32,
    /// How long it gets nothing; then a trial request or a probe decides.
    pub open: Millis,
    /// 5xx answers count too.
    pub server_errors: bool,
}

/// TLS towards `https` targets.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamTls {
    /// Roots in PEM; none: the system's.
    pub ca: Option<File>,
    /// The certificate is checked.
    pub verify: bool,
    /// The gateway's own certificate in PEM with its key.
    pub client: Option<(File, KeyMaterial)>,
}

/// Other addresses on some engines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Via {
    /// On AWS.
    pub aws: Option<ViaAws>,
    /// On Kong.
    pub kong: Option<Address>,
    /// On NGINX.
    pub nginx: Option<Address>,
}

/// A service's address on AWS.
#[derive(Clone, Debug, PartialEq)]
pub enum ViaAws {
    /// A function's ARN.
    Lambda(String),
    /// A public URL.
    Url(Address),
    /// A VPC link and the listener behind it.
    VpcLink {
        /// The link's ID.
        id: String,
        /// The load balancer listener's ARN.
        listener: String,
    },
}

/// Engine-native configuration, checked by the target's own grammar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw {
    /// Kong.
    pub kong: Option<serde_json::Value>,
    /// NGINX.
    pub nginx: Option<String>,
    /// AWS.
    pub aws: Option<serde_json::Value>,
}
