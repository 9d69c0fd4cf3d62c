//! ROUTES -> routes: one for each key, and for each pattern the 405 of its other methods; then 404 and health.

use serde_json::{Map, Value, json};

use super::answers::answer;
use super::document::{Plugin, Route};
use super::lower::Lowering;
use super::paths::{Captures, regex};
use super::policy::headers::{RequestChanges, is_template, path_template, strips_prefix};
use super::policy::{auth, cors, headers, limit};
use super::{functions, names, respond, upstreams};
use crate::ir::{Action, HostPattern, RouteId, Slot};

/// Every registered method a client may well send (RFC 9110, RFC 5789); others are matched without naming them.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// What the routes of one pattern have in common.
pub(super) struct Group<'g> {
    pub(super) slot: &'g Slot,
    pub(super) hosts: Vec<String>,
    pub(super) priority: u32,
    pub(super) shared_cors: Option<Option<&'g crate::ir::Cors>>,
}

impl<'g> Lowering<'g> {
    /// Every route of the gateway.
    pub fn routes(&mut self, slots: &'g [Slot]) {
        let mut universe: Vec<String> = METHODS.iter().map(ToString::to_string).collect();
        for (method, _) in slots.iter().flat_map(|slot| &slot.methods) {
            if !universe.contains(method) {
                universe.push(method.clone());
            }
        }
        for slot in slots {
            let first = &self.gateway.routes[slot.routes[0].0];
            let Some(hosts) = self.hosts_of(first.host.as_ref()) else {
                continue;
            };
            let group = Group {
                slot,
                hosts,
                priority: self.priorities.of(first),
                shared_cors: cors::shared(self.gateway, slot),
            };
            for id in &slot.routes {
                let methods: Vec<String> = universe
                    .iter()
                    .filter(|method| slot.route(method) == Some(*id))
                    .cloned()
                    .collect();
                let name = names::of_route(&self.gateway.routes[id.0]);
                if !methods.is_empty() {
                    self.route(&group, *id, &name, methods);
                }
                if slot.any == Some(*id) {
                    self.route(&group, *id, &format!("{name}.other"), Vec::new());
                }
            }
            let others: Vec<String> = universe
                .iter()
                .filter(|method| slot.route(method).is_none())
                .cloned()
                .collect();
            self.not_allowed(&group, &first.pattern, others);
        }
        self.health();
        self.not_found();
    }

    /// The hosts of a route: its own as far as the gateway answers to them, else the gateway's. `None` where there are none of
    /// those. Narrowed so, a route for a wildcard has plain hosts where the gateway does, which Kong would put before it otherwise.
    fn hosts_of(&self, host: Option<&HostPattern>) -> Option<Vec<String>> {
        let all = &self.gateway.hosts.value;
        let Some(own) = host else {
            return Some(all.iter().map(ToString::to_string).collect());
        };
        if all.is_empty() {
            return Some(vec![own.to_string()]);
        }
        let both = |one: &HostPattern| match (own, one) {
            (_, HostPattern::Exact(name)) => own.matches(name).then(|| name.clone()),
            (HostPattern::Exact(name), HostPattern::Below(_)) => {
                one.matches(name).then(|| name.clone())
            }
            (HostPattern::Below(mine), HostPattern::Below(theirs))
                if mine == theirs || one.matches(mine) =>
            {
                Some(own.to_string())
            }
            (HostPattern::Below(_), HostPattern::Below(theirs)) => {
                own.matches(theirs).then(|| one.to_string())
            }
        };
        let mut hosts: Vec<String> = all.iter().filter_map(both).collect();
        hosts.dedup();
        (!hosts.is_empty()).then_some(hosts)
    }

    pub(super) fn base(
        &self,
        group: &Group<'_>,
        name: &str,
        methods: Vec<String>,
        path: String,
    ) -> Route {
        Route {
            name: name.to_owned(),
            methods,
            hosts: group.hosts.clone(),
            paths: vec![path],
            regex_priority: group.priority,
            ..self.plain_route()
        }
    }

    pub(super) fn plain_route(&self) -> Route {
        let redirect = self
            .gateway
            .tls
            .as_ref()
            .is_some_and(|tls| tls.redirect_http);
        Route {
            protocols: if redirect {
                vec!["https".into()]
            } else {
                vec!["http".into(), "https".into()]
            },
            https_redirect_status_code: redirect.then_some(308),
            ..Route::default()
        }
    }

    fn route(&mut self, group: &Group<'g>, id: RouteId, name: &str, methods: Vec<String>) {
        let route = &self.gateway.routes[id.0];
        let mut plugins = self.cors(group, name, route.cors.as_ref().map(|cors| &cors.value));
        if self.context.closed.contains(&id) {
            plugins.push(answer(501, "not available on this gateway"));
            let mut made = self.base(group, name, methods, regex(&route.pattern, Captures::None));
            made.plugins = plugins;
            self.comments.say(
                "routes",
                name,
                format!("{}: closed, a check of it is not kept here", route.key),
            );
            self.document.routes.push(made);
            return;
        }
        let mut changes = RequestChanges::default();
        let auth = auth::lower(self.gateway, route, &self.checks, self.functions);
        self.anonymous |= auth.anonymous;
        plugins.extend(auth.plugins);
        self.entry(name, auth.entry);
        changes.remove.extend(auth.key_headers);
        changes.query.extend(auth.key_queries);
        plugins.extend(self.limits(route, name));
        plugins.extend(self.checks_of(route, name));
        let mut made = self.base(group, name, methods, String::new());
        let mut captures = Captures::None;
        match &route.action {
            Action::Forward(forward) => {
                made.preserve_host = forward.preserve_host;
                if let Some(rewrite) = &forward.rewrite {
                    if strips_prefix(&route.pattern, rewrite) {
                        made.strip_path = true;
                    } else {
                        captures = Captures::All;
                        let service = self.gateway.services.get(&forward.service);
                        let base = service
                            .and_then(upstreams::address)
                            .map(|address| address.path.as_str())
                            .unwrap_or_default();
                        changes.path = Some(path_template(base, &route.pattern, rewrite));
                    }
                }
                self.request_headers(route, name, changes, &mut plugins);
                plugins.extend(headers::response(&route.response_headers));
                self.place_forward(route, forward, made, plugins, captures);
            }
            Action::Respond(response) => {
                self.respond(route, response, name, &mut plugins);
                made.paths = vec![regex(&route.pattern, captures)];
                made.plugins = self.with_raw(route, plugins);
                self.comments.say("routes", name, route.key.clone());
                self.document.routes.push(made);
            }
            Action::Gather(_) => {
                self.request_headers(route, name, changes, &mut plugins);
                plugins.extend(headers::response(&route.response_headers));
                made.paths = vec![regex(&route.pattern, captures)];
                made.plugins = self.with_raw(route, plugins);
                self.place_gather(route, made);
            }
        }
    }

    /// Cross-origin rules on one route of a group: the plugin, or the function's table where the group's rules differ.
    pub(super) fn cors(
        &mut self,
        group: &Group<'g>,
        name: &str,
        own: Option<&crate::ir::Cors>,
    ) -> Vec<Plugin> {
        let mixed = group.shared_cors.is_none();
        if mixed && self.functions {
            let table = cors::preflights(self.gateway, group.slot);
            self.tables.route(name).insert("preflight".into(), table);
        }
        let Some(cors) = own else { return Vec::new() };
        if self.functions {
            self.tables.route(name).insert("cors".into(), json!(true));
        }
        vec![cors::plugin(cors)]
    }

    fn limits(&mut self, route: &'g crate::ir::Route, name: &str) -> Vec<Plugin> {
        let access = auth::access(self.gateway, &route.auth);
        let split = limit::split(route, access, self.functions);
        if self.functions && !split.rest.is_empty() {
            let label = names::of_route(route);
            let rest: Vec<Value> = split
                .rest
                .iter()
                .enumerate()
                .map(|(index, limit)| limit::bucket(&format!("{label}#{index}"), limit))
                .collect();
            self.tables
                .route(name)
                .insert("limits".into(), Value::Array(rest));
        }
        let Some((identity, counts)) = split.plugin else {
            return Vec::new();
        };
        if let limit::Identity::Function(rule) = &identity {
            self.bucket_header = true;
            self.tables
                .route(name)
                .insert("bucket".into(), rule.clone());
        }
        vec![limit::plugin(&identity, &counts, &self.gateway.counters)]
    }

    /// Addresses and body sizes.
    fn checks_of(&mut self, route: &crate::ir::Route, name: &str) -> Vec<Plugin> {
        let mut plugins = Vec::new();
        if let Some(ip) = &route.ip {
            let nets =
                |nets: &[ipnet::IpNet]| nets.iter().map(ToString::to_string).collect::<Vec<_>>();
            let mut config = Map::new();
            for (key, list) in [("allow", &ip.allow), ("deny", &ip.deny)] {
                if !list.is_empty() {
                    config.insert(key.into(), json!(nets(list)));
                }
            }
            if !config.is_empty() {
                config.insert("message".into(), json!("address not allowed"));
                plugins.push(Plugin::new("ip-restriction", Value::Object(config)));
            }
        }
        let size = route.max_body.0;
        plugins.push(Plugin::new(
            "request-size-limiting",
            json!({ "allowed_payload_size": size, "size_unit": "bytes", "require_content_length": false }),
        ));
        if self.functions {
            self.tables
                .route(name)
                .insert("max_body".into(), json!(size));
        }
        plugins
    }

    /// What the client's headers lose and gain: by the last function, which sees all of them, else by request-transformer.
    fn request_headers(
        &mut self,
        route: &crate::ir::Route,
        name: &str,
        mut changes: RequestChanges,
        plugins: &mut Vec<Plugin>,
    ) {
        let rules = &route.request_headers;
        changes.remove.extend(
            rules
                .remove
                .iter()
                .filter(|name| !rules.set.keys().any(|set| set.eq_ignore_ascii_case(name)))
                .cloned(),
        );
        changes.set.extend(
            rules
                .set
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        if self.functions {
            let entry = self.tables.route(name);
            let strip: Map<String, Value> = changes
                .remove
                .drain(..)
                .chain(changes.set.iter().map(|(name, _)| name.clone()))
                .map(|name| (name.to_lowercase().replace('_', "-"), json!(true)))
                .collect();
            if !strip.is_empty() {
                entry.insert("strip".into(), Value::Object(strip));
            }
            changes.query.clear();
            let set: Map<String, Value> = changes
                .set
                .drain(..)
                .map(|(name, value)| (name, json!(value)))
                .collect();
            if !set.is_empty() {
                entry.insert("set".into(), Value::Object(set));
            }
            if route.websocket {
                entry.insert("websocket".into(), json!(true));
            }
        } else {
            changes.remove.extend(self.forged.iter().cloned());
            changes.set.retain(|(_, value)| !is_template(value));
        }
        plugins.extend(changes.plugin());
    }

    fn respond(
        &mut self,
        route: &crate::ir::Route,
        response: &crate::ir::Respond,
        name: &str,
        plugins: &mut Vec<Plugin>,
    ) {
        let counted = self.tables.gateway.contains_key("limits")
            || !self.tables.plans.is_empty()
            || self.tables.routes.get(name).is_some_and(|entry| {
                ["limits", "scopes", "groups"]
                    .iter()
                    .any(|key| entry.contains_key(*key))
            });
        let by_function = self.functions && (counted || respond::needs_function(response));
        if self.functions {
            self.tables.route(name).insert("fixed".into(), json!(true));
        }
        let mut rules = route.response_headers.value.clone();
        if by_function {
            let table = respond::table(&route.pattern, response);
            self.tables.route(name).insert("respond".into(), table);
        } else {
            plugins.push(respond::plugin(response));
            for (header, value) in respond::headers(response) {
                rules.set.entry(header).or_insert(value);
            }
        }
        plugins.extend(headers::response(&rules));
    }

    fn entry(&mut self, name: &str, entry: Map<String, Value>) {
        if self.functions && !entry.is_empty() {
            let table: &mut Map<String, Value> = self.tables.route(name);
            table.extend(entry.into_iter().filter(|(_, value)| !value.is_null()));
        }
    }
}

/// Names of headers in a table of the functions.
#[must_use]
pub fn header_table(headers: impl Iterator<Item = String>) -> Value {
    Value::Object(
        headers
            .map(|name| (name.to_lowercase().replace('_', "-"), json!(true)))
            .collect(),
    )
}

/// The header that carries buckets never leaves the gateway.
pub const INTERNAL: &str = functions::BUCKET_HEADER;
