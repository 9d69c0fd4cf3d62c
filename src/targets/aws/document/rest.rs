//! PATHS x METHODS -> REST API: methods, authorizers and the API's own answers, consistent with one another.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::integration::{Integration, Verb, invocation};
use super::mapping::{Fixed, HeaderName};
use super::path::{PathId, Paths};
use super::{LogicalId, Refused, Resource, Template, object};

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

    /// Adds the API to a template, a resource for each of its parts; a deployment needs all of those named.
    pub fn print(&self, template: &mut Template) -> (LogicalId, Vec<LogicalId>) {
        let api = template.add(
            LogicalId::new(["Api"]),
            Resource::new("AWS::ApiGateway::RestApi", self.properties(None)),
        );
        let mut paths = BTreeMap::from([(Paths::ROOT, api.attribute("RootResourceId"))]);
        for path in self.paths.all() {
            let parent = self.paths.parent(path).and_then(|id| paths.get(&id));
            let part = self.paths.part(path).map(|part| json!(part.to_string()));
            let properties = object([
                ("RestApiId", Some(api.reference())),
                ("ParentId", parent.cloned()),
                ("PathPart", part),
            ]);
            let id = LogicalId::new(["Path", &words(&self.paths.text(path))]);
            let resource = Resource::new("AWS::ApiGateway::Resource", properties);
            paths.insert(path, template.add(id, resource).reference());
        }
        let authorizers = self.print_authorizers(&api, template);
        let mut parts = Vec::new();
        for method in &self.methods {
            let mut properties = self.method_properties(method, &authorizers);
            if let Value::Object(members) = &mut properties {
                members.insert("RestApiId".into(), api.reference());
                let path = paths.get(&method.path).cloned().unwrap_or_default();
                members.insert("ResourceId".into(), path);
                members.extend(method.raw.clone());
            }
            let name = words(&self.paths.text(method.path));
            let id = LogicalId::new(["Method", &name, &capital(method.verb.name())]);
            let resource = Resource::new("AWS::ApiGateway::Method", properties);
            parts.push(template.add(id, resource));
        }
        parts.extend(self.print_responses(&api, template));
        (api, parts)
    }

    /// The API's own properties, with its `Body` where it is emitted as one.
    #[must_use]
    pub fn properties(&self, body: Option<Value>) -> Value {
        let source = match self.key_source {
            KeySource::Header => "HEADER",
            KeySource::Authorizer => "AUTHORIZER",
        };
        object([
            ("Name", Some(json!(self.name))),
            ("ApiKeySourceType", Some(json!(source))),
            ("BinaryMediaTypes", self.binary.then(|| json!(["*/*"]))),
            (
                "DisableExecuteApiEndpoint",
                self.only_domains.then_some(json!(true)),
            ),
            (
                "EndpointConfiguration",
                Some(json!({ "Types": ["REGIONAL"] })),
            ),
            ("Policy", self.policy.clone()),
            ("Body", body),
        ])
    }

    fn print_authorizers(&self, api: &LogicalId, template: &mut Template) -> Vec<LogicalId> {
        let mut ids = Vec::new();
        for authorizer in &self.authorizers {
            let (name, own) = match authorizer {
                Authorizer::Own { name, function } => {
                    let uri = invocation(&format!("${{{}.Arn}}", function.as_str()));
                    (name, request_authorizer(uri))
                }
                Authorizer::Function { name, arn } => {
                    let uri = invocation(&super::sub_escaped(arn));
                    (name, request_authorizer(uri))
                }
                Authorizer::Cognito { name, pool } => {
                    let own = json!({
                        "Type": "COGNITO_USER_POOLS",
                        "ProviderARNs": [pool],
                        "IdentitySource": "method.request.header.Authorization",
                    });
                    (name, own)
                }
            };
            let mut properties = json!({ "Name": name, "RestApiId": api.reference() });
            if let (Value::Object(all), Value::Object(own)) = (&mut properties, own) {
                all.extend(own);
            }
            let id = LogicalId::new(["Authorizer", name]);
            let resource = Resource::new("AWS::ApiGateway::Authorizer", properties);
            ids.push(template.add(id, resource));
        }
        ids
    }

    fn method_properties(&self, method: &Method, authorizers: &[LogicalId]) -> Value {
        let mut integration = method.integration.print();
        if let Value::Object(members) = &mut integration {
            members.extend(method.raw_integration.clone());
        }
        let mut variables = Map::new();
        if let Integration::Proxy(proxy) = &method.integration {
            for name in proxy.variables() {
                variables.insert(format!("method.request.path.{name}"), json!(true));
            }
        }
        let (kind, authorizer, scopes) = match &method.authorization {
            Authorization::None => ("NONE", None, None),
            Authorization::Lambda(id) => ("CUSTOM", Some(id), None),
            Authorization::Cognito(id, scopes) => ("COGNITO_USER_POOLS", Some(id), Some(scopes)),
        };
        object([
            ("HttpMethod", Some(json!(method.verb.name()))),
            ("AuthorizationType", Some(json!(kind))),
            (
                "AuthorizerId",
                authorizer.map(|id| authorizers[id.0].reference()),
            ),
            (
                "AuthorizationScopes",
                scopes.filter(|s| !s.is_empty()).map(|s| json!(s)),
            ),
            ("ApiKeyRequired", method.metered.then_some(json!(true))),
            (
                "RequestParameters",
                (!variables.is_empty()).then_some(Value::Object(variables)),
            ),
            ("Integration", Some(integration)),
            ("MethodResponses", method.integration.responses()),
        ])
    }

    fn print_responses(&self, api: &LogicalId, template: &mut Template) -> Vec<LogicalId> {
        let mut ids = Vec::new();
        for response in &self.responses {
            let name = response.kind.name();
            let properties = object([
                ("RestApiId", Some(api.reference())),
                ("ResponseType", Some(json!(name))),
                ("StatusCode", response.status.map(|s| json!(s.to_string()))),
                ("ResponseParameters", response.parameters()),
                (
                    "ResponseTemplates",
                    Some(json!({ "application/json": response.body })),
                ),
            ]);
            let parts: Vec<_> = name.split('_').map(capital).collect();
            let id = LogicalId::new(
                ["Answer"]
                    .into_iter()
                    .chain(parts.iter().map(String::as_str)),
            );
            let resource = Resource::new("AWS::ApiGateway::GatewayResponse", properties);
            ids.push(template.add(id, resource));
        }
        ids
    }
}

impl GatewayResponse {
    /// Its headers as mappings; none where there are none.
    #[must_use]
    pub fn parameters(&self) -> Option<Value> {
        let mut parameters = Map::new();
        for (name, value) in &self.headers {
            let key = format!("gatewayresponse.header.{}", name.as_str());
            parameters.insert(key, json!(value.print()));
        }
        if let Some(name) = &self.request_id {
            let key = format!("gatewayresponse.header.{}", name.as_str());
            parameters.insert(key, json!("context.requestId"));
        }
        (!parameters.is_empty()).then_some(Value::Object(parameters))
    }
}

/// Asked for every request: answers that were kept could admit another request than the one they were given for.
fn request_authorizer(uri: Value) -> Value {
    json!({ "Type": "REQUEST", "AuthorizerUri": uri, "AuthorizerResultTtlInSeconds": 0 })
}

/// A path as words: `/orders/{id}` is `orders by id`.
fn words(path: &str) -> String {
    if path == "/" {
        return "Root".into();
    }
    path.replace("{proxy+}", "Below").replace('{', "By ")
}

fn capital(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let mut letters = lower.chars();
    letters
        .next()
        .map(|c| c.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}
