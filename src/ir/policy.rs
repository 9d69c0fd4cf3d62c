//! Policies of a route with every default filled in.

use indexmap::IndexMap;
use ipnet::IpNet;

use super::units::{Millis, Rate};

/// A token bucket: capacity `burst`, refilled continuously at `rate`, one token a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Refill.
    pub rate: Rate,
    /// Capacity, 1 to 10^9.
    pub burst: u64,
    /// Whose bucket.
    pub key: LimitKey,
}

/// Whose bucket a request takes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LimitKey {
    /// The consumer, or (scheme, `sub`) for a token that names none; the client's address on a route without auth.
    Consumer,
    /// The client's address.
    ClientIp,
    /// One bucket for all.
    Everyone,
    /// The value of a request header; requests without it share the empty value.
    Header(String),
    /// The value of a token's claim; tokens without it share the empty value.
    Claim(String),
}

/// Cross-origin rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Who may read.
    pub origins: Origins,
    /// Methods a preflight allows.
    pub methods: Vec<String>,
    /// Request headers a preflight allows.
    pub headers: Vec<String>,
    /// Answer headers that scripts may read.
    pub expose: Vec<String>,
    /// Cookies and Authorization are allowed.
    pub credentials: bool,
    /// How long a preflight's answer may be kept, in whole seconds when sent.
    pub max_age: Option<Millis>,
}

/// Who may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// `*`.
    All,
    /// These serialised origins (RFC 6454), lower case.
    List(Vec<String>),
}

/// Time limits towards a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// To connect.
    pub connect: Millis,
    /// From the last byte sent to the first received, and between reads.
    pub response: Millis,
    /// `response` was written somewhere, not filled in by default (engines whose maximum is lower then declare a loss).
    pub explicit: bool,
}

/// Further tries on another target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// How many more, 0 to 10.
    pub attempts: u32,
    /// After a failed connection.
    pub connect: bool,
    /// After a timeout.
    pub timeout: bool,
    /// After these statuses.
    pub statuses: Vec<u16>,
}

/// Client addresses; deny wins; with a non-empty `allow` all others are denied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IpRules {
    /// Who may call.
    pub allow: Vec<IpNet>,
    /// Who may not.
    pub deny: Vec<IpNet>,
}

impl IpRules {
    /// Whether `address` passes.
    #[must_use]
    pub fn admit(&self, address: std::net::IpAddr) -> bool {
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        !within(&self.deny) && (self.allow.is_empty() || within(&self.allow))
    }
}

/// Changes to headers: first `remove`, then `set` (replacing). Names as written, compared without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Set.
    pub set: IndexMap<String, String>,
    /// Removed.
    pub remove: Vec<String>,
}

impl HeaderRules {
    /// Changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }
}
