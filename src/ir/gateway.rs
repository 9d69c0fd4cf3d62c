//! The gateway as a whole: listeners, TLS, request ID, logs, counters, and everything by name.

use std::sync::Arc;

use indexmap::IndexMap;
use ipnet::IpNet;

use super::{Consumer, HostPattern, Limit, Plan, Route, Scheme, Secret, Service, Sourced};

/// A resolved spec. Names are unique, references exist, defaults are filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// Its name.
    pub name: String,
    /// The AWS stage's name.
    pub stage: String,
    /// Hosts it answers to; empty: any.
    pub hosts: Sourced<Vec<HostPattern>>,
    /// Its ports.
    pub listen: Sourced<Listen>,
    /// TLS; present exactly when `listen.https` is.
    pub tls: Option<Sourced<ServerTls>>,
    /// Gateway nodes that run, at least 1.
    pub replicas: u32,
    /// The request ID, unless switched off.
    pub request_id: Option<Sourced<RequestId>>,
    /// Path of the health endpoint, answered with 200 `{"status":"ok"}` on any host before everything else.
    pub health: Option<Sourced<String>>,
    /// Limits over all routes (`gateway.limit`).
    pub limits: Vec<Sourced<Limit>>,
    /// The access log's format.
    pub access_log: Sourced<AccessLog>,
    /// Prometheus metrics.
    pub metrics: Sourced<bool>,
    /// Proxies in front whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Sourced<Vec<IpNet>>,
    /// What happens to `%2F` in a path.
    pub encoded_slash: Sourced<EncodedSlash>,
    /// Where limits and quotas are counted.
    pub counters: Sourced<Counters>,
    /// Authentication schemes by name.
    pub schemes: IndexMap<String, Scheme>,
    /// Usage plans by name.
    pub plans: IndexMap<String, Plan>,
    /// Consumers by name.
    pub consumers: IndexMap<String, Consumer>,
    /// Services by name.
    pub services: IndexMap<String, Service>,
    /// Routes in order of precedence, most specific first; equal ones never match the same request.
    pub routes: Vec<Route>,
    /// URL of what runs gathers for engines that cannot fan out themselves.
    pub bff: Option<Sourced<url::Url>>,
}

/// Ports, 1 to 65535.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// Plain HTTP.
    pub http: Option<u16>,
    /// HTTPS.
    pub https: Option<u16>,
}

/// Lowest TLS version spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    V1_2,
    /// RFC 8446.
    V1_3,
}

/// TLS at the gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerTls {
    /// The certificate chain in PEM.
    pub certificate: Option<File>,
    /// Its private key in PEM.
    pub key: Option<KeyMaterial>,
    /// The certificate's ARN in AWS Certificate Manager.
    pub acm_arn: Option<String>,
    /// Lowest version.
    pub min_version: TlsVersion,
    /// Plain HTTP is answered with a redirect (308) to HTTPS.
    pub redirect_http: bool,
}

/// A private key: a file named by the spec, or a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyMaterial {
    /// PEM from a file.
    File(File),
    /// PEM from a secret.
    Secret(Secret),
}

/// A file that the spec names, read when it was resolved.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path as written in the spec.
    pub name: String,
    /// Its content.
    pub content: Arc<[u8]>,
}

impl std::fmt::Debug for File {
    // The content may be a private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({:?}, {} bytes)", self.name, self.content.len())
    }
}

/// The request ID's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// Header name.
    pub header: String,
    /// A client's value of 1 to 128 of `[A-Za-z0-9._~+/=-]` is kept.
    pub keep: bool,
}

/// The access log's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// One JSON object a line.
    Json,
    /// No log.
    None,
}

/// What happens to `%2F` in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// In Redis.
    Redis {
        /// `redis://[user:password@]host[:port][/database]`; may hold a password, never print it whole.
        url: url::Url,
        /// What happens when Redis is down.
        on_failure: CounterFailure,
    },
}

/// What happens when Redis is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterFailure {
    /// Requests pass uncounted.
    Admit,
    /// Requests that would be counted get 503.
    Refuse,
}
