//! HTTP API -> RESOURCES.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::integration::{Connection, invocation};
use super::super::{LogicalId, Resource, Template, object};
use super::{
    Change, HttpApi, HttpAuthorization, HttpAuthorizer, HttpCors, HttpIntegration, HttpRoute,
    HttpTimeout, SentPiece,
};
use crate::targets::aws::document::plan::Throttle;

impl HttpApi {
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
                Some(super::super::sub(&format!(
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
            let group = super::super::stage::log_group(template);
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
                function(invocation(&super::super::sub_escaped(arn)), Some(*timeout))
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
