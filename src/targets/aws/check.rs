//! GATEWAY -> DIAGNOSTICS: what AWS refuses whatever is allowed, found by building it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Refused;
use super::document::http::HttpTimeout;
use super::document::plan::KeyValue;
use super::policy::{ip, limit, plans};
use super::{assembly, build, codes, design, print};
use crate::ir::units::Bytes;
use crate::ir::{Gateway, Secret};
use crate::report::Place;
use crate::report::{Code, Diagnostic};
use crate::source::Pointer;
use crate::spec::{self, AwsApi};

/// Largest body of either API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub const LARGEST_BODY: Bytes = Bytes(10 << 20);

fn error(code: Code, pointer: &Pointer, message: String) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, Place::value(pointer.clone()), message);
    diagnostic.target = Some("aws");
    diagnostic
}

/// Everything that AWS refuses.
pub fn check(gateway: &Gateway, settings: &spec::Targets) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    raw(gateway, settings, &mut found);
    numbers(gateway, settings, &mut found);
    keys(gateway, settings, &mut found);
    reserved(gateway, &mut found);
    if found.is_empty() {
        built(gateway, settings, &mut found);
    }
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(format!("{:?}{}", one.place, one.message)));
    found
}

/// Building says what no rule above did. Which routes are closed does not matter: a closed one holds less.
fn built(gateway: &Gateway, settings: &spec::Targets, found: &mut Vec<Diagnostic>) {
    match build(gateway, settings, &BTreeSet::new()) {
        Err(failure) => {
            let route = failure.route.and_then(|id| gateway.routes.get(id.0));
            let pointer = route.map_or_else(
                || Pointer::root().key("gateway"),
                |route| route.pointer.clone(),
            );
            found.push(error(codes::FORM, &pointer, failure.why.0));
        }
        Ok(built) => {
            let bytes = print(&built.template).len();
            if bytes > assembly::LARGEST_BYTES {
                let message = format!(
                    "the template has {bytes} bytes, and CloudFormation takes {}",
                    assembly::LARGEST_BYTES
                );
                let pointer = Pointer::root().key("routes");
                found.push(error(codes::LIMIT, &pointer, message).help("split the gateway"));
            }
            let count = built.template.resources.len() + built.template.raw.len();
            if count > super::rest::MOST_RESOURCES {
                let message = format!(
                    "the template has {count} resources, and CloudFormation takes {}",
                    super::rest::MOST_RESOURCES
                );
                let pointer = Pointer::root().key("routes");
                found.push(error(codes::LIMIT, &pointer, message).help("split the gateway"));
            }
        }
    }
}

fn numbers(gateway: &Gateway, settings: &spec::Targets, found: &mut Vec<Diagnostic>) {
    let mut refuse = |pointer: &Pointer, why: Refused| {
        found.push(error(codes::LIMIT, pointer, why.0));
    };
    for plan in gateway.plans.values() {
        for asked in &plan.limits {
            if let Err(why) = limit::throttle(asked) {
                refuse(&asked.pointer, why);
            }
        }
        if let Some(asked) = &plan.quota
            && let Err(why) = plans::quota(asked.value)
        {
            refuse(&asked.pointer, why);
        }
    }
    for route in &gateway.routes {
        for asked in &route.limits {
            if let Err(why) = limit::throttle(asked) {
                refuse(&asked.pointer, why);
            }
        }
        if route.max_body.value > LARGEST_BODY {
            let why = format!(
                "API Gateway takes bodies of {LARGEST_BODY} at most, and {} is asked for",
                route.max_body.value
            );
            refuse(&route.max_body.pointer, Refused(why));
        }
        let forwards = matches!(route.action, crate::ir::Action::Forward(_));
        let response = route.timeout.response.0;
        if forwards && route.timeout.explicit {
            // A REST API's is raised on request, and then a loss that can be allowed.
            let hard = match design::api(settings) {
                AwsApi::Http => HttpTimeout::LONGEST,
                AwsApi::Rest => i32::MAX.unsigned_abs().into(),
            };
            if !(50..=hard).contains(&response) {
                let why = format!("an integration takes 50 to {hard} ms on AWS, not {response}");
                refuse(&route.timeout.pointer, Refused(why));
            }
        }
        if let Some(rules) = &route.ip {
            let bytes = ip::policy(rules, None).to_string().len();
            if design::common_ip(gateway).is_some() && bytes > ip::LONGEST_POLICY {
                let why = format!(
                    "a resource policy takes {} bytes, and these addresses need {bytes}",
                    ip::LONGEST_POLICY
                );
                refuse(&rules.pointer, Refused(why));
            }
        }
    }
}

fn keys(gateway: &Gateway, settings: &spec::Targets, found: &mut Vec<Diagnostic>) {
    if design::meter(gateway, settings) != design::Meter::Header {
        return;
    }
    for consumer in gateway.consumers.values() {
        for secret in &consumer.api_keys {
            if let Secret::Known { text, .. } = secret
                && let Err(why) = KeyValue::known(text)
            {
                let pointer = consumer.pointer.key("api_key");
                found.push(error(codes::LIMIT, &pointer, why.0));
            }
        }
    }
}

/// Custom domains keep two paths for themselves
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>).
fn reserved(gateway: &Gateway, found: &mut Vec<Diagnostic>) {
    if design::domains(gateway).is_empty() {
        return;
    }
    for route in &gateway.routes {
        let text = route.pattern.to_string();
        if text == "/ping" || text == "/sping" {
            let message = format!("API Gateway answers `{text}` itself on a custom domain");
            found.push(error(codes::FORM, &route.pointer, message));
        }
    }
}

const METHOD_KEYS: [&str; 4] = [
    "OperationName",
    "MethodResponses",
    "RequestModels",
    "RequestValidatorId",
];
const INTEGRATION_KEYS: [&str; 7] = [
    "PassthroughBehavior",
    "CacheKeyParameters",
    "CacheNamespace",
    "ContentHandling",
    "Description",
    "ResponseParameters",
    "TlsConfig",
];

fn raw(gateway: &Gateway, settings: &spec::Targets, found: &mut Vec<Diagnostic>) {
    if let Some(raw) = settings.aws.as_ref().and_then(|aws| aws.raw.as_ref()) {
        let at = Pointer::root().key("targets").key("aws").key("raw");
        template_raw(raw, &at, found);
    }
    let mut part = |raw: Option<&Value>, at: &Pointer, methods: bool| {
        let Some(raw) = raw else { return };
        let at = at.key("aws");
        let Some(members) = raw.as_object() else {
            found.push(error(codes::RAW, &at, "not an object".into()));
            return;
        };
        for (name, value) in members {
            let allowed: &[&str] = match name.as_str() {
                "method" if methods => &METHOD_KEYS,
                "integration" => &INTEGRATION_KEYS,
                _ => {
                    let message = format!("`{name}` is not a part of a method that can be given");
                    found.push(error(codes::RAW, &at.key(name), message));
                    continue;
                }
            };
            let keys = value.as_object().into_iter().flatten().map(|(key, _)| key);
            for key in keys.filter(|key| !allowed.contains(&key.as_str())) {
                let message =
                    format!("`{key}` cannot be given: it would change what the spec decides");
                let help = format!("these can: {}", allowed.join(", "));
                found.push(error(codes::RAW, &at.key(name).key(key), message).help(help));
            }
        }
    };
    for service in gateway.services.values() {
        if let Some(raw) = &service.raw {
            part(raw.aws.as_ref(), &raw.pointer, false);
        }
    }
    for route in &gateway.routes {
        if let Some(raw) = &route.raw {
            part(raw.aws.as_ref(), &raw.pointer, true);
        }
    }
}

fn template_raw(raw: &Value, at: &Pointer, found: &mut Vec<Diagnostic>) {
    let resources = raw
        .as_object()
        .filter(|members| members.len() == 1)
        .and_then(|m| m.get("Resources"));
    let Some(resources) = resources.and_then(Value::as_object) else {
        let message = "not an object with `Resources` alone".into();
        found.push(error(codes::RAW, at, message));
        return;
    };
    let at = at.key("Resources");
    for (name, resource) in resources {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain || name.len() > 255 {
            let message = format!("`{name}` is not a logical id: letters and digits are");
            found.push(error(codes::RAW, &at.key(name), message));
        }
        if !resource.get("Type").is_some_and(Value::is_string) {
            let message = format!("`{name}` has no `Type`");
            found.push(error(codes::RAW, &at.key(name), message));
        }
    }
}
