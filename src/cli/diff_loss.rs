//! Changes x declared losses -> the loss that explains each, where one does.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Change;
use crate::ir::{Action, Gateway, Subject, facts};
use crate::report::{LossClass, LossKind};
use crate::spec::Targets;
use crate::targets::Target;

/// What a target declares, by what it is about.
#[derive(Debug, Default)]
pub struct Declared {
    by_feature: BTreeMap<(String, &'static str), BTreeSet<&'static str>>,
    closed: BTreeMap<String, &'static str>,
}

impl Declared {
    /// Asks the target about every fact of the spec.
    #[must_use]
    pub fn new(target: &Target, gateway: &Gateway, settings: &Targets) -> Self {
        let mut declared = Self::default();
        facts(gateway, |fact| {
            for shortfall in (target.support)(&fact, gateway, settings).shortfalls {
                let subject = title(fact.subject, gateway);
                if shortfall.class == LossClass::Security && shortfall.kind == LossKind::Unsupported
                {
                    declared.close(fact.subject, gateway, shortfall.id);
                }
                let ids = declared
                    .by_feature
                    .entry((subject, fact.feature.name()))
                    .or_default();
                ids.insert(shortfall.id);
            }
        });
        declared.services(gateway);
        declared
    }

    /// A service that only closed routes use is closed with them.
    fn services(&mut self, gateway: &Gateway) {
        for name in gateway.services.keys() {
            let users = gateway.routes.iter().filter(|route| {
                matches!(&route.action, Action::Forward(forward) if forward.service == *name)
            });
            let ids: Option<Vec<_>> = users
                .map(|route| self.closed.get(&format!("route {}", route.key)).copied())
                .collect();
            if let Some(id) = ids.and_then(|ids| ids.first().copied()) {
                self.closed.insert(format!("service {name}"), id);
            }
        }
    }

    /// The routes that answer 501 because of a loss.
    fn close(&mut self, subject: Subject<'_>, gateway: &Gateway, id: &'static str) {
        for (at, route) in gateway.routes.iter().enumerate() {
            let hit = match subject {
                Subject::Route(id) => id.0 == at,
                Subject::Scheme(name) => route.auth.schemes().iter().any(|scheme| scheme == name),
                Subject::Gateway
                | Subject::Plan(_)
                | Subject::Consumer(_)
                | Subject::Service(_) => true,
            };
            if hit {
                self.closed
                    .entry(format!("route {}", route.key))
                    .or_insert(id);
            }
        }
    }

    /// The loss that explains a change.
    #[must_use]
    pub fn explain(&self, change: &Change) -> Option<&'static str> {
        let subject = change.subject.title();
        if let Some(id) = self.closed.get(&subject) {
            return Some(id);
        }
        let first = change.field.split('.').next().unwrap_or_default();
        let field = match first {
            "gateway" => change.field.split('.').nth(1).unwrap_or_default(),
            other => other,
        };
        features(field).iter().find_map(|feature| {
            let ids = self.by_feature.get(&(subject.clone(), *feature));
            ids.and_then(|ids| ids.first().copied())
        })
    }
}

fn title(subject: Subject<'_>, gateway: &Gateway) -> String {
    match subject {
        Subject::Gateway => "gateway".to_owned(),
        Subject::Scheme(name) => format!("auth {name}"),
        Subject::Plan(name) => format!("plan {name}"),
        Subject::Consumer(name) => format!("consumer {name}"),
        Subject::Service(name) => format!("service {name}"),
        Subject::Route(id) => format!("route {}", gateway.routes[id.0].key),
    }
}

/// The features that a field of a change belongs to.
fn features(field: &str) -> &'static [&'static str] {
    match field {
        "limit" => &["limit", "gateway-limit", "plan-limit"],
        "quota" => &["quota"],
        "auth" | "jwt" | "api_key" | "basic" | "external" => &["auth", "scheme", "consumer"],
        "scopes" => &["scopes"],
        "groups" => &["groups", "consumer"],
        "consumers" | "plan" => &["consumer"],
        "cors" => &["cors"],
        "timeout" => &["timeout"],
        "retries" => &["retries"],
        "max_body" => &["max-body"],
        "ip" => &["ip"],
        "request_headers" => &["request-headers"],
        "response_headers" => &["response-headers"],
        "upgrade" => &["websocket"],
        "preserve_host" => &["preserve-host"],
        "rewrite" => &["rewrite"],
        "respond" => &["respond"],
        "gather" => &["gather"],
        "to" => &["forward", "gather", "respond"],
        "routes" | "methods" => &["match"],
        "raw" => &["raw"],
        "balance" => &["balance"],
        "health" => &["health", "gateway-health"],
        "breaker" => &["breaker"],
        "targets" => &["target"],
        "hosts" => &["hosts"],
        "listen" => &["listen"],
        "tls" => &["tls", "upstream-tls"],
        "request_id" => &["request-id"],
        "access_log" => &["access-log"],
        "metrics" => &["metrics"],
        "trusted_proxies" => &["trusted-proxies"],
        "encoded_slash" => &["normalisation"],
        "counters" => &["counters"],
        _ => &[],
    }
}
