//! The `targets` and `lint` sections.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of each target.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Targets {
    /// Amazon API Gateway.
    pub aws: Option<AwsTarget>,
    /// Kong Gateway, open source.
    pub kong: Option<KongTarget>,
    /// NGINX, open source.
    pub nginx: Option<NginxTarget>,
}

/// Which of the two APIs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwsApi {
    /// A REST API.
    #[default]
    Rest,
    /// An HTTP API.
    Http,
}

/// Amazon API Gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AwsTarget {
    /// `rest` (default) or `http`.
    pub api: AwsApi,
    /// Losses that are accepted, with the reason.
    pub allow: IndexMap<String, String>,
    /// Resources added to the template as they are.
    #[serde(deserialize_with = "super::shape::present")]
    pub raw: Option<serde_json::Value>,
}

/// Kong Gateway, open source.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KongTarget {
    /// `"3.9"` (default).
    pub version: Option<String>,
    /// Generate small functions for what no plugin can check; true by default.
    pub functions: Option<bool>,
    /// Losses that are accepted, with the reason.
    pub allow: IndexMap<String, String>,
    /// `{ plugins: [..] }`, global.
    #[serde(deserialize_with = "super::shape::present")]
    pub raw: Option<serde_json::Value>,
}

/// NGINX, open source.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NginxTarget {
    /// `"1.22"` (default) or newer.
    pub version: Option<String>,
    /// Dynamic modules that may be loaded; `[njs]` by default.
    pub modules: Option<Vec<String>>,
    /// Where they lie; `/usr/lib/nginx/modules` by default.
    pub module_path: Option<String>,
    /// Losses that are accepted, with the reason.
    pub allow: IndexMap<String, String>,
    /// Directives for the http block.
    pub raw: Option<String>,
}

/// Which rules are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// What every gateway should keep.
    #[default]
    Recommended,
    /// All rules.
    Strict,
}

/// How a rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Not at all.
    Off,
    /// As an info.
    Info,
    /// As a warning.
    Warn,
    /// As an error.
    Error,
}

/// Levels of lint rules.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LintSection {
    /// The set of rules; `recommended` by default.
    pub preset: Option<Preset>,
    /// Level by rule id or name.
    pub rules: IndexMap<String, Level>,
    /// Level by rule, below a JSON Pointer.
    pub paths: IndexMap<String, IndexMap<String, Level>>,
}
