//! PATHS x METHODS -> HTTP API: routes, integrations, authorizers and its cross-origin rules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::integration::{Connection, Verb, invocation};
use super::mapping::HeaderName;
use super::path::{PathId, Paths};
use super::plan::Throttle;
use super::stage::StageName;
use super::{LogicalId, Refused, Resource, Template, object};

/// How long an HTTP API's integration may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpTimeout(u32);

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
pub struct MappedHeader(HeaderName);

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

    fn print(&self) -> String {
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
    issuer: String,
    audience: Vec<String>,
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
pub struct HttpAuthorizerId(usize);

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

    fn print(&self) -> Value {
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

/// An HTTP API with its stage.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpApi {
    /// Its name.
    pub name: String,
    /// The paths.
    pub paths: Paths,
    /// Cross-origin rules.
    pub cors: Option<HttpCors>,
    /// Only custom domains reach it.
    pub only_domains: bool,
    /// The stage's name.
    pub stage: StageName,
    /// For every route that has none of its own.
    pub throttle: Option<Throttle>,
    /// Detailed metrics.
    pub metrics: bool,
    /// The access log's format; none: no log.
    pub log: Option<String>,
    authorizers: Vec<HttpAuthorizer>,
    routes: Vec<HttpRoute>,
}

impl HttpApi {
    /// Without routes.
    #[must_use]
    pub fn new(name: String, paths: Paths, stage: StageName) -> Self {
        Self {
            name,
            paths,
            cors: None,
            only_domains: false,
            stage,
            throttle: None,
            metrics: false,
            log: None,
            authorizers: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// Adds an authorizer, or finds it.
    pub fn authorizer(&mut self, authorizer: HttpAuthorizer) -> HttpAuthorizerId {
        let at = self.authorizers.iter().position(|a| *a == authorizer);
        HttpAuthorizerId(at.unwrap_or_else(|| {
            self.authorizers.push(authorizer);
            self.authorizers.len() - 1
        }))
    }

    /// Adds a route.
    ///
    /// # Errors
    /// The route key is taken, a variable is read that the path does not have, or authorization and authorizer differ.
    pub fn route(&mut self, route: HttpRoute) -> Result<(), Refused> {
        let text = self.paths.text(route.path);
        let taken = |other: &HttpRoute| other.path == route.path && other.verb == route.verb;
        if self.routes.iter().any(taken) {
            return Err(Refused(format!(
                "`{} {text}` stands twice",
                route.verb.name()
            )));
        }
        if let HttpIntegration::Proxy { path, .. } = &route.integration {
            let known: BTreeSet<&str> = self.paths.variables(route.path).into_iter().collect();
            for piece in path {
                if let SentPiece::Variable(name) = piece
                    && !known.contains(name.as_str())
                {
                    return Err(Refused(format!("`{text}` has no parameter `{name}`")));
                }
            }
        }
        let fits = match &route.authorization {
            HttpAuthorization::None => true,
            HttpAuthorization::Jwt(id, _) => {
                matches!(self.authorizers.get(id.0), Some(HttpAuthorizer::Jwt { .. }))
            }
            HttpAuthorization::Lambda(id) => {
                matches!(self.authorizers.get(id.0), Some(HttpAuthorizer::Own { .. }))
            }
        };
        if !fits {
            return Err(Refused("the authorizer is of another kind".into()));
        }
        self.routes.push(route);
        Ok(())
    }

    /// Its routes.
    #[must_use]
    pub fn routes(&self) -> &[HttpRoute] {
        &self.routes
    }

    /// Its authorizers.
    #[must_use]
    pub fn authorizers(&self) -> &[HttpAuthorizer] {
        &self.authorizers
    }

    /// Adds the API and its stage to a template.
    pub fn print(&self, template: &mut Template) -> (LogicalId, LogicalId) {
        let api = template.add(
            LogicalId::new(["Api"]),
            Resource::new(
                "AWS::ApiGatewayV2::Api",
                object([
                    ("Name", Some(json!(self.name))),
                    ("ProtocolType", Some(json!("HTTP"))),
                    ("CorsConfiguration", self.cors.as_ref().map(HttpCors::print)),
                    (
                        "DisableExecuteApiEndpoint",
                        self.only_domains.then_some(json!(true)),
                    ),
                ]),
            ),
        );
        let authorizers: Vec<_> = self
            .authorizers
            .iter()
            .map(|authorizer| print_authorizer(authorizer, &api, template))
            .collect();
        let mut integrations: Vec<(Value, LogicalId)> = Vec::new();
        let mut routes = Vec::new();
        for route in &self.routes {
            let mut properties = route.integration.print(&api);
            if let Value::Object(members) = &mut properties {
                members.extend(route.raw_integration.clone());
            }
            let known = integrations.iter().find(|(other, _)| *other == properties);
            let integration = match known {
                Some((_, id)) => id.clone(),
                None => {
                    let number = (integrations.len() + 1).to_string();
                    let resource =
                        Resource::new("AWS::ApiGatewayV2::Integration", properties.clone());
                    let id = template.add(LogicalId::new(["Integration", &number]), resource);
                    integrations.push((properties, id.clone()));
                    id
                }
            };
            routes.push(self.print_route(route, &api, &integration, &authorizers, template));
        }
        let stage = self.print_stage(&api, routes, template);
        (api, stage)
    }

    fn key(&self, route: &HttpRoute) -> String {
        format!("{} {}", route.verb.name(), self.paths.text(route.path))
    }

    fn print_route(
        &self,
        route: &HttpRoute,
        api: &LogicalId,
        integration: &LogicalId,
        authorizers: &[LogicalId],
        template: &mut Template,
    ) -> LogicalId {
        let key = self.key(route);
        let (kind, authorizer, scopes) = match &route.authorization {
            HttpAuthorization::None => ("NONE", None, None),
            HttpAuthorization::Jwt(id, scopes) => ("JWT", Some(id), Some(scopes)),
            HttpAuthorization::Lambda(id) => ("CUSTOM", Some(id), None),
        };
        let mut properties = object([
            ("ApiId", Some(api.reference())),
            ("RouteKey", Some(json!(key))),
            (
                "Target",
                Some(super::sub(&format!(
                    "integrations/${{{}}}",
                    integration.as_str()
                ))),
            ),
            ("AuthorizationType", Some(json!(kind))),
            (
                "AuthorizerId",
                authorizer.map(|id| authorizers[id.0].reference()),
            ),
            (
                "AuthorizationScopes",
                scopes.filter(|s| !s.is_empty()).map(|s| json!(s)),
            ),
        ]);
        if let Value::Object(members) = &mut properties {
            members.extend(route.raw.clone());
        }
        let word = key.replace("{proxy+}", "Below").replace('{', "By ");
        template.add(
            LogicalId::new(["Route", &word]),
            Resource::new("AWS::ApiGatewayV2::Route", properties),
        )
    }

    fn print_stage(
        &self,
        api: &LogicalId,
        routes: Vec<LogicalId>,
        template: &mut Template,
    ) -> LogicalId {
        let settings = |throttle: Option<Throttle>, metrics: bool| {
            let throttle = throttle.map(Throttle::stage);
            object([
                ("DetailedMetricsEnabled", metrics.then_some(json!(true))),
                (
                    "ThrottlingRateLimit",
                    throttle.as_ref().map(|t| t.0.clone()),
                ),
                ("ThrottlingBurstLimit", throttle.map(|t| t.1)),
            ])
        };
        let own: BTreeMap<String, Value> = self
            .routes
            .iter()
            .filter_map(|route| {
                let throttle = route.throttle?;
                Some((self.key(route), settings(Some(throttle), self.metrics)))
            })
            .collect();
        let log = self.log.as_ref().map(|format| {
            let group = super::stage::log_group(template);
            json!({ "DestinationArn": group.attribute("Arn"), "Format": format })
        });
        let default = self.throttle.is_some() || self.metrics;
        let mut stage = Resource::new(
            "AWS::ApiGatewayV2::Stage",
            object([
                ("ApiId", Some(api.reference())),
                ("StageName", Some(json!(self.stage.as_str()))),
                ("AutoDeploy", Some(json!(true))),
                (
                    "DefaultRouteSettings",
                    default.then(|| settings(self.throttle, self.metrics)),
                ),
                ("RouteSettings", (!own.is_empty()).then(|| json!(own))),
                ("AccessLogSettings", log),
            ]),
        );
        // Settings of a route are refused while the route is not there.
        stage.after = routes;
        template.add(LogicalId::new(["Stage"]), stage)
    }
}

fn print_authorizer(
    authorizer: &HttpAuthorizer,
    api: &LogicalId,
    template: &mut Template,
) -> LogicalId {
    let (name, properties) = match authorizer {
        HttpAuthorizer::Jwt { name, issuer } => {
            let own = json!({
                "ApiId": api.reference(),
                "Name": name,
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": { "Issuer": issuer.issuer, "Audience": issuer.audience },
            });
            (name, own)
        }
        HttpAuthorizer::Own { name, function } => {
            let own = json!({
                "ApiId": api.reference(),
                "Name": name,
                "AuthorizerType": "REQUEST",
                "AuthorizerPayloadFormatVersion": "2.0",
                "EnableSimpleResponses": true,
                "AuthorizerResultTtlInSeconds": 0,
                "AuthorizerUri": invocation(&format!("${{{}.Arn}}", function.as_str())),
            });
            (name, own)
        }
    };
    let id = LogicalId::new(["Authorizer", name]);
    template.add(
        id,
        Resource::new("AWS::ApiGatewayV2::Authorizer", properties),
    )
}

impl HttpIntegration {
    fn print(&self, api: &LogicalId) -> Value {
        let function = |uri: Value, timeout: Option<HttpTimeout>| {
            object([
                ("ApiId", Some(api.reference())),
                ("IntegrationType", Some(json!("AWS_PROXY"))),
                ("IntegrationUri", Some(uri)),
                ("IntegrationMethod", Some(json!("POST"))),
                ("PayloadFormatVersion", Some(json!("2.0"))),
                ("TimeoutInMillis", timeout.map(|t| json!(t.0))),
            ])
        };
        match self {
            Self::Own(id) => function(invocation(&format!("${{{}.Arn}}", id.as_str())), None),
            Self::Function { arn, timeout } => {
                function(invocation(&super::sub_escaped(arn)), Some(*timeout))
            }
            Self::Proxy {
                base,
                path,
                connection,
                timeout,
                changes,
            } => {
                let (kind, id, uri) = match connection {
                    Connection::Internet => ("INTERNET", None, base),
                    Connection::Link { id, listener } => ("VPC_LINK", Some(id), listener),
                };
                object([
                    ("ApiId", Some(api.reference())),
                    ("IntegrationType", Some(json!("HTTP_PROXY"))),
                    ("IntegrationMethod", Some(json!("ANY"))),
                    ("IntegrationUri", Some(json!(uri))),
                    ("ConnectionType", Some(json!(kind))),
                    ("ConnectionId", id.map(|id| json!(id))),
                    ("PayloadFormatVersion", Some(json!("1.0"))),
                    ("TimeoutInMillis", Some(json!(timeout.0))),
                    ("RequestParameters", Some(print_changes(path, changes))),
                ])
            }
        }
    }
}

fn print_changes(path: &[SentPiece], changes: &[Change]) -> Value {
    let mut sent = String::new();
    for piece in path {
        match piece {
            SentPiece::Text(text) => sent.push_str(text),
            // Next to other text a variable needs its braces.
            SentPiece::Variable(name) => sent.push_str(&format!("/${{request.path.{name}}}")),
        }
    }
    if sent.is_empty() {
        sent.push('/');
    }
    let mut parameters = Map::new();
    parameters.insert("overwrite:path".into(), json!(sent));
    for change in changes {
        let (key, value) = match change {
            Change::Set(name, value) => (
                format!("overwrite:header.{}", name.0.as_str()),
                value.print(),
            ),
            Change::Remove(name) => (format!("remove:header.{}", name.0.as_str()), "''".into()),
            Change::RemoveQuery(name) => (format!("remove:querystring.{name}"), "''".into()),
        };
        parameters.insert(key, json!(value));
    }
    Value::Object(parameters)
}
