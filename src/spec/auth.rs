//! The `auth` section and how routes name its schemes.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::shape::text_or_map;

/// One authentication scheme: exactly one kind.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// A signed token (RFC 7519) in `Authorization: Bearer`.
    Jwt(Jwt),
    /// A token of an Amazon Cognito user pool.
    Cognito(Cognito),
    /// A key in a header or query parameter.
    ApiKey(ApiKey),
    /// User name and password (RFC 7617).
    Basic(Basic),
    /// Another service decides.
    External(External),
}

/// A signed token.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// What `iss` must equal.
    pub issuer: Option<String>,
    /// Of which `aud` must contain one.
    #[serde(default)]
    pub audience: Vec<String>,
    /// What verifies the signature.
    pub keys: JwtKeys,
    /// The algorithms accepted; `none` never.
    pub algorithms: Vec<String>,
    /// Claims copied to request headers.
    #[serde(default)]
    pub forward: IndexMap<String, String>,
}

/// What verifies a token's signature.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JwtKeys {
    /// A key set (RFC 7517): URL or file.
    Jwks(String),
    /// A PEM file with one public key.
    Pem(String),
    /// A shared secret for HS256, HS384 and HS512.
    Secret(String),
}

/// A Cognito user pool.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cognito {
    /// `arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID`.
    pub user_pool_arn: String,
    /// App clients whose tokens are accepted; none: all of the pool.
    #[serde(default)]
    pub client_ids: Vec<String>,
    /// Claims copied to request headers.
    #[serde(default)]
    pub forward: IndexMap<String, String>,
}

/// A key, read from exactly one place.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApiKey {
    /// The header's name.
    pub header: Option<String>,
    /// The query parameter's name.
    pub query: Option<String>,
}

/// User name and password.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Basic {
    /// Shown by browsers; the gateway's name by default.
    pub realm: Option<String>,
}

/// Another service decides: 2xx allows, 401 and 403 are returned, anything else is 503.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// The URL that is asked.
    pub url: String,
    /// Headers of its answer that go upstream.
    #[serde(default)]
    pub forward: Vec<String>,
    /// The Lambda function that does the same on AWS.
    pub lambda_arn: Option<String>,
}

/// Who may call: a scheme's name, `none`, or several schemes.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthRef {
    /// Everybody, said in so many words.
    None,
    /// One scheme.
    Scheme(String),
    /// One of them must succeed.
    Any(Vec<String>),
    /// All must succeed.
    All(Vec<String>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AuthRefMap {
    Any(Vec<String>),
    All(Vec<String>),
}

impl From<AuthRefMap> for AuthRef {
    fn from(map: AuthRefMap) -> Self {
        match map {
            AuthRefMap::Any(names) => Self::Any(names),
            AuthRefMap::All(names) => Self::All(names),
        }
    }
}

impl<'de> Deserialize<'de> for AuthRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match AuthRefShape::deserialize(deserializer)? {
            AuthRefShape::Text(name) if name == "none" => Self::None,
            AuthRefShape::Text(name) => Self::Scheme(name),
            AuthRefShape::Map(map) => Self::from(map),
        })
    }
}

impl JsonSchema for AuthRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AuthRef".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        AuthRefShape::json_schema(generator)
    }
}

enum AuthRefShape {
    Text(String),
    Map(AuthRefMap),
}

impl From<AuthRefMap> for AuthRefShape {
    fn from(map: AuthRefMap) -> Self {
        Self::Map(map)
    }
}

text_or_map!(
    AuthRefShape,
    AuthRefMap,
    "the name of a scheme, `none`, `{ any: [..] }` or `{ all: [..] }`",
    |text| { Ok(AuthRefShape::Text(text.to_owned())) }
);
