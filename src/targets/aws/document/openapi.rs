//! REST API -> OPENAPI BODY: the same methods in one resource, for APIs with more parts than a template may have resources.

use serde_json::{Map, Value, json};

use super::integration::{Integration, Verb, invocation};
use super::rest::{Authorization, Authorizer, Method, RestApi};
use super::{LogicalId, Resource, Template, object};

/// Adds the API as one resource with an OpenAPI document and integration extensions
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>).
pub fn print(api: &RestApi, template: &mut Template) -> (LogicalId, Vec<LogicalId>) {
    let mut paths: Map<String, Value> = Map::new();
    for method in api.methods() {
        let path = api.paths.text(method.path);
        let key = match method.verb {
            Verb::Any => "x-amazon-apigateway-any-method".to_owned(),
            verb => verb.name().to_ascii_lowercase(),
        };
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[key] = operation(api, method);
    }
    let responses: Map<_, _> = api
        .responses
        .iter()
        .map(|response| {
            let content = object([
                ("statusCode", response.status.map(|status| json!(status))),
                ("responseParameters", response.parameters()),
                (
                    "responseTemplates",
                    Some(json!({ "application/json": response.body })),
                ),
            ]);
            (response.kind.name().to_owned(), content)
        })
        .collect();
    let body = json!({
        "openapi": "3.0.1",
        "info": { "title": api.name, "version": "1" },
        "paths": paths,
        "components": { "securitySchemes": schemes(api) },
        "x-amazon-apigateway-gateway-responses": responses,
    });
    let resource = Resource::new("AWS::ApiGateway::RestApi", api.properties(Some(body)));
    (template.add(LogicalId::new(["Api"]), resource), Vec::new())
}

const KEY: &str = "key";

fn scheme_name(authorizer: &Authorizer) -> &str {
    match authorizer {
        Authorizer::Own { name, .. }
        | Authorizer::Function { name, .. }
        | Authorizer::Cognito { name, .. } => name,
    }
}

fn schemes(api: &RestApi) -> Value {
    let mut schemes = Map::new();
    if api.methods().iter().any(|method| method.metered) {
        let key = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
        schemes.insert(KEY.into(), key);
    }
    for authorizer in api.authorizers() {
        let (kind, definition) = match authorizer {
            Authorizer::Own { function, .. } => {
                let uri = invocation(&format!("${{{}.Arn}}", function.as_str()));
                ("custom", request(uri))
            }
            Authorizer::Function { arn, .. } => {
                ("custom", request(invocation(&super::sub_escaped(arn))))
            }
            Authorizer::Cognito { pool, .. } => (
                "cognito_user_pools",
                json!({ "type": "cognito_user_pools", "providerARNs": [pool] }),
            ),
        };
        let scheme = json!({
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": kind,
            "x-amazon-apigateway-authorizer": definition,
        });
        schemes.insert(scheme_name(authorizer).to_owned(), scheme);
    }
    Value::Object(schemes)
}

fn request(uri: Value) -> Value {
    json!({ "type": "request", "authorizerUri": uri, "authorizerResultTtlInSeconds": 0 })
}

fn operation(api: &RestApi, method: &Method) -> Value {
    let mut integration = extension(method.integration.print());
    if let Value::Object(members) = &mut integration {
        let raw = extension(Value::Object(method.raw_integration.clone()));
        members.extend(raw.as_object().cloned().unwrap_or_default());
    }
    let variables: Vec<_> = match &method.integration {
        Integration::Proxy(proxy) => proxy
            .variables()
            .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
            .collect(),
        Integration::Own(_) | Integration::Function { .. } | Integration::Mock(_) => Vec::new(),
    };
    let mut needs = Map::new();
    match &method.authorization {
        Authorization::None => {}
        Authorization::Lambda(id) => {
            needs.insert(scheme_name(api.authorizer_of(*id)).to_owned(), json!([]));
        }
        Authorization::Cognito(id, scopes) => {
            needs.insert(
                scheme_name(api.authorizer_of(*id)).to_owned(),
                json!(scopes),
            );
        }
    }
    if method.metered {
        needs.insert(KEY.into(), json!([]));
    }
    let name = method.raw.get("OperationName").cloned();
    object([
        ("operationId", name),
        (
            "parameters",
            (!variables.is_empty()).then(|| json!(variables)),
        ),
        ("security", (!needs.is_empty()).then(|| json!([needs]))),
        ("responses", Some(responses(method))),
        ("x-amazon-apigateway-integration", Some(integration)),
    ])
}

/// The answers that a mock declares; without any, one that says nothing.
fn responses(method: &Method) -> Value {
    let Integration::Mock(mock) = &method.integration else {
        return json!({ "default": { "description": "the service's answer" } });
    };
    let headers: Map<_, _> = mock
        .headers
        .keys()
        .map(|name| {
            (
                name.as_str().to_owned(),
                json!({ "schema": { "type": "string" } }),
            )
        })
        .collect();
    json!({ mock.status.to_string(): { "description": "the gateway's answer", "headers": headers } })
}

/// Properties of CloudFormation with the names of the extension.
fn extension(properties: Value) -> Value {
    let Value::Object(members) = properties else {
        return properties;
    };
    let mut renamed = Map::new();
    for (key, value) in members {
        match key.as_str() {
            "IntegrationHttpMethod" => renamed.insert("httpMethod".into(), value),
            "IntegrationResponses" => renamed.insert("responses".into(), answers(&value)),
            "Type" | "PassthroughBehavior" => {
                let lower = value.as_str().unwrap_or_default().to_ascii_lowercase();
                renamed.insert(camel(&key), json!(lower))
            }
            _ => renamed.insert(camel(&key), value),
        };
    }
    Value::Object(renamed)
}

fn answers(list: &Value) -> Value {
    let first = list.get(0).cloned().unwrap_or_default();
    json!({ "default": extension(first) })
}

fn camel(key: &str) -> String {
    let mut letters = key.chars();
    letters
        .next()
        .map(|c| c.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}
