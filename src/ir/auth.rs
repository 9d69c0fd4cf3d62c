//! Who may call: schemes, credentials, consumers and plans.

use std::fmt;

use indexmap::IndexMap;

use super::units::Quota;
use super::{File, Limit, Sourced};
use crate::source::Pointer;

/// A secret: named and left to each target, or known because the build was asked to inline it. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// `secret://name`, not resolved.
    Reference(String),
    /// Known text, with the name where it came from `secret://name`.
    Known {
        /// The name, where it was a reference.
        name: Option<String>,
        /// The secret itself.
        text: String,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference(name)
            | Self::Known {
                name: Some(name), ..
            } => write!(f, "Secret({name})"),
            Self::Known { name: None, .. } => f.write_str("Secret(***)"),
        }
    }
}

impl Secret {
    /// The environment variable that `serve` and engines read it from: `acme-key` is `ACME_KEY`.
    #[must_use]
    pub fn variable(name: &str) -> String {
        name.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect()
    }
}

/// A scheme by its name's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub pointer: Pointer,
    /// How it is checked.
    pub kind: SchemeKind,
}

/// How credentials are checked.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemeKind {
    /// A signed token. A Cognito pool is one too, with `cognito` telling which.
    Jwt(Jwt),
    /// A key in a header or a query parameter; never forwarded.
    ApiKey(ApiKeyPlace),
    /// RFC 7617.
    Basic(Basic),
    /// Another service decides.
    External(External),
}

/// A signature algorithm of RFC 7518 or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    /// Every one, in the order above.
    pub const ALL: [Self; 12] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// Its name in RFC 7518.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Keyed with a shared secret.
    #[must_use]
    pub fn is_hmac(self) -> bool {
        matches!(self, Self::HS256 | Self::HS384 | Self::HS512)
    }
}

/// A signed token: signature, `exp` (required), `nbf`, `iss`, `aud`, with 60 s of leeway.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// What `iss` must equal.
    pub issuer: Option<String>,
    /// Of which `aud` must contain one; empty: not checked.
    pub audience: Vec<String>,
    /// What verifies the signature.
    pub keys: Keys,
    /// The algorithms accepted, at least one.
    pub algorithms: Vec<Algorithm>,
    /// Claim to request header.
    pub forward: IndexMap<String, String>,
    /// The pool's ARN where the scheme is a Cognito pool; `audience` then holds its client ids, checked against `aud` or `client_id`.
    pub cognito: Option<String>,
}

/// What verifies a token's signature.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// A key set fetched at run time.
    JwksUrl(url::Url),
    /// A key set from a file, checked to be one.
    JwksFile(File),
    /// One public key in PEM.
    Pem(File),
    /// A shared secret, as bytes of its text.
    Secret(Secret),
}

/// Where an API key is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiKeyPlace {
    /// This header.
    Header(String),
    /// This query parameter.
    Query(String),
}

/// RFC 7617.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// The realm.
    pub realm: String,
}

/// Another service decides.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// What is asked, with the request's method, path and headers.
    pub url: url::Url,
    /// Headers of its answer that go upstream.
    pub forward: Vec<String>,
    /// The Lambda function that does the same on AWS.
    pub lambda_arn: Option<String>,
}

/// Who may call a route; the names are keys of [`super::Gateway::schemes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody. `explicit` when written as `none`.
    None {
        /// Written in so many words, on the route or in defaults.
        explicit: bool,
    },
    /// One of these (one alone when the list has one).
    Any(Vec<String>),
    /// All of these, at least two.
    All(Vec<String>),
}

impl Auth {
    /// The schemes named, in order.
    #[must_use]
    pub fn schemes(&self) -> &[String] {
        match self {
            Self::None { .. } => &[],
            Self::Any(names) | Self::All(names) => names,
        }
    }
}

/// Scopes a token must carry, read from `scope` (space separated) or `scp` (list).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Every one; empty: none needed.
    All(Vec<String>),
    /// One of them.
    Any(Vec<String>),
}

/// A consumer's number: its place in [`super::Gateway::consumers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerId(pub usize);

/// Somebody known by a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub pointer: Pointer,
    /// Its plan: a key of [`super::Gateway::plans`].
    pub plan: Option<String>,
    /// Groups it is in.
    pub groups: Vec<String>,
    /// Its keys: none, one, or two for rotation.
    pub api_keys: Vec<Secret>,
    /// User name and password.
    pub basic: Option<(String, Secret)>,
    /// Claim and value by which a token names it.
    pub jwt: Option<(String, String)>,
}

/// Limits and a quota per consumer, over all routes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Where it is defined.
    pub pointer: Pointer,
    /// Limits; their key is always the consumer.
    pub limits: Vec<Sourced<Limit>>,
    /// Admitted requests per calendar window.
    pub quota: Option<Sourced<Quota>>,
}
