//! GATEWAY -> CLOUDFORMATION: Amazon API Gateway as a REST or an HTTP API, with a CDK cloud assembly.

mod around;
mod assembly;
mod capabilities;
mod check;
pub mod codes;
mod design;
mod document;
mod gather;
mod http;
mod layout;
mod losses;
mod observe;
mod policy;
mod rest;
mod tree;
mod upstreams;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Artefact, Context, Emitted, Target};
use crate::ir::{Action, Gateway, Route, RouteId, Secret};
use crate::spec::{self, AwsApi};
use document::Template;

/// Amazon API Gateway.
pub const TARGET: Target = Target {
    id: "aws",
    title: "Amazon API Gateway",
    support: capabilities::support,
    check: check::check,
    losses: losses::ALL,
    emit,
    read: None,
};

fn build(
    gateway: &Gateway,
    settings: &spec::Targets,
    closed: &BTreeSet<RouteId>,
) -> Result<rest::Built, rest::Failure> {
    match design::api(settings) {
        AwsApi::Rest => rest::build(gateway, settings, closed),
        AwsApi::Http => http::build(gateway, settings, closed),
    }
}

fn empty_template(gateway: &Gateway, settings: &spec::Targets) -> Template {
    let raw = settings.aws.as_ref().and_then(|aws| aws.raw.as_ref());
    let resources = raw
        .and_then(|raw| raw.get("Resources"))
        .and_then(Value::as_object);
    Template {
        description: format!("{}, an API gateway", gateway.name),
        raw: resources.cloned().unwrap_or_default(),
        ..Template::default()
    }
}

/// What a route and its service say about one part of a method, as it is.
fn raw_part(gateway: &Gateway, route: &Route, part: &str) -> Map<String, Value> {
    let service = match &route.action {
        Action::Forward(forward) => gateway.services[&forward.service].raw.as_ref(),
        Action::Respond(_) | Action::Gather(_) => None,
    };
    let mut merged = Map::new();
    for raw in [service, route.raw.as_ref()].into_iter().flatten() {
        let said = raw.aws.as_ref().and_then(|aws| aws.get(part));
        merged.extend(said.and_then(Value::as_object).cloned().unwrap_or_default());
    }
    merged
}

fn emit(gateway: &Gateway, context: &Context<'_>) -> Emitted {
    // `check` has built the same without a mistake.
    let Ok(built) = build(gateway, context.settings, context.closed) else {
        return Emitted::default();
    };
    let template = print(&built.template);
    let mut artefacts = vec![Artefact {
        path: "aws/template.json".into(),
        content: template.clone(),
    }];
    // What a tool reads has no blanks: more gateways stay small enough to be deployed without a bucket.
    artefacts.extend(assembly::files(&gateway.name, &compact(&template)));
    Emitted {
        artefacts,
        notes: notes(gateway, &built.template),
    }
}

/// Indented where that fits, without blanks where the template would be too large.
fn print(template: &Template) -> Vec<u8> {
    let pretty = template.print();
    if pretty.len() <= assembly::LARGEST_BYTES {
        return pretty;
    }
    compact(&pretty)
}

fn compact(template: &[u8]) -> Vec<u8> {
    let value = serde_json::from_slice::<Value>(template);
    value.map_or_else(
        |_| template.to_vec(),
        |value| value.to_string().into_bytes(),
    )
}

fn notes(gateway: &Gateway, template: &Template) -> Vec<String> {
    let mut notes = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for consumer in gateway.consumers.values() {
        let basic = consumer.basic.iter().map(|(_, secret)| secret);
        for secret in consumer.api_keys.iter().chain(basic) {
            if let Secret::Reference(name) = secret {
                names.insert(policy::auth::secret_name(gateway, name));
            }
        }
    }
    let text: String = template
        .resources
        .values()
        .map(|resource| resource.properties.to_string())
        .collect();
    names.retain(|name| text.contains(&format!("secretsmanager:{name}}}}}")));
    for name in names {
        notes.push(format!(
            "put the secret `{name}` into AWS Secrets Manager as plain text before deploying; CloudFormation reads it when it deploys"
        ));
    }
    if text.contains("sts:AssumeRole") {
        notes.push("deploy with `--capabilities CAPABILITY_IAM`: the template makes roles for its functions and its log".into());
    }
    if text.contains("AmazonAPIGatewayPushToCloudWatchLogs") {
        notes.push("the account's role for API Gateway's logs is set by this stack and kept when it is deleted; another stack that sets it would overwrite it".into());
    }
    notes
}
