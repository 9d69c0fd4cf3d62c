//! REST API -> RESOURCES: one for each path, method, authorizer and answer.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::integration::{Integration, invocation};
use super::super::path::Paths;
use super::super::{LogicalId, Resource, Template, object};
use super::{Authorization, Authorizer, GatewayResponse, KeySource, Method, RestApi};

impl RestApi {
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
                    let uri = invocation(&super::super::sub_escaped(arn));
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
