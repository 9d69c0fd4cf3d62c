//! GATEWAY -> DOCUMENT: the order in which the parts are lowered, and what they share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::document::{Certificate, Document, Plugin, Sni};
use super::functions::Tables;
use super::paths::Priorities;
use super::policy::auth;
use super::policy::limit::{self, Identity, PlanCounter};
use super::policy::token::{self, TokenCheck};
use super::print::Comments;
use super::upstreams::{self, Variant};
use super::{functions, names, raw, routes, secrets};
use crate::ir::{self, Gateway, SchemeKind, slots};
use crate::targets::Context;

/// Headers by which Kong tells the service about a consumer; other engines send none, so clients may not either.
const KONG_HEADERS: [&str; 7] = [
    "X-Consumer-ID",
    "X-Consumer-Custom-ID",
    "X-Consumer-Username",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
    "X-Consumer-Groups",
    "X-Authenticated-Groups",
];

/// What the parts share.
#[derive(Debug)]
pub struct Lowering<'g> {
    pub(super) gateway: &'g Gateway,
    pub(super) context: &'g Context<'g>,
    pub(super) functions: bool,
    pub(super) checks: BTreeMap<String, TokenCheck>,
    pub(super) priorities: Priorities,
    pub(super) forged: Vec<String>,
    pub(super) variants: BTreeMap<(String, Variant), String>,
    pub(super) document: Document,
    pub(super) comments: Comments,
    pub(super) tables: Tables,
    pub(super) anonymous: bool,
    pub(super) bucket_header: bool,
}

/// What was made.
#[derive(Debug)]
pub struct Lowered {
    /// The file.
    pub document: Document,
    /// Its comments.
    pub comments: Comments,
    /// Variables whose values take the place of `${NAME}`, with the secrets they are.
    pub placeholders: BTreeMap<String, String>,
    /// Variables that Kong reads itself, with the secrets they are.
    pub references: BTreeMap<String, String>,
}

/// Lowers a gateway.
#[must_use]
pub fn lower<'g>(gateway: &'g Gateway, context: &'g Context<'g>) -> Lowered {
    let slots = slots(gateway);
    let mut lowering = Lowering {
        gateway,
        context,
        functions: functions_wanted(context.settings),
        checks: token::checks(gateway),
        priorities: Priorities::new(&gateway.routes),
        forged: forged(gateway),
        variants: upstreams::variants(gateway),
        document: Document::new(),
        comments: Comments::default(),
        tables: Tables::default(),
        anonymous: false,
        bucket_header: false,
    };
    lowering.gateway_tables();
    lowering.plan_tables();
    lowering.services();
    lowering.routes(&slots);
    lowering.consumers();
    lowering.certificates();
    lowering.global_plugins();
    lowering
        .document
        .services
        .retain(|service| !service.routes.is_empty());
    let (placeholders, references) = secrets::variables(gateway);
    Lowered {
        document: lowering.document,
        comments: lowering.comments,
        placeholders,
        references,
    }
}

/// Whether functions are generated: unless the spec says no.
#[must_use]
pub fn functions_wanted(settings: &crate::spec::Targets) -> bool {
    settings
        .kong
        .as_ref()
        .and_then(|kong| kong.functions)
        .unwrap_or(true)
}

/// Headers that only the gateway may set: forwarded claims and what an external service sends.
fn forged(gateway: &Gateway) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for scheme in gateway.schemes.values() {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => names.extend(jwt.forward.values().cloned()),
            SchemeKind::External(external) => names.extend(external.forward.iter().cloned()),
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    names.into_iter().collect()
}

impl<'g> Lowering<'g> {
    fn gateway_tables(&mut self) {
        if !self.functions {
            return;
        }
        let gateway = &mut self.tables.gateway;
        let strip = self
            .forged
            .iter()
            .map(String::as_str)
            .chain(KONG_HEADERS)
            .chain([functions::BUCKET_HEADER]);
        gateway.insert(
            "strip".into(),
            routes::header_table(strip.map(str::to_owned)),
        );
        gateway.insert(
            "keep_slash".into(),
            json!(self.gateway.encoded_slash.value == ir::EncodedSlash::Keep),
        );
        if let Some(id) = &self.gateway.request_id {
            let make = raw::is_global(self.context.settings, "correlation-id");
            gateway.insert(
                "request_id".into(),
                json!({ "header": id.header, "keep": id.keep, "make": make }),
            );
        }
        let limits: Vec<Value> = self
            .gateway
            .limits
            .iter()
            .enumerate()
            .map(|(index, limit)| limit::bucket(&format!("gateway#{index}"), limit))
            .collect();
        if !limits.is_empty() {
            gateway.insert("limits".into(), Value::Array(limits));
        }
        for (name, check) in &self.checks {
            if let Some(SchemeKind::Jwt(jwt)) =
                self.gateway.schemes.get(name).map(|scheme| &scheme.kind)
            {
                self.tables
                    .schemes
                    .insert(name.clone(), token::table(jwt, check));
            }
        }
    }

    fn plan_tables(&mut self) {
        if !self.functions {
            return;
        }
        for plan in self.gateway.plans.values() {
            if limit::plan_counter(self.gateway, plan, true) == PlanCounter::Plugin {
                continue;
            }
            let name = |index: usize| format!("plan {}#{index}", plan.name);
            let mut counted: Vec<Value> = plan
                .limits
                .iter()
                .enumerate()
                .map(|(index, limit)| limit::bucket(&name(index), limit))
                .collect();
            counted.extend(
                plan.quota
                    .iter()
                    .map(|quota| limit::quota(&name(plan.limits.len()), quota.value)),
            );
            self.tables
                .plans
                .insert(plan.name.clone(), Value::Array(counted));
        }
        for consumer in self.gateway.consumers.values() {
            let plan = consumer
                .plan
                .as_ref()
                .filter(|plan| self.tables.plans.contains_key(*plan));
            let entry = json!({ "name": consumer.name, "groups": consumer.groups, "plan": plan });
            if let Some((claim, value)) = &consumer.jwt {
                let mut named = entry.clone();
                named["claim"] = json!(claim);
                named["value"] = json!(value);
                self.tables.consumers.push(named);
            }
            self.tables.members.insert(consumer.name.clone(), entry);
        }
    }

    fn services(&mut self) {
        for ((name, variant), kong_name) in self.variants.clone() {
            let Some(service) = self.gateway.services.get(&name) else {
                continue;
            };
            let mut made = upstreams::service(service, &kong_name, variant, &mut self.document);
            made.plugins = raw::plugins(service.raw.as_ref().and_then(|raw| raw.kong.as_ref()));
            if upstreams::needs_upstream(service) {
                let upstream =
                    upstreams::upstream(service, upstreams::retried(self.gateway, service));
                if self
                    .document
                    .upstreams
                    .iter()
                    .all(|other| other.name != upstream.name)
                {
                    self.comments.say(
                        "upstreams",
                        &upstream.name,
                        format!("the targets of `{name}`"),
                    );
                    self.document.upstreams.push(upstream);
                }
            }
            self.document.services.push(made);
        }
    }

    fn consumers(&mut self) {
        let mut consumers = auth::consumers(self.gateway, &self.checks, self.anonymous);
        for consumer in &mut consumers {
            let plan = self
                .gateway
                .consumers
                .get(&consumer.username)
                .and_then(|one| one.plan.as_ref());
            let Some(plan) = plan.and_then(|name| self.gateway.plans.get(name)) else {
                continue;
            };
            if limit::plan_counter(self.gateway, plan, self.functions) == PlanCounter::Function {
                continue;
            }
            let (counts, _) = limit::plan_counts(plan);
            if !counts.windows().is_empty() {
                consumer.plugins.push(limit::plugin(
                    &Identity::Word("consumer"),
                    &counts,
                    &self.gateway.counters,
                ));
            }
        }
        if self.anonymous && !self.functions {
            // The acl plugin, which stops anonymous callers, does not say what it asks for.
            if let Some(anonymous) = consumers
                .iter_mut()
                .find(|one| one.username == auth::ANONYMOUS)
            {
                anonymous.plugins.push(Plugin::new(
                    "response-transformer",
                    json!({ "add": { "headers": ["WWW-Authenticate:Bearer"] } }),
                ));
            }
        }
        for consumer in &consumers {
            if consumer.username == auth::ANONYMOUS {
                self.comments.say(
                    "consumers",
                    auth::ANONYMOUS,
                    "callers without a credential where one of several is enough; acl refuses them",
                );
            } else if let Some(scheme) = consumer.username.strip_prefix("token:") {
                let line = format!("holds the keys of the tokens of `{scheme}`");
                self.comments.say("consumers", &consumer.username, line);
            }
        }
        self.document.consumers = consumers;
    }

    fn certificates(&mut self) {
        let Some(tls) = &self.gateway.tls else { return };
        let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else {
            return;
        };
        let mut names: Vec<String> = self.gateway.hosts.iter().map(ToString::to_string).collect();
        if names.is_empty() {
            names.push("*".to_owned());
        }
        let cert = String::from_utf8_lossy(&certificate.content).into_owned();
        let id = names::uuid(&format!("certificate {cert}"));
        self.comments
            .say("certificates", &id, format!("`{}`", certificate.name));
        self.document.certificates.push(Certificate {
            id,
            cert,
            key: upstreams::key_text(key),
            snis: names.into_iter().map(|name| Sni { name }).collect(),
        });
    }

    fn global_plugins(&mut self) {
        let mut plugins = Vec::new();
        if self.functions {
            if self.bucket_header {
                self.tables
                    .gateway
                    .insert("bucket_header".into(), json!(functions::BUCKET_HEADER));
            }
            plugins.extend(self.tables.plugins());
            self.comments.say(
                "plugins",
                "pre-function",
                "path, request ID and token claims; tables first, then the code that reads them",
            );
            self.comments.say(
                "plugins",
                "post-function",
                "scopes, further limits, headers for services, the gateway's own answers",
            );
        }
        let raw = raw::plugins(
            self.context
                .settings
                .kong
                .as_ref()
                .and_then(|kong| kong.raw.as_ref()),
        );
        if let Some(id) = self
            .gateway
            .request_id
            .as_ref()
            .filter(|_| raw.iter().all(|plugin| plugin.name != "correlation-id"))
        {
            let config =
                json!({ "header_name": id.header, "generator": "uuid", "echo_downstream": true });
            plugins.push(Plugin::new("correlation-id", config));
        }
        if self.gateway.metrics.value && raw.iter().all(|plugin| plugin.name != "prometheus") {
            let config = json!({
                "status_code_metrics": true,
                "latency_metrics": true,
                "bandwidth_metrics": true,
                "upstream_health_metrics": true,
            });
            plugins.push(Plugin::new("prometheus", config));
        }
        plugins.extend(raw);
        self.document.plugins = plugins;
    }
}
