//! WHAT THE USER WROTE: types that mirror the YAML one to one, closed against unknown keys.

mod auth;
mod consumers;
mod gateway;
mod policy;
mod routes;
mod services;
pub mod shape;
mod targets;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub use auth::{ApiKey, AuthRef, Basic, Cognito, External, Jwt, JwtKeys, Scheme};
pub use consumers::{BasicCredential, Consumer, JwtClaim, Plan};
pub use gateway::{
    AccessLog, Bff, CounterFailure, Counters, EncodedSlash, Gateway, Listen, Metrics,
    RedisCounters, RequestId, ServerTls,
};
pub use policy::{Cors, Headers, IpRules, Limit, LimitKey, Retries, RetryOn, Scopes, Timeout};
pub use routes::{GatherPart, Respond, Route, RouteRaw, Upgrade};
pub use services::{
    Balance, BalanceMethod, Breaker, BreakerCause, Health, Service, ServiceRaw, Target,
    UpstreamTls, Via, ViaAws, ViaUrl,
};
pub use shape::{OneOrMany, OrNone};
pub use targets::{
    AwsApi, AwsTarget, KongTarget, Level, LintSection, NginxTarget, Preset, Targets,
};

/// A whole `gateway.yaml`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The language's version; 1.
    pub version: u32,
    /// The gateway's name; letters, digits and dashes.
    pub name: String,
    /// What holds for the gateway as a whole.
    #[serde(default)]
    pub gateway: Gateway,
    /// What every route inherits; the nearest definition of a key wins and replaces it whole.
    #[serde(default)]
    pub defaults: Defaults,
    /// Authentication schemes by name.
    #[serde(default, deserialize_with = "crate::source::entries")]
    pub auth: IndexMap<String, Scheme>,
    /// Who is known by a credential.
    #[serde(default, deserialize_with = "crate::source::entries")]
    pub consumers: IndexMap<String, Consumer>,
    /// Usage plans: limits and quotas that belong to a consumer.
    #[serde(default, deserialize_with = "crate::source::entries")]
    pub plans: IndexMap<String, Plan>,
    /// Where requests go.
    #[serde(default, deserialize_with = "crate::source::entries")]
    pub services: IndexMap<String, Service>,
    /// `METHODS PATTERN` or `METHODS HOST/PATTERN` to what is done with such a request; order never matters.
    #[serde(default, deserialize_with = "crate::source::entries")]
    pub routes: IndexMap<String, Route>,
    /// Where gathers run for engines that cannot fan out themselves.
    pub bff: Option<Bff>,
    /// Settings of each target; the keys are also what `build` writes by default.
    #[serde(default)]
    pub targets: Targets,
    /// Levels of lint rules.
    #[serde(default)]
    pub lint: LintSection,
}

/// What every route inherits.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Who may call.
    pub auth: Option<AuthRef>,
    /// Scopes a token must carry.
    pub scopes: Option<Scopes>,
    /// Groups of which the consumer must be in one.
    pub groups: Option<Vec<String>>,
    /// One limit or several.
    pub limit: Option<OrNone<OneOrMany<Limit>>>,
    /// Cross-origin rules.
    pub cors: Option<OrNone<Cors>>,
    /// Time limits towards the service.
    pub timeout: Option<Timeout>,
    /// Further tries.
    pub retries: Option<Retries>,
    /// Client addresses.
    pub ip: Option<IpRules>,
    /// Changes to the request's headers.
    pub request_headers: Option<Headers>,
    /// Changes to the answer's headers.
    pub response_headers: Option<Headers>,
}
