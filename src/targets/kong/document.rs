//! Kong's declarative file as types: what of it the target writes, in Kong's own words.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use super::health::{ActiveCheck, Healthchecks, Healthy, PassiveCheck, Unhealthy};

/// A declarative file of format 3.0: nothing in it is rewritten when it is loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// Always `"3.0"`.
    #[serde(rename = "_format_version")]
    pub format_version: String,
    /// Passwords are plain text here and are hashed when the file is loaded.
    #[serde(rename = "_transform")]
    pub transform: bool,
    /// Plugins that run on every request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Plugin>,
    /// Services with their routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Routes that a plugin answers, without a service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Consumers with their credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<Consumer>,
    /// Several targets, probes and passive checks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<Upstream>,
    /// Certificates with the names they are for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// Roots that services trust.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ca_certificates: Vec<CaCertificate>,
}

impl Document {
    /// An empty one of format 3.0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            format_version: "3.0".to_owned(),
            transform: true,
            ..Self::default()
        }
    }

    /// Every route, with its service's name where it has one.
    pub fn all_routes(&self) -> impl Iterator<Item = (Option<&str>, &Route)> {
        let served = self.services.iter().flat_map(|service| {
            service
                .routes
                .iter()
                .map(|route| (Some(service.name.as_str()), route))
        });
        served.chain(self.routes.iter().map(|route| (None, route)))
    }
}

/// Where requests go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Unique.
    pub name: String,
    /// `http` or `https`.
    pub protocol: String,
    /// A host, or an upstream's name.
    pub host: String,
    /// 0 to 65535; not used with an upstream.
    pub port: u16,
    /// Base path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Further tries, 0 to 32767.
    pub retries: u32,
    /// Milliseconds.
    pub connect_timeout: u64,
    /// Milliseconds between two reads.
    pub read_timeout: u64,
    /// Milliseconds between two writes.
    pub write_timeout: u64,
    /// The certificate is checked; only with `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_verify: Option<bool>,
    /// IDs of `ca_certificates`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ca_certificates: Vec<String>,
    /// ID of a certificate that is shown to the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// Its routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Plugins of all its routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Plugin>,
}

/// Which requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Unique.
    pub name: String,
    /// Upper case; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Names, one `*` label at most; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Header values; `~*` starts a regular expression.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, Vec<String>>,
    /// `~` starts a regular expression, anchored at the start alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Higher is tried first among equal criteria.
    pub regex_priority: u32,
    /// What matched is removed before the service sees the path.
    pub strip_path: bool,
    /// The client's Host is sent.
    pub preserve_host: bool,
    /// `http`, `https` or both.
    pub protocols: Vec<String>,
    /// The answer to plain HTTP on a route of `https` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_redirect_status_code: Option<u16>,
    /// Its plugins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Plugin>,
}

/// One plugin on one scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plugin {
    /// A bundled plugin.
    pub name: String,
    /// The consumer it is for besides the scope it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    /// Its settings.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    /// Everything else, which only raw plugins have (`enabled`, `tags`, `protocols`, ...).
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Plugin {
    /// `name` with the settings of an object.
    #[must_use]
    pub fn new(name: &str, config: Value) -> Self {
        let config = if let Value::Object(map) = config {
            map
        } else {
            Map::new()
        };
        Self {
            name: name.to_owned(),
            config,
            ..Self::default()
        }
    }
}

/// Somebody with credentials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Consumer {
    /// Unique.
    pub username: String,
    /// Keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keyauth_credentials: Vec<KeyCredential>,
    /// User names and passwords.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub basicauth_credentials: Vec<BasicCredential>,
    /// What verifies tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jwt_secrets: Vec<JwtCredential>,
    /// Groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acls: Vec<Acl>,
    /// Plugins that run for this consumer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Plugin>,
}

/// A key, unique in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeyCredential {
    /// The key.
    pub key: String,
}

/// A user name (unique in the file) and password.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BasicCredential {
    /// User name.
    pub username: String,
    /// Plain text, hashed when the file is loaded.
    pub password: String,
}

/// What verifies tokens whose claim (`key_claim_name`) has the value `key`, unique in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtCredential {
    /// The claim's value.
    pub key: String,
    /// The one algorithm accepted.
    pub algorithm: String,
    /// The shared secret with HS*; decK asks for the field with public keys too.
    pub secret: String,
    /// PEM, also for EC and Ed25519 keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rsa_public_key: Option<String>,
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Acl {
    /// Its name.
    pub group: String,
}

/// Several targets behind one name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// Unique; the `host` of services.
    pub name: String,
    /// `round-robin`, `least-connections` or `consistent-hashing`.
    pub algorithm: String,
    /// `ip` or `header`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_on: Option<String>,
    /// The header hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_on_header: Option<String>,
    /// Active and passive checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthchecks: Option<Healthchecks>,
    /// Addresses.
    pub targets: Vec<Target>,
}

/// One address of an upstream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// `host:port`.
    pub target: String,
    /// 0 to 65535.
    pub weight: u32,
}

/// A certificate with its key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Certificate {
    /// UUID.
    pub id: String,
    /// PEM.
    pub cert: String,
    /// PEM, or a vault reference.
    pub key: String,
    /// The names it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub snis: Vec<Sni>,
}

/// A name of a certificate; `*` is every name that has no other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sni {
    /// The name.
    pub name: String,
}

/// A root that services trust.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaCertificate {
    /// UUID.
    pub id: String,
    /// One certificate in PEM.
    pub cert: String,
}
