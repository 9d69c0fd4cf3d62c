//! PATHS x METHODS -> REST API: methods, authorizers and the API's own answers, consistent with one another.

mod print;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::integration::{Integration, Verb};
use super::mapping::{Fixed, HeaderName};
use super::path::{PathId, Paths};
use super::{LogicalId, Refused};

/// Who may call a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// Everybody.
    None,
    /// Whom the Lambda authorizer admits.
    Lambda(AuthorizerId),
    /// Holders of a token of a Cognito pool, with one of these scopes where there are any.
    Cognito(AuthorizerId, Vec<String>),
}

/// An authorizer's number in its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AuthorizerId(usize);

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorizer {
    /// A function of this template, asked for every request.
    Own {
        /// Its name in the API.
        name: String,
        /// The function.
        function: LogicalId,
    },
    /// Another function, asked for every request.
    Function {
        /// Its name in the API.
        name: String,
        /// Its ARN.
        arn: String,
    },
    /// A Cognito pool.
    Cognito {
        /// Its name in the API.
        name: String,
        /// The pool's ARN; there is always one.
        pool: String,
    },
}

/// A method on a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// On this path.
    pub path: PathId,
    /// For this verb.
    pub verb: Verb,
    /// Who may call.
    pub authorization: Authorization,
    /// A usage plan's key is needed.
    pub metered: bool,
    /// What it does.
    pub integration: Integration,
    /// Properties of the spec, merged over the method's.
    pub raw: Map<String, Value>,
    /// Properties of the spec, merged over the integration's.
    pub raw_integration: Map<String, Value>,
}

/// Where a request's key is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeySource {
    /// `X-API-Key`.
    #[default]
    Header,
    /// The authorizer names it.
    Authorizer,
}

/// A kind of answer that API Gateway gives itself
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponseType {
    AccessDenied,
    AuthorizerFailure,
    BadRequestBody,
    BadRequestParameters,
    Default4xx,
    Default5xx,
    IntegrationFailure,
    IntegrationTimeout,
    InvalidApiKey,
    MissingAuthenticationToken,
    QuotaExceeded,
    RequestTooLarge,
    ResourceNotFound,
    Throttled,
    Unauthorized,
    WafFiltered,
}

impl ResponseType {
    /// AWS's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "ACCESS_DENIED",
            Self::AuthorizerFailure => "AUTHORIZER_FAILURE",
            Self::BadRequestBody => "BAD_REQUEST_BODY",
            Self::BadRequestParameters => "BAD_REQUEST_PARAMETERS",
            Self::Default4xx => "DEFAULT_4XX",
            Self::Default5xx => "DEFAULT_5XX",
            Self::IntegrationFailure => "INTEGRATION_FAILURE",
            Self::IntegrationTimeout => "INTEGRATION_TIMEOUT",
            Self::InvalidApiKey => "INVALID_API_KEY",
            Self::MissingAuthenticationToken => "MISSING_AUTHENTICATION_TOKEN",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::ResourceNotFound => "RESOURCE_NOT_FOUND",
            Self::Throttled => "THROTTLED",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::WafFiltered => "WAF_FILTERED",
        }
    }
}

/// An answer that API Gateway gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayResponse {
    /// When.
    pub kind: ResponseType,
    /// Its status; none: whatever it would be.
    pub status: Option<u16>,
    /// Its body, JSON.
    pub body: String,
    /// Fixed headers.
    pub headers: BTreeMap<HeaderName, Fixed>,
    /// A header that holds the request's ID.
    pub request_id: Option<HeaderName>,
}

/// A REST API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestApi {
    /// Its name.
    pub name: String,
    /// The paths.
    pub paths: Paths,
    /// Where keys are read.
    pub key_source: KeySource,
    /// All media types are passed as bytes.
    pub binary: bool,
    /// Only custom domains reach it.
    pub only_domains: bool,
    /// Who may call at all, as a resource policy.
    pub policy: Option<Value>,
    /// Its own answers.
    pub responses: Vec<GatewayResponse>,
    authorizers: Vec<Authorizer>,
    methods: Vec<Method>,
}

impl RestApi {
    /// Authorizers that an API may have; AWS raises it on request.
    pub const AUTHORIZERS: usize = 10;

    /// Without methods.
    #[must_use]
    pub fn new(name: String, paths: Paths) -> Self {
        Self {
            name,
            paths,
            ..Self::default()
        }
    }

    /// Adds an authorizer, or finds it.
    pub fn authorizer(&mut self, authorizer: Authorizer) -> AuthorizerId {
        let at = self.authorizers.iter().position(|a| *a == authorizer);
        AuthorizerId(at.unwrap_or_else(|| {
            self.authorizers.push(authorizer);
            self.authorizers.len() - 1
        }))
    }

    /// Adds a method.
    ///
    /// # Errors
    /// The path has the verb already, or the integration reads a variable that the path does not have.
    pub fn method(&mut self, method: Method) -> Result<(), Refused> {
        let text = self.paths.text(method.path);
        let taken = |other: &Method| other.path == method.path && other.verb == method.verb;
        if self.methods.iter().any(taken) {
            return Err(Refused(format!(
                "`{} {text}` stands twice",
                method.verb.name()
            )));
        }
        if let Integration::Proxy(proxy) = &method.integration {
            let known = self.paths.variables(method.path);
            if let Some(name) = proxy.variables().find(|name| !known.contains(name)) {
                return Err(Refused(format!("`{text}` has no parameter `{name}`")));
            }
        }
        self.methods.push(method);
        Ok(())
    }

    /// Its methods.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// Its authorizers.
    #[must_use]
    pub fn authorizers(&self) -> &[Authorizer] {
        &self.authorizers
    }

    /// The authorizer of that number.
    #[must_use]
    pub fn authorizer_of(&self, id: AuthorizerId) -> &Authorizer {
        &self.authorizers[id.0]
    }
}
