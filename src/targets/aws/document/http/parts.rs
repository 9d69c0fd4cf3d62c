//! VALUES -> PARTS of an HTTP API: timeouts, mappings, authorizers and cross-origin rules that AWS takes.

use serde_json::{Map, Value, json};

use super::super::integration::{Connection, Verb};
use super::super::mapping::HeaderName;
use super::super::path::PathId;
use super::super::plan::Throttle;
use super::super::{LogicalId, Refused, object};

/// How long an HTTP API's integration may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpTimeout(pub(super) u32);

impl HttpTimeout {
    /// The longest; AWS does not raise it
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
    pub const LONGEST: u64 = 30_000;

    /// Checks a number of milliseconds.
    ///
    /// # Errors
    /// Under 50 ms or over 30 s.
    pub fn new(millis: u64) -> Result<Self, Refused> {
        match u32::try_from(millis) {
            Ok(value) if (50..=Self::LONGEST).contains(&millis) => Ok(Self(value)),
            _ => Err(Refused(format!(
                "an HTTP API's integration takes 50 to {} ms, not {millis}",
                Self::LONGEST
            ))),
        }
    }
}

/// A header that an HTTP API lets mappings change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MappedHeader(pub(super) HeaderName);

impl MappedHeader {
    /// Headers that are AWS's own
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>).
    const RESERVED: [&str; 19] = [
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-location",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
    ];

    /// Checks a name.
    ///
    /// # Errors
    /// A name that mappings cannot hold or that AWS reserves.
    pub fn new(name: &str) -> Result<Self, Refused> {
        let lower = name.to_ascii_lowercase();
        let prefixes = ["access-control-", "apigw-", "x-amz-", "x-amzn-"];
        if Self::RESERVED.contains(&lower.as_str())
            || prefixes.iter().any(|prefix| lower.starts_with(prefix))
        {
            return Err(Refused(format!(
                "an HTTP API does not let mappings change the header `{name}`"
            )));
        }
        HeaderName::new(name).map(Self)
    }
}

/// A change of the request that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A header gets a value.
    Set(MappedHeader, HeaderValue),
    /// A header is taken out.
    Remove(MappedHeader),
    /// A query parameter is taken out.
    RemoveQuery(String),
}

/// What a header gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// A fixed text without `$`.
    Fixed(String),
    /// The request's ID.
    RequestId,
    /// What the Lambda authorizer said.
    Authorizer(String),
}

impl HeaderValue {
    /// A fixed text.
    ///
    /// # Errors
    /// A `$`, which would start a variable, or anything but visible ASCII and blanks.
    pub fn fixed(text: &str) -> Result<Self, Refused> {
        if text
            .bytes()
            .all(|b| (b' '..=b'~').contains(&b) && b != b'$')
            && !text.is_empty()
        {
            return Ok(Self::Fixed(text.to_owned()));
        }
        Err(Refused(format!(
            "the value `{}` cannot stand in an HTTP API's mapping: it is empty, or holds a `$` or a character outside visible ASCII",
            text.escape_debug()
        )))
    }

    pub(super) fn print(&self) -> String {
        match self {
            Self::Fixed(text) => text.clone(),
            Self::RequestId => "$context.requestId".into(),
            Self::Authorizer(name) => format!("$context.authorizer.{name}"),
        }
    }
}

/// A piece of the path that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentPiece {
    /// With its slashes; holds no `$`.
    Text(String),
    /// `/` and a variable of the route's path.
    Variable(String),
}

/// What a route does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpIntegration {
    /// Forwards.
    Proxy {
        /// Scheme and authority.
        base: String,
        /// The path sent.
        path: Vec<SentPiece>,
        /// How it is reached.
        connection: Connection,
        /// Longest time.
        timeout: HttpTimeout,
        /// What is changed.
        changes: Vec<Change>,
    },
    /// Calls a function of this template.
    Own(LogicalId),
    /// Calls another function.
    Function {
        /// Its ARN.
        arn: String,
        /// Longest time.
        timeout: HttpTimeout,
    },
}

/// An `https` issuer, whose discovery document API Gateway reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtIssuer {
    pub(super) issuer: String,
    pub(super) audience: Vec<String>,
}

impl JwtIssuer {
    /// Audiences that an authorizer may have.
    pub const AUDIENCES: usize = 50;

    /// Checks issuer and audience.
    ///
    /// # Errors
    /// An issuer that is not `https`, no audience, or more than 50.
    pub fn new(issuer: &str, audience: &[String]) -> Result<Self, Refused> {
        if !issuer.starts_with("https://") {
            return Err(Refused(format!(
                "an HTTP API verifies tokens of `https` issuers alone, not of `{issuer}`"
            )));
        }
        if !(1..=Self::AUDIENCES).contains(&audience.len()) {
            return Err(Refused(format!(
                "an HTTP API's authorizer takes 1 to {} audiences, not {}",
                Self::AUDIENCES,
                audience.len()
            )));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            audience: audience.to_vec(),
        })
    }
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpAuthorizer {
    /// API Gateway verifies tokens itself.
    Jwt {
        /// Its name in the API.
        name: String,
        /// Of whom.
        issuer: JwtIssuer,
    },
    /// A function of this template.
    Own {
        /// Its name in the API.
        name: String,
        /// The function.
        function: LogicalId,
    },
}

/// An authorizer's number in its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HttpAuthorizerId(pub(super) usize);

/// Who may call a route; a JWT can only be asked for with the authorizer that verifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpAuthorization {
    /// Everybody.
    None,
    /// Holders of a token with one of these scopes, where there are any.
    Jwt(HttpAuthorizerId, Vec<String>),
    /// Whom the function admits.
    Lambda(HttpAuthorizerId),
}

/// Cross-origin rules, the same for the whole API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCors {
    origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    expose: Vec<String>,
    credentials: bool,
    max_age: Option<u32>,
}

impl HttpCors {
    /// Longest time that a preflight's answer may be kept, in seconds.
    pub const LONGEST_AGE: u64 = 86_400;

    /// Checks the rules.
    ///
    /// # Errors
    /// `*` with credentials, or more than 86 400 s.
    pub fn new(cors: &crate::ir::Cors) -> Result<Self, Refused> {
        let origins = match &cors.origins {
            crate::ir::Origins::All => vec!["*".to_owned()],
            crate::ir::Origins::List(list) => list.clone(),
        };
        if cors.credentials && origins.iter().any(|origin| origin == "*") {
            return Err(Refused("`*` cannot stand with credentials".into()));
        }
        let max_age = match cors.max_age.map(|age| age.0 / 1000) {
            Some(seconds) if seconds > Self::LONGEST_AGE => {
                return Err(Refused(format!(
                    "an HTTP API lets a preflight's answer be kept for {} s at most, not {seconds}",
                    Self::LONGEST_AGE
                )));
            }
            seconds => seconds.and_then(|seconds| u32::try_from(seconds).ok()),
        };
        Ok(Self {
            origins,
            methods: cors.methods.clone(),
            headers: cors.headers.clone(),
            expose: cors.expose.clone(),
            credentials: cors.credentials,
            max_age,
        })
    }

    pub(super) fn print(&self) -> Value {
        let list = |list: &[String]| (!list.is_empty()).then(|| json!(list));
        object([
            ("AllowOrigins", list(&self.origins)),
            ("AllowMethods", list(&self.methods)),
            ("AllowHeaders", list(&self.headers)),
            ("ExposeHeaders", list(&self.expose)),
            ("AllowCredentials", self.credentials.then_some(json!(true))),
            ("MaxAge", self.max_age.map(|age| json!(age))),
        ])
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRoute {
    /// On this path.
    pub path: PathId,
    /// For this verb.
    pub verb: Verb,
    /// Who may call.
    pub authorization: HttpAuthorization,
    /// What it does.
    pub integration: HttpIntegration,
    /// Its own throttle.
    pub throttle: Option<Throttle>,
    /// Properties of the spec, merged over the route's.
    pub raw: Map<String, Value>,
    /// Properties of the spec, merged over the integration's.
    pub raw_integration: Map<String, Value>,
}
