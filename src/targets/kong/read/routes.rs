//! ROUTES -> ROUTES: methods, hosts and patterns, what is done, and the policies that plugins and functions add.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::paths::{HIGHEST_PRIORITY, Priorities};
use super::auth::Placed;
use super::route::{functions, point};
use super::{Reader, list, matching, plugins, text, texts};
use crate::ir::units::Bytes;
use crate::ir::{Counters, Methods, Pattern, Route, Sourced, precedence};
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
