//! AUTH -> AUTHORIZER FUNCTION: the rules of every route that API Gateway cannot check itself, as configuration of one source.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::super::design::{self, Check};
use super::super::document::Refused;
use super::super::document::function::Function;
use super::plans;
use crate::ir::{ApiKeyPlace, Auth, Gateway, Keys, Route, Scheme, SchemeKind, Scopes, Secret};
use crate::spec;

const SOURCE: &str = include_str!("../../../../templates/aws/authorizer.js");

/// The secret's name in AWS Secrets Manager: the gateway's name in front.
#[must_use]
pub fn secret_name(gateway: &Gateway, name: &str) -> String {
    format!("{}/{name}", gateway.name)
}

/// A secret as a property: resolved by CloudFormation when it deploys, or as it is where the build was told so.
#[must_use]
pub fn secret_value(gateway: &Gateway, secret: &Secret) -> Value {
    match secret {
        Secret::Known { text, .. } => json!(text),
        Secret::Reference(name) => json!(format!(
            "{{{{resolve:secretsmanager:{}}}}}",
            secret_name(gateway, name)
        )),
    }
}

/// Names of the function's environment, one for each secret.
#[derive(Debug, Default)]
struct Environment {
    values: IndexMap<String, Value>,
}

impl Environment {
    fn variable(&mut self, gateway: &Gateway, secret: &Secret) -> String {
        let value = secret_value(gateway, secret);
        let known = self.values.iter().find(|(_, other)| **other == value);
        if let Some((name, _)) = known {
            return name.clone();
        }
        let name = format!("SECRET_{}", self.values.len() + 1);
        self.values.insert(name.clone(), value);
        name
    }
}

/// The routes that a function decides about, by the name that API Gateway gives each in an event.
pub type Rules<'g> = Vec<(String, &'g Route)>;

/// The function; none where no route needs it.
///
/// # Errors
/// More source or secrets than a function holds.
pub fn function(
    gateway: &Gateway,
    settings: &spec::Targets,
    rules: &Rules<'_>,
) -> Result<Option<Function>, Refused> {
    if rules.is_empty() {
        return Ok(None);
    }
    let mut environment = Environment::default();
    let mut schemes = Map::new();
    for scheme in gateway.schemes.values() {
        let used = |(_, route): &(String, &Route)| route.auth.schemes().contains(&scheme.name);
        if rules.iter().any(used) {
            let printed = print_scheme(gateway, scheme, &mut environment);
            schemes.insert(scheme.name.clone(), printed);
        }
    }
    let metered = design::meter(gateway, settings) == design::Meter::Authorizer;
    let consumers: Vec<Value> = gateway
        .consumers
        .values()
        .map(|consumer| {
            let mut variable = |secret: &Secret| environment.variable(gateway, secret);
            let keys: Vec<String> = consumer.api_keys.iter().map(&mut variable).collect();
            let basic = consumer
                .basic
                .as_ref()
                .map(|(name, secret)| json!([name, variable(secret)]));
            json!({
                "name": consumer.name,
                "groups": consumer.groups,
                "keys": keys,
                "basic": basic,
                "jwt": consumer.jwt,
                "meter": metered.then(|| plans::meter_name(&consumer.name)),
            })
        })
        .collect();
    let mut different: Vec<Value> = Vec::new();
    let mut routes = Map::new();
    for (key, route) in rules {
        let rule = print_rule(gateway, settings, route);
        let at = different.iter().position(|other| *other == rule);
        let at = at.unwrap_or_else(|| {
            different.push(rule);
            different.len() - 1
        });
        routes.insert(key.clone(), json!(at));
    }
    let forwarded: Vec<String> = design::forwarded(gateway).into_values().collect();
    let claims: std::collections::BTreeSet<String> =
        gateway.routes.iter().flat_map(design::claims).collect();
    let config = json!({
        "schemes": schemes,
        "consumers": consumers,
        "rules": different,
        "routes": routes,
        "forwarded": forwarded,
        "claims": claims,
        "trusted": gateway.trusted_proxies.value,
        "anonymous": metered.then_some(plans::ANONYMOUS),
    });
    let mut variables: Map<String, Value> = environment.values.into_iter().collect();
    if metered {
        variables.insert("METER".into(), plans::meter_prefix());
    }
    Function::new("Authorizer", source(&config, SOURCE), variables).map(Some)
}

/// A template's source with its configuration in front.
#[must_use]
pub fn source(config: &Value, template: &str) -> String {
    // JSON is JavaScript but for two separators, which JavaScript took up in 2019.
    let body = template
        .strip_prefix("\"use strict\";\n")
        .unwrap_or(template);
    format!("\"use strict\";\nconst CONFIG = {config};\n{body}")
}

fn print_scheme(gateway: &Gateway, scheme: &Scheme, environment: &mut Environment) -> Value {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => {
            let keys = match &jwt.keys {
                Keys::JwksUrl(url) => json!({ "url": url.as_str() }),
                Keys::JwksFile(file) => {
                    // It was checked to be a key set when the spec was resolved.
                    let set: Value = serde_json::from_slice(&file.content).unwrap_or_default();
                    json!({ "set": set })
                }
                Keys::Pem(file) => json!({ "pem": String::from_utf8_lossy(&file.content) }),
                Keys::Secret(secret) => json!({ "secret": environment.variable(gateway, secret) }),
            };
            let algorithms: Vec<_> = jwt.algorithms.iter().map(|one| one.name()).collect();
            let forward: Vec<_> = jwt
                .forward
                .iter()
                .map(|(claim, header)| json!([claim, design::context_key(header)]))
                .collect();
            json!({
                "kind": "jwt",
                "issuer": jwt.issuer,
                "audience": jwt.audience,
                "cognito": jwt.cognito.is_some(),
                "keys": keys,
                "algorithms": algorithms,
                "forward": forward,
            })
        }
        SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => {
            json!({ "kind": "api_key", "header": name })
        }
        SchemeKind::ApiKey(ApiKeyPlace::Query(name)) => json!({ "kind": "api_key", "query": name }),
        SchemeKind::Basic(_) => json!({ "kind": "basic" }),
        SchemeKind::External(external) => {
            let forward: Vec<_> = external
                .forward
                .iter()
                .map(|header| json!([header, design::context_key(header)]))
                .collect();
            json!({ "kind": "external", "url": external.url.as_str(), "forward": forward })
        }
    }
}

fn print_rule(gateway: &Gateway, settings: &spec::Targets, route: &Route) -> Value {
    let (all, any) = match &route.scopes.value {
        Scopes::All(list) => (list.clone(), Vec::new()),
        Scopes::Any(list) => (Vec::new(), list.clone()),
    };
    let own_ip =
        design::api(settings) == spec::AwsApi::Http || design::common_ip(gateway).is_none();
    json!({
        "schemes": route.auth.schemes(),
        "all": matches!(route.auth.value, Auth::All(_)),
        "scopes": { "all": all, "any": any },
        "groups": route.groups.value,
        "ip": route.ip.as_ref().filter(|_| own_ip).map(|ip| json!({ "allow": ip.allow, "deny": ip.deny })),
    })
}

/// Whether the function decides about a route.
#[must_use]
pub fn is_own(gateway: &Gateway, settings: &spec::Targets, route: &Route) -> bool {
    design::check(gateway, settings, route) == Check::Own
}
