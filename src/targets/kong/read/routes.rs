//! ROUTES -> ROUTES: methods, hosts and patterns, what is done, and the policies that plugins and functions add.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::paths::{HIGHEST_PRIORITY, Priorities};
use super::auth::Placed;
use super::{Reader, UNBOUNDED, list, matching, plugins, respond, text, texts};
use crate::ir::units::{Bytes, Millis};
use crate::ir::{
    Action, Counters, Forward, Gather, HeaderRules, Methods, Pattern, Raw, Respond, Retries,
    Rewrite, Route, Sourced, Timeout, precedence,
};
use crate::source::Pointer;

/// A route of the file as the language says it, before the ones that belong together are put together.
struct Found {
    route: Route,
    hosts: Vec<String>,
    priority: u64,
    at: Pointer,
    /// One of the gateway's own answers.
    own: Option<Own>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    NotAllowed,
    NotFound,
    Health,
}

impl Reader {
    /// Every route.
    pub(super) fn routes(&mut self) {
        let root = self.root.clone();
        let mut found = Vec::new();
        for (index, service) in list(&root, "services").iter().enumerate() {
            let at = Pointer::root().key("services").index(index);
            for (number, route) in list(service, "routes").iter().enumerate() {
                found.extend(self.route(route, Some(service), at.key("routes").index(number)));
            }
        }
        for (index, route) in list(&root, "routes").iter().enumerate() {
            found.extend(self.route(route, None, Pointer::root().key("routes").index(index)));
        }
        self.hosts(&found);
        let mut kept: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for one in found {
            match one.own {
                Some(Own::Health) => {
                    let own = Pointer::root().key("gateway").key("health");
                    self.sheet.mark(&own, &one.at);
                    self.gateway.health = Some(Sourced::new(one.route.pattern.to_string(), own));
                }
                Some(_) => {}
                None => kept
                    .entry(format!("{:?} {}", one.hosts, shape(&one.route.pattern)))
                    .or_default()
                    .push(one),
            }
        }
        let mut all: Vec<(Route, u64, Pointer)> = Vec::new();
        for mut group in kept.into_values() {
            // A route of all methods stands there twice: with the methods that are known, and with none.
            let any = group
                .iter()
                .position(|one| one.route.methods == Methods::Any);
            if let Some(any) = any {
                let any = group[any].route.clone();
                group.retain(|one| one.route.methods == Methods::Any || !alike(&one.route, &any));
            }
            for one in group {
                for host in self.own_hosts(&one.hosts) {
                    let mut route = one.route.clone();
                    route.host = host;
                    all.push((route, one.priority, one.at.clone()));
                }
            }
        }
        self.finish(all);
    }

    /// Names, places and order.
    fn finish(&mut self, all: Vec<(Route, u64, Pointer)>) {
        let names: BTreeMap<String, String> = all
            .iter()
            .map(|(route, _, at)| (format!("{at}"), route.key.clone()))
            .collect();
        let mut ranked = Vec::new();
        for (mut route, priority, at) in all {
            let name = names.get(at.as_str()).cloned().unwrap_or_default();
            matching::name_parameters(&mut route, &name);
            route.key = key(&route);
            let own = Pointer::root().key("routes").key(&route.key);
            self.sheet.mark(&own, &at);
            point(&mut route, &own);
            ranked.push((priority, at));
            self.gateway.routes.push(route);
        }
        let priorities = Priorities::new(&self.gateway.routes);
        let mut order: Vec<(u32, u64, Pointer)> = self
            .gateway
            .routes
            .iter()
            .zip(ranked)
            .map(|(route, (priority, at))| (priorities.of(route), priority, at))
            .collect();
        order.sort_by_key(|(wanted, _, _)| *wanted);
        let (mut highest, mut level, mut pending) = (0, 0, 0);
        for (wanted, priority, at) in order {
            if wanted != level {
                (highest, level) = (pending.max(highest), wanted);
            }
            if priority < highest {
                let text = format!(
                    "`regex_priority` {priority}: less specific routes are tried before this one"
                );
                self.sheet.leftover(&at.key("regex_priority"), &text);
            }
            pending = pending.max(priority);
        }
        precedence::sort(&mut self.gateway.routes);
    }

    /// The gateway's hosts: the longest list of a route, where every route has one.
    fn hosts(&mut self, found: &[Found]) {
        let lists: Vec<&Vec<String>> = found
            .iter()
            .filter(|one| !matches!(one.own, Some(Own::Health | Own::NotFound)))
            .map(|one| &one.hosts)
            .collect();
        if lists.iter().all(|hosts| !hosts.is_empty())
            && let Some(longest) = lists.iter().max_by_key(|hosts| hosts.len())
        {
            self.gateway.hosts.value = longest.iter().map(|host| matching::host(host)).collect();
        }
    }

    /// The host of each route that a list of hosts makes; none for the gateway's own.
    fn own_hosts(&self, hosts: &[String]) -> Vec<Option<crate::ir::HostPattern>> {
        let hosts: Vec<_> = hosts.iter().map(|host| matching::host(host)).collect();
        if hosts == self.gateway.hosts.value {
            return vec![None];
        }
        hosts.into_iter().map(Some).collect()
    }

    fn route(&mut self, value: &Value, service: Option<&Value>, at: Pointer) -> Option<Found> {
        const KNOWN: &[&str] = &[
            "name",
            "methods",
            "hosts",
            "paths",
            "regex_priority",
            "strip_path",
            "preserve_host",
            "protocols",
            "https_redirect_status_code",
            "plugins",
        ];
        self.sheet.unknown(&at, value, KNOWN);
        let name = text(value, "name").unwrap_or_default();
        let paths = texts(value, "paths");
        let pattern = paths.first().and_then(|path| matching::pattern(path));
        let (Some(pattern), 1) = (pattern, paths.len()) else {
            self.sheet.leftover(
                &at.key("paths"),
                &format!("the paths of route `{name}`, which are no pattern"),
            );
            return None;
        };
        let entry = self.tables.routes.get(name).cloned().unwrap_or_default();
        let placed = self.plugins(value, &at);
        let mut route = self.blank(name, pattern, methods(&texts(value, "methods")));
        let who = self.who(&placed, &entry, &at);
        route.auth.value = who.auth;
        route.scopes.value = who.scopes;
        route.groups.value = who.groups;
        self.action(&mut route, value, service, &placed, &entry);
        self.policies(&mut route, &placed, &entry, &at);
        if let Some(size) = entry.get("max_body").and_then(Value::as_u64) {
            if route.max_body.value != Bytes(size) {
                self.sheet.leftover(&at, "its plugin and its function bound bodies by different sizes; the smaller one counts");
            }
            route.max_body.value = route.max_body.value.min(Bytes(size));
        }
        functions(&mut route, &entry, &who.key_headers);
        let terminated = placed
            .iter()
            .find(|(plugin, _)| text(plugin, "name") == Some("request-termination"));
        let status = terminated.and_then(|(plugin, _)| plugin["config"]["status_code"].as_u64());
        let body = terminated.and_then(|(plugin, _)| plugin["config"]["body"].as_str());
        let priority = value
            .get("regex_priority")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let own = match (status, body) {
            (Some(405), Some("{\"message\":\"method not allowed\"}")) => Some(Own::NotAllowed),
            (Some(404), Some("{\"message\":\"no route\"}")) if paths == ["~/"] => {
                Some(Own::NotFound)
            }
            (Some(200), Some("{\"status\":\"ok\"}")) if priority == u64::from(HIGHEST_PRIORITY) => {
                Some(Own::Health)
            }
            _ => None,
        };
        self.protocols(value, &at, own);
        Some(Found {
            route,
            hosts: texts(value, "hosts"),
            priority,
            at,
            own,
        })
    }

    fn protocols(&mut self, value: &Value, at: &Pointer, own: Option<Own>) {
        let protocols = texts(value, "protocols");
        let redirected =
            value.get("https_redirect_status_code").is_some() && protocols == ["https"];
        let both =
            protocols.len() == 2 && protocols.iter().all(|one| one == "http" || one == "https");
        if !redirected && !both && own.is_none() {
            self.sheet
                .leftover(&at.key("protocols"), "a route of one protocol alone");
        }
    }

    /// The plugins that run.
    fn plugins<'v>(&mut self, value: &'v Value, at: &Pointer) -> Vec<Placed<'v>> {
        let mut placed = Vec::new();
        for (index, plugin) in plugins::of(value).iter().enumerate() {
            let at = at.key("plugins").index(index);
            if plugin.get("enabled") != Some(&Value::Bool(false)) {
                placed.push((plugin, at));
            }
        }
        placed
    }

    fn blank(&self, name: &str, pattern: Pattern, methods: Methods) -> Route {
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

    fn action(
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

    fn policies(
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

    /// Where something is counted; two places are one too many.
    pub(super) fn count(&mut self, counters: Counters, at: &Pointer) {
        match &self.counters {
            None => self.counters = Some(counters),
            Some(known) if *known == counters => {}
            Some(_) => self
                .sheet
                .leftover(at, "a limit that is counted elsewhere than the others"),
        }
    }
}

/// What functions add to a route.
fn functions(route: &mut Route, entry: &Map<String, Value>, key_headers: &[String]) {
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

fn methods(listed: &[String]) -> Methods {
    if listed.is_empty() {
        return Methods::Any;
    }
    let get = listed.iter().any(|method| method == "GET");
    Methods::Only(
        listed
            .iter()
            .filter(|method| !(get && *method == "HEAD"))
            .cloned()
            .collect(),
    )
}

fn shape(pattern: &Pattern) -> String {
    pattern.to_string()
}

/// Whether two routes of one path do the same with what they take.
fn alike(one: &Route, other: &Route) -> bool {
    let mut one = one.clone();
    one.methods = other.methods.clone();
    one.key = other.key.clone();
    one == *other
}

fn key(route: &Route) -> String {
    let methods = match &route.methods {
        Methods::Any => String::new(),
        Methods::Only(methods) => format!("{} ", methods.join(",")),
    };
    let host = route
        .host
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{methods}{host}{}", route.pattern)
}

/// Points everything of a route at the route; what a plugin says stands below it.
fn point(route: &mut Route, own: &Pointer) {
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
