//! Routes that answer for the gateway itself: 405 of a pattern, health, 404.

use serde_json::json;

use super::document::{Plugin, Route};
use super::lower::Lowering;
use super::names;
use super::paths::{Captures, HIGHEST_PRIORITY, regex};
use super::routes::Group;
use crate::ir::{HostPattern, Pattern};

impl<'g> Lowering<'g> {
    pub(super) fn not_allowed(
        &mut self,
        group: &Group<'g>,
        pattern: &Pattern,
        others: Vec<String>,
    ) {
        let first = &self.gateway.routes[group.slot.routes[0].0];
        let name = names::of_pattern(first, "not-allowed");
        let named = !others.is_empty();
        let path = regex(pattern, Captures::None);
        let mut variants = Vec::new();
        if named {
            variants.push((name.clone(), others));
        }
        if group.slot.any.is_none() {
            variants.push((format!("{name}.other"), Vec::new()));
        }
        let own = group.shared_cors.unwrap_or_else(|| {
            // Without the function, the first rules of the path answer for all of its routes.
            let mut all = group
                .slot
                .routes
                .iter()
                .filter_map(|id| self.gateway.routes[id.0].cors.as_ref());
            all.next()
                .filter(|_| !self.functions)
                .map(|cors| &cors.value)
        });
        for (name, methods) in variants {
            let mut made = self.base(group, &name, methods, path.clone());
            made.plugins = self.cors(group, &name, own);
            made.plugins.push(answer(405, "method not allowed"));
            made.plugins.push(Plugin::new(
                "response-transformer",
                json!({ "add": { "headers": [format!("Allow:{}", group.slot.allow.join(", "))] } }),
            ));
            if name.ends_with(".other") {
                self.comments.say(
                    "routes",
                    &name,
                    format!("{pattern}: 405 for methods that no route names"),
                );
            } else {
                self.comments.say(
                    "routes",
                    &name,
                    format!("{pattern}: 405 for the methods it has no route for"),
                );
            }
            self.document.routes.push(made);
        }
    }

    /// The gateway's own health endpoint, on any host. Hosts outrank paths in Kong's order, so each kind of host has its own.
    pub(super) fn health(&mut self) {
        let Some(path) = &self.gateway.health else {
            return;
        };
        let mut kinds: Vec<(&str, Vec<String>)> = vec![("gateway-health", Vec::new())];
        let mut all: Vec<HostPattern> = self.gateway.hosts.value.clone();
        all.extend(
            self.gateway
                .routes
                .iter()
                .filter_map(|route| route.host.clone()),
        );
        let mut hosts: Vec<String> = all.iter().map(ToString::to_string).collect();
        hosts.sort();
        hosts.dedup();
        let (wild, exact): (Vec<String>, Vec<String>) =
            hosts.into_iter().partition(|host| host.contains('*'));
        kinds.extend(
            [
                ("gateway-health.host", exact),
                ("gateway-health.wildcard", wild),
            ]
            .into_iter()
            .filter(|(_, hosts)| !hosts.is_empty()),
        );
        let pattern = Pattern {
            segments: path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .map(|segment| crate::ir::Segment::Literal(segment.to_owned()))
                .collect(),
            rest: false,
        };
        for (name, hosts) in kinds {
            self.comments
                .say("routes", name, "the gateway's own health endpoint");
            self.document.routes.push(Route {
                name: name.to_owned(),
                methods: vec!["GET".into(), "HEAD".into()],
                hosts,
                paths: vec![regex(&pattern, Captures::None)],
                regex_priority: HIGHEST_PRIORITY,
                protocols: vec!["http".into(), "https".into()],
                plugins: vec![Plugin::new(
                    "request-termination",
                    json!({ "status_code": 200, "content_type": "application/json", "body": "{\"status\":\"ok\"}" }),
                )],
                ..Route::default()
            });
            if self.functions {
                self.tables.route(name).insert("fixed".into(), json!(true));
            }
        }
    }

    pub(super) fn not_found(&mut self) {
        let mut made = Route {
            name: "not-found".into(),
            paths: vec!["~/".into()],
            ..self.plain_route()
        };
        made.plugins.push(answer(404, "no route"));
        self.comments
            .say("routes", "not-found", "everything that no pattern matches");
        self.document.routes.push(made);
    }
}

/// A JSON answer of the gateway's own.
pub(super) fn answer(status: u16, message: &str) -> Plugin {
    let body = json!({ "message": message }).to_string();
    Plugin::new(
        "request-termination",
        json!({ "status_code": status, "content_type": "application/json", "body": body }),
    )
}
