//! The `routes` section.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::AuthRef;
use super::policy::{Cors, Headers, IpRules, Limit, Retries, Scopes, Timeout};
use super::services::ServiceRaw;
use super::shape::{OneOrMany, OrNone};
use crate::ir::units::{Bytes, Millis};

/// What is done with the requests of one key; exactly one of `to`, `respond`, `gather`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Route {
    /// The service it is forwarded to.
    pub to: Option<String>,
    /// A fixed answer.
    pub respond: Option<Respond>,
    /// One JSON object made of several services' answers.
    pub gather: Option<IndexMap<String, GatherPart>>,
    /// The path sent to the service.
    pub rewrite: Option<String>,
    /// Who may call.
    pub auth: Option<AuthRef>,
    /// Scopes a token must carry.
    pub scopes: Option<Scopes>,
    /// Groups of which the consumer must be in one.
    pub groups: Option<Vec<String>>,
    /// One limit or several; counts this route alone.
    pub limit: Option<OrNone<OneOrMany<Limit>>>,
    /// Cross-origin rules.
    pub cors: Option<OrNone<Cors>>,
    /// Time limits towards the service.
    pub timeout: Option<Timeout>,
    /// Further tries.
    pub retries: Option<Retries>,
    /// Largest request body.
    pub max_body: Option<Bytes>,
    /// Client addresses.
    pub ip: Option<IpRules>,
    /// Changes to the request's headers.
    pub request_headers: Option<Headers>,
    /// Changes to the answer's headers.
    pub response_headers: Option<Headers>,
    /// Protocols that `Upgrade` may switch to.
    pub upgrade: Vec<Upgrade>,
    /// Send the client's Host to the service; false by default.
    pub preserve_host: Option<bool>,
    /// Engine-native configuration; the route is left out of claims of equivalence.
    pub raw: Option<RouteRaw>,
    /// For people; not emitted.
    pub description: Option<String>,
}

/// Engine-native configuration of a route; the same keys as on a service.
pub type RouteRaw = ServiceRaw;

/// A protocol that `Upgrade` may switch to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// RFC 6455.
    Websocket,
}

/// A fixed answer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// 200 to 599.
    pub status: u16,
    /// For a redirect; `{path}`, `{query}` and the pattern's parameters are filled in.
    pub location: Option<String>,
    /// The body, as it is.
    pub body: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
}

/// One part of a gather.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatherPart {
    /// `SERVICE GET /PATH?QUERY` with `{auth.CLAIM}` and `{param}`.
    pub from: String,
    /// Its failure fails the whole; false by default.
    #[serde(default)]
    pub required: bool,
    /// How long it may take; by default the service's response timeout.
    pub timeout: Option<Millis>,
    /// What stands for it when it fails; null by default.
    #[serde(default, deserialize_with = "super::shape::present")]
    pub or: Option<serde_json::Value>,
    /// JSON Pointer (RFC 6901) to the one value kept.
    pub pick: Option<String>,
    /// JSON Pointer to the list whose length is kept.
    pub count: Option<String>,
}
