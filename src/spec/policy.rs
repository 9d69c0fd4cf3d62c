//! Policies that stand at several levels: limits, CORS, timeouts, retries, addresses, headers, scopes.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::text_or_map;
use crate::ir::units::{HELP, Millis, Rate};

/// A token bucket.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// How fast tokens come back.
    pub rate: Rate,
    /// The bucket's capacity, at least 1; by default the number in `rate`.
    pub burst: Option<u64>,
    /// Whose bucket; `consumer` by default on a route or plan, `everyone` on the gateway.
    pub per: Option<LimitKey>,
}

/// Whose bucket a request takes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitKey {
    /// The consumer; the client's address on a route without auth.
    Consumer,
    /// The client's address.
    ClientIp,
    /// One bucket for all.
    Everyone,
    /// The value of a request header.
    Header(String),
    /// The value of a token's claim.
    Claim(String),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LimitKeyMap {
    Header(String),
    Claim(String),
}

impl From<LimitKeyMap> for LimitKey {
    fn from(map: LimitKeyMap) -> Self {
        match map {
            LimitKeyMap::Header(name) => Self::Header(name),
            LimitKeyMap::Claim(name) => Self::Claim(name),
        }
    }
}

text_or_map!(
    LimitKey,
    LimitKeyMap,
    "`consumer`, `client_ip`, `everyone`, `{ header: NAME }` or `{ claim: NAME }`",
    |text| match text {
        "consumer" => Ok(LimitKey::Consumer),
        "client_ip" => Ok(LimitKey::ClientIp),
        "everyone" => Ok(LimitKey::Everyone),
        other => Err(format!(
            "`{other}` is not something to count by{HELP}write `consumer`, `client_ip`, `everyone`, `{{ header: NAME }}` or `{{ claim: NAME }}`"
        )),
    }
);

/// Cross-origin rules (Fetch standard).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `scheme://host[:port]`, or `*` alone.
    pub origins: Vec<String>,
    /// Methods a preflight allows; by default those of the path's routes.
    pub methods: Option<Vec<String>>,
    /// Request headers a preflight allows.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Answer headers that scripts may read.
    #[serde(default)]
    pub expose: Vec<String>,
    /// Cookies and Authorization are allowed; false by default.
    #[serde(default)]
    pub credentials: bool,
    /// How long a browser may keep a preflight's answer.
    pub max_age: Option<Millis>,
}

/// Time limits towards the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timeout {
    /// To connect; 1s by default.
    pub connect: Option<Millis>,
    /// From the last byte sent to the first received, and between reads; 30s by default.
    pub response: Option<Millis>,
}

/// Further tries on another target.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// How many more, 0 to 10.
    pub attempts: u32,
    /// What calls for another; `[connect, timeout]` by default.
    pub when: Option<Vec<RetryOn>>,
}

/// What calls for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOn {
    /// The connection failed.
    Connect,
    /// A timeout ran out.
    Timeout,
    /// The service answered with this status, 400 to 599.
    Status(u16),
}

impl<'de> Deserialize<'de> for RetryOn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrStatus;
        impl serde::de::Visitor<'_> for WordOrStatus {
            type Value = RetryOn;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`connect`, `timeout` or a status from 400 to 599")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RetryOn, E> {
                match text {
                    "connect" => Ok(RetryOn::Connect),
                    "timeout" => Ok(RetryOn::Timeout),
                    other => Err(E::custom(format!(
                        "`{other}` does not call for a retry{HELP}write `connect`, `timeout` or a status from 400 to 599"
                    ))),
                }
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<RetryOn, E> {
                match u16::try_from(number) {
                    Ok(status @ 400..=599) => Ok(RetryOn::Status(status)),
                    _ => Err(E::custom(format!(
                        "`{number}` does not call for a retry{HELP}write a status from 400 to 599"
                    ))),
                }
            }
        }
        deserializer.deserialize_any(WordOrStatus)
    }
}

impl JsonSchema for RetryOn {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RetryOn".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [
            { "enum": ["connect", "timeout"] },
            { "type": "integer", "minimum": 400, "maximum": 599 },
        ] })
    }
}

/// Client addresses as CIDR ranges (RFC 4632); `deny` wins, and with `allow` all others are denied.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IpRules {
    /// Who may call.
    pub allow: Vec<String>,
    /// Who may not.
    pub deny: Vec<String>,
}

/// Changes to headers: first `remove`, then `set`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Headers {
    /// Set, replacing what is there.
    pub set: IndexMap<String, String>,
    /// Removed.
    pub remove: Vec<String>,
}

/// Scopes a token must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Every one.
    All(Vec<String>),
    /// One of them.
    Any(Vec<String>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ScopesMap {
    All(Vec<String>),
    Any(Vec<String>),
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrMap;
        impl<'de> serde::de::Visitor<'de> for ListOrMap {
            type Value = Scopes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of scopes, or `{ any: [..] }`")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Scopes, A::Error> {
                let mut all = Vec::new();
                while let Some(scope) = seq.next_element()? {
                    all.push(scope);
                }
                Ok(Scopes::All(all))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Scopes, A::Error> {
                super::shape::whole_map::<ScopesMap, A>(map).map(|map| match map {
                    ScopesMap::All(scopes) => Scopes::All(scopes),
                    ScopesMap::Any(scopes) => Scopes::Any(scopes),
                })
            }
        }
        deserializer.deserialize_any(ListOrMap)
    }
}

impl JsonSchema for Scopes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scopes".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let map = generator.subschema_for::<ScopesMap>();
        schemars::json_schema!({ "anyOf": [{ "type": "array", "items": { "type": "string" } }, map] })
    }
}
