//! A request as the engine sees it: borrowed, without its body.

use std::net::IpAddr;

use http::HeaderMap;

/// A point in time: nanoseconds since 1970-01-01 UTC. Always passed in, never read from a clock here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// From whole seconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// This much later.
    #[must_use]
    pub const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000_000)))
    }
}

/// A request's line, headers and peer.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The method as sent.
    pub method: &'r str,
    /// The Host header or `:authority` as sent, port included; empty when there was none.
    pub authority: &'r str,
    /// The path as sent, before the `?`.
    pub path: &'r str,
    /// What stood behind the `?`.
    pub query: Option<&'r str>,
    /// Its headers.
    pub headers: &'r HeaderMap,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// It came over TLS.
    pub tls: bool,
    /// Its Content-Length, where it has one.
    pub length: Option<u64>,
}
