//! The `consumers` and `plans` sections.

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::Limit;
use super::shape::OneOrMany;
use crate::ir::units::Quota;

/// Somebody known by a credential.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Consumer {
    /// The usage plan's name.
    pub plan: Option<String>,
    /// Groups it is in.
    pub groups: Vec<String>,
    /// Its key as `secret://name` (or in clear, which lint refuses), or two of them for rotation.
    pub api_key: Option<OneOrMany<String>>,
    /// User name and password.
    pub basic: Option<BasicCredential>,
    /// The claim by which a token names it.
    pub jwt: Option<JwtClaim>,
}

/// A user name with its password.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasicCredential {
    /// The user name; no colon.
    pub username: String,
    /// The password as `secret://name`.
    pub password: String,
}

/// A claim and the value that names a consumer.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwtClaim {
    /// The claim's name.
    pub claim: String,
    /// Its value.
    pub value: String,
}

/// Limits and a quota that belong to a consumer, over all routes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// One limit or several; `per` is always the consumer.
    pub limit: Option<OneOrMany<Limit>>,
    /// Requests per calendar window.
    pub quota: Option<Quota>,
}
