//! ROUTE -> ROUTE: what one route of the file does, and the policies that its plugins and functions add.

use serde_json::{Map, Value};

use super::auth::Placed;
use super::{Reader, UNBOUNDED, plugins, respond, text};
use crate::ir::units::{Bytes, Millis};
use crate::ir::{
    Action, Forward, Gather, HeaderRules, Methods, Pattern, Raw, Respond, Retries, Rewrite, Route,
    Sourced, Timeout,
};
use crate::source::Pointer;

impl Reader {
    /// A route of which only the matching is known.
    pub(super) fn blank(&self, name: &str, pattern: Pattern, methods: Methods) -> Route {
        let at = Pointer::root();
        Route {
            key: name.to_owned(),
            pointer: at.clone(),
            methods,
            host: None,
            pattern,
            action: Action::Gather(Gather { parts: Vec::new() }),
            auth: Sourced::new(crate::ir::Auth::None { explicit: true }, at.clone()),
            scopes: Sourced::new(crate::ir::Scopes::All(Vec::new()), at.clone()),
            groups: Sourced::new(Vec::new(), at.clone()),
            limits: Vec::new(),
            unlimited: false,
            cors: None,
            timeout: Sourced::new(
                Timeout {
                    connect: Millis(0),
                    response: Millis(0),
                    explicit: true,
                },
                at.clone(),
            ),
            retries: Sourced::new(Retries::default(), at.clone()),
            max_body: Sourced::new(UNBOUNDED, at.clone()),
            ip: None,
            request_headers: Sourced::new(HeaderRules::default(), at.clone()),
            response_headers: Sourced::new(HeaderRules::default(), at),
            websocket: false,
            raw: None,
        }
    }

    /// What it does with a request.
    pub(super) fn action(
        &mut self,
        route: &mut Route,
        value: &Value,
        service: Option<&Value>,
        placed: &[Placed<'_>],
        entry: &Map<String, Value>,
    ) {
        let find = |name: &str| {
            placed
                .iter()
                .find(|(plugin, _)| text(plugin, "name") == Some(name))
        };
        if let Some(table) = entry.get("respond") {
            route.action = Action::Respond(respond::of_table(table, &route.pattern));
            return;
        }
        if let Some((plugin, _)) = find("request-termination") {
            route.action = Action::Respond(respond::of_plugin(&plugin["config"]));
            return;
        }
        let Some(service) = service else {
            route.action = Action::Respond(Respond {
                status: 503,
                location: None,
                body: None,
                headers: indexmap::IndexMap::new(),
            });
            return;
        };
        let number =
            |key: &str, default| service.get(key).and_then(Value::as_u64).unwrap_or(default);
        route.timeout.value.connect = Millis(number("connect_timeout", 60_000));
        route.timeout.value.response = Millis(number("read_timeout", 60_000));
        let attempts = u32::try_from(number("retries", 5)).unwrap_or(u32::MAX);
        // Kong tries again after failed connections and timeouts, and has no other causes.
        route.retries.value = Retries {
            attempts,
            connect: attempts > 0,
            timeout: attempts > 0,
            statuses: Vec::new(),
        };
        let name = text(service, "name").unwrap_or_default();
        if name == "gateway.bff" {
            return;
        }
        let template = find("request-transformer")
            .and_then(|(plugin, _)| plugin["config"]["replace"]["uri"].as_str());
        let strip = value.get("strip_path") != Some(&Value::Bool(false));
        let rewrite = match template {
            Some(template) => respond::rewrite(
                template,
                text(service, "path").unwrap_or_default(),
                &route.pattern,
            ),
            None => strip.then(|| Rewrite {
                segments: Vec::new(),
                rest: route.pattern.rest,
            }),
        };
        route.action = Action::Forward(Forward {
            service: super::services::plain(name).to_owned(),
            rewrite: rewrite.map(|rewrite| Sourced::new(rewrite, Pointer::root())),
            preserve_host: value.get("preserve_host") == Some(&Value::Bool(true)),
        });
    }

    /// What its plugins ask for.
    pub(super) fn policies(
        &mut self,
        route: &mut Route,
        placed: &[Placed<'_>],
        entry: &Map<String, Value>,
        at: &Pointer,
    ) {
        let mut raw = Vec::new();
        for (plugin, place) in placed {
            let config = &plugin["config"];
            self.sheet
                .unknown(place, plugin, &["name", "config", "enabled"]);
            match text(plugin, "name").unwrap_or_default() {
                "jwt" | "key-auth" | "basic-auth" | "acl" | "request-termination" => {}
                "cors" => route.cors = Some(Sourced::new(plugins::cors(config), place.clone())),
                "rate-limiting" => match plugins::windows(config, entry.get("bucket")) {
                    Some(limits) => {
                        route.limits.extend(
                            limits
                                .into_iter()
                                .map(|limit| Sourced::new(limit, place.clone())),
                        );
                        if let Some(counters) = plugins::counters(config) {
                            self.count(counters, place);
                        }
                    }
                    None => self
                        .sheet
                        .leftover(place, "a limit whose windows are no bucket"),
                },
                "ip-restriction" => match plugins::addresses(config) {
                    Some(rules) => route.ip = Some(Sourced::new(rules, place.clone())),
                    None => self.sheet.leftover(place, "addresses that are no networks"),
                },
                "request-size-limiting" => route.max_body.value = Bytes(plugins::size(config)),
                "response-transformer" => match plugins::response(config) {
                    Some(rules) => route.response_headers.value = rules,
                    None => self
                        .sheet
                        .leftover(place, "changes to the answer that no header rule says"),
                },
                "request-transformer" => {
                    if let Some(rules) = respond::request(config) {
                        route.request_headers.value = rules;
                    }
                }
                _ => raw.push((*plugin).clone()),
            }
        }
        route.limits.extend(plugins::buckets(
            entry.get("limits").unwrap_or(&Value::Null),
            at,
        ));
        if !raw.is_empty() {
            let raw = Raw {
                kong: Some(serde_json::json!({ "plugins": raw })),
                ..Raw::default()
            };
            route.raw = Some(Sourced::new(raw, at.clone()));
        }
    }
}

/// What functions add to a route.
pub(super) fn functions(route: &mut Route, entry: &Map<String, Value>, key_headers: &[String]) {
    route.websocket = entry.get("websocket") == Some(&Value::Bool(true));
    let rules = &mut route.request_headers.value;
    for (name, value) in entry
        .get("set")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        rules
            .set
            .insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    let strip = entry
        .get("strip")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, _) in strip {
        let set = rules
            .set
            .keys()
            .any(|set| set.to_ascii_lowercase().replace('_', "-") == *name);
        if !set && !key_headers.contains(name) {
            rules.remove.push(name.clone());
        }
    }
}

/// Points everything of a route at the route; what a plugin says stands below it.
pub(super) fn point(route: &mut Route, own: &Pointer) {
    route.pointer = own.clone();
    for pointer in [
        &mut route.auth.pointer,
        &mut route.scopes.pointer,
        &mut route.groups.pointer,
        &mut route.timeout.pointer,
        &mut route.retries.pointer,
        &mut route.max_body.pointer,
        &mut route.request_headers.pointer,
        &mut route.response_headers.pointer,
    ] {
        *pointer = own.clone();
    }
    for limit in &mut route.limits {
        limit.pointer = own.clone();
    }
    if let Some(cors) = &mut route.cors {
        cors.pointer = own.clone();
    }
    if let Some(ip) = &mut route.ip {
        ip.pointer = own.clone();
    }
    if let Some(raw) = &mut route.raw {
        raw.pointer = own.clone();
    }
}
