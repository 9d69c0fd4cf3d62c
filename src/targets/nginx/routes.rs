//! ROUTES -> LOCATIONS: checks in order, then limits, quota and the action; each stage that waits for njs ends in a redirect to the next.

use std::collections::BTreeMap;

use super::build::{Build, duration};
use super::document::{Block, Item};
use super::policy::{auth, cors, gather, headers, ip, limit, quota};
use super::upstreams;
use crate::ir::{
    Action, ApiKeyPlace, Auth, Forward, Piece, Protocol, Respond, Retries, RewritePiece, Route,
    RouteId, SchemeKind, Scopes, Timeout,
};

/// What the http block says for all locations.
pub struct Defaults {
    /// The time limits that most routes have.
    pub timeout: (u64, u64),
}

/// The stages of one route, by location name.
struct Stages {
    out: Block,
    name: String,
    current: Block,
}

impl Stages {
    fn new(name: String) -> Self {
        let mut current = Block::new();
        current.put("internal", [""; 0]);
        Self {
            out: Block::new(),
            name,
            current,
        }
    }

    /// Ends a stage, whose content goes on to `$gw_next`, and begins that one.
    fn next(&mut self, step: &str, route: &Route) {
        let next = format!(
            "//{step}{}",
            &self.name[2..].trim_start_matches(|c: char| c != '/')
        );
        let mut begun = Block::new();
        begun.put("internal", [""; 0]);
        body_size(route, &mut begun);
        let ended = std::mem::replace(&mut self.current, begun);
        self.out.open(
            "location",
            ["=".to_owned(), std::mem::replace(&mut self.name, next)],
            ended,
        );
    }

    fn next_name(&self, step: &str) -> String {
        format!(
            "//{step}{}",
            &self.name[2..].trim_start_matches(|c: char| c != '/')
        )
    }

    fn finish(mut self) -> Block {
        self.out
            .open("location", ["=".to_owned(), self.name], self.current);
        self.out
    }
}

/// All locations of a route, the first of which is `name`.
pub fn route<'g>(
    build: &mut Build<'g>,
    id: RouteId,
    slug: &str,
    name: String,
    defaults: &Defaults,
) -> Block {
    let gateway = build.gateway;
    let route = &gateway.routes[id.0];
    let mut stages = Stages::new(name);
    let key = build.literals.word(&route.key);
    stages
        .current
        .put("set", ["$gw_route".to_owned(), key.into_owned()]);
    if build.closed.contains(&id) {
        stages
            .current
            .comment("Closed: this target cannot make a check that the route asks for.");
        stages.current.put("return", ["501"]);
        return stages.finish();
    }
    stages
        .current
        .put("set", ["$gw_id".to_owned(), slug.to_owned()]);
    let mut sets = Block::new();
    headers::set_response(build, &route.response_headers.set, &mut sets);
    stages.current.append(sets);
    if let Some(cors) = &route.cors {
        let number = cors::policy(build, cors);
        stages
            .current
            .put("set", ["$gw_cors".to_owned(), number.to_string()]);
    }
    if let Some(rules) = &route.ip {
        let denied = ip::denied(build, rules);
        refuse(&mut stages.current, &[&denied], "403");
    }
    body_size(route, &mut stages.current);
    if route.max_body.0 == 0 {
        refuse(&mut stages.current, &["$gw_has_body"], "413");
    }
    authenticate(build, route, &mut stages);
    let mut sets = Block::new();
    let limits = limit::of_route(build, route, &mut sets);
    stages.current.append(sets);
    limits.put(&mut stages.current);
    if quota::applies(build, route) {
        stages
            .current
            .put("set", ["$gw_next".to_owned(), stages.next_name("q")]);
        quota::stage(build, &mut stages.current);
        stages.next("q", route);
    } else if !limits.is_empty() && matches!(route.action, Action::Respond(_)) {
        // `return` would skip the limits of its own location.
        stages
            .current
            .put("set", ["$gw_next".to_owned(), stages.next_name("n")]);
        build.modules.insert("stage");
        stages.current.put("js_content", ["stage.next"]);
        stages.next("n", route);
    }
    let mut locations = Block::new();
    match &route.action {
        Action::Forward(action) => forward(build, route, action, defaults, &mut stages.current),
        Action::Respond(action) => respond(build, route, action, &mut stages.current),
        Action::Gather(action) => {
            locations = gather::gather(build, route, action, slug, &mut stages.current)
        }
    }
    raw(build, route, &mut stages.current);
    let mut out = stages.finish();
    out.append(locations);
    out
}

fn refuse(out: &mut Block, condition: &[&str], status: &'static str) {
    let mut inner = Block::new();
    inner.put("return", [status]);
    out.when(condition, inner);
}

fn body_size(route: &Route, out: &mut Block) {
    // 0 would mean no limit.
    out.put("client_max_body_size", [bytes(route.max_body.0.max(1))]);
}

/// A size as nginx writes it.
#[must_use]
pub fn bytes(size: u64) -> String {
    match size {
        size if size % (1 << 20) == 0 => format!("{}m", size >> 20),
        size if size % (1 << 10) == 0 => format!("{}k", size >> 10),
        size => size.to_string(),
    }
}

fn authenticate<'g>(build: &mut Build<'g>, route: &'g Route, stages: &mut Stages) {
    if matches!(route.auth.value, Auth::None { .. }) {
        return;
    }
    let challenge = build
        .literals
        .word(&auth::challenge(build, &route.auth))
        .into_owned();
    stages
        .current
        .put("set", ["$gw_challenge".to_owned(), challenge]);
    let (index, admitted) = auth::admitted(build, &route.auth.value);
    let asks = route
        .auth
        .schemes()
        .iter()
        .any(|name| auth::asks(build, build.scheme(name)));
    if asks {
        stages
            .current
            .put("set", ["$gw_next".to_owned(), stages.next_name("a")]);
        auth::gate(build, &route.auth, index, &mut stages.current);
        stages.current.put("js_content", ["gate.ask"]);
        stages.next("a", route);
    }
    stages.current.put("set", ["$gw_who".to_owned(), admitted]);
    refuse(&mut stages.current, &["$gw_who", "=", ""], "401");
    match &route.scopes.value {
        Scopes::All(list) | Scopes::Any(list) if list.is_empty() => {}
        scopes => {
            let scoped = auth::scoped(build, route, scopes);
            refuse(&mut stages.current, &[&scoped, "=", ""], "403");
        }
    }
    if !route.groups.is_empty() {
        let grouped = auth::grouped(build, &route.groups.value);
        refuse(&mut stages.current, &[&grouped, "=", ""], "403");
    }
    headers::take(build, route, &mut stages.current);
    headers::set_identity(build, route, &mut stages.current);
}

/// The query sent on: without API keys that the route reads from it.
fn query(build: &Build<'_>, route: &Route) -> &'static str {
    let by_query = |name: &String| {
        matches!(
            &build.gateway.schemes[name].kind,
            SchemeKind::ApiKey(ApiKeyPlace::Query(_))
        )
    };
    if route.auth.schemes().iter().any(by_query) {
        "$gw_query_without_keys"
    } else {
        "$gw_query"
    }
}

fn forward(
    build: &mut Build<'_>,
    route: &Route,
    action: &Forward,
    defaults: &Defaults,
    out: &mut Block,
) {
    let service = &build.gateway.services[&action.service];
    let address = upstreams::first(service);
    let host = if action.preserve_host {
        "$http_host".to_owned()
    } else {
        build.literals.word(&address.authority()).into_owned()
    };
    out.put("set", ["$gw_host".to_owned(), host]);
    if route.websocket {
        out.put("set", ["$gw_upgrade", "$gw_websocket"]);
    }
    timeouts(&route.timeout, defaults, out);
    retries(&route.retries, out);
    out.append(headers::of_route(build, route));
    headers::hide_response(build, route, out);
    let tls = upstreams::tls(build, address, service.tls.as_ref().map(|tls| &tls.value));
    out.append(tls);
    let base = build.literals.word(&address.path).into_owned();
    let path = match &action.rewrite {
        None => "$gw_path".to_owned(),
        Some(rewrite) if rewrite.segments.is_empty() => {
            let root = base.is_empty() || !rewrite.rest;
            (if !rewrite.rest {
                "/"
            } else if root {
                "$gw_tail_or_root"
            } else {
                "$gw_tail_or_root"
            })
            .to_owned()
        }
        Some(rewrite) => {
            let mut path = String::new();
            for piece in &rewrite.segments {
                path.push('/');
                match piece {
                    RewritePiece::Literal(text) => path.push_str(&build.literals.word(text)),
                    RewritePiece::Param(name) => {
                        path.push_str(&format!("${{gw_p{}}}", gather::position(route, name)))
                    }
                }
            }
            if rewrite.rest {
                path.push_str("$gw_tail");
            }
            path
        }
    };
    let protocol = match address.protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
    };
    let name = upstreams::name(build, &action.service);
    out.put(
        "proxy_pass",
        [format!(
            "{protocol}://{name}{base}{path}{}",
            query(build, route)
        )],
    );
}

fn timeouts(timeout: &Timeout, defaults: &Defaults, out: &mut Block) {
    if timeout.connect.0 != defaults.timeout.0 {
        out.put("proxy_connect_timeout", [duration(timeout.connect.0)]);
    }
    if timeout.response.0 != defaults.timeout.1 {
        out.put("proxy_read_timeout", [duration(timeout.response.0)]);
        out.put("proxy_send_timeout", [duration(timeout.response.0)]);
    }
}

/// Statuses that `proxy_next_upstream` knows.
pub const RETRIED_STATUSES: [u16; 7] = [403, 404, 429, 500, 502, 503, 504];

fn retries(retries: &Retries, out: &mut Block) {
    if retries.attempts == 0 {
        return;
    }
    let mut causes = Vec::new();
    if retries.connect {
        causes.push("error".to_owned());
    }
    if retries.timeout {
        causes.push("timeout".to_owned());
    }
    causes.extend(
        retries
            .statuses
            .iter()
            .filter(|status| RETRIED_STATUSES.contains(status))
            .map(|status| format!("http_{status}")),
    );
    if !causes.is_empty() {
        out.0
            .push(Item::Directive(super::document::Directive::simple(
                "proxy_next_upstream",
                causes,
            )));
        out.put(
            "proxy_next_upstream_tries",
            [(retries.attempts + 1).to_string()],
        );
    }
}

fn respond(build: &mut Build<'_>, route: &Route, action: &Respond, out: &mut Block) {
    let mut set = action.headers.clone();
    let kind = set
        .iter()
        .position(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .and_then(|at| set.shift_remove_index(at));
    let body = action.body.as_deref().unwrap_or_default();
    let kind = match kind {
        Some((_, kind)) => kind,
        None if serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() => {
            "application/json".to_owned()
        }
        None => "text/plain; charset=utf-8".to_owned(),
    };
    let mut sets = Block::new();
    headers::set_response(build, &set, &mut sets);
    out.append(sets);
    let kind = build.literals.word(&kind).into_owned();
    out.put("default_type", [kind]);
    let location = action
        .location
        .as_ref()
        .map(|pieces| location(build, route, pieces));
    let status = action.status.to_string();
    match location {
        Some(url) if matches!(action.status, 301 | 302 | 303 | 307 | 308) => {
            out.put("return", [status, url])
        }
        Some(url) => {
            let variable = build.out_header("Location");
            out.put("set", [variable, url]);
            let body = build.literals.word(body).into_owned();
            out.put("return", [status, body]);
        }
        None => {
            let body = build.literals.word(body).into_owned();
            out.put("return", [status, body]);
        }
    }
}

/// A `Location` whose places are variables in normalised, so harmless, form.
fn location(build: &mut Build<'_>, route: &Route, pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(&build.literals.word(text)),
            Piece::Path => out.push_str("$gw_path"),
            Piece::Query => out.push_str(query(build, route)),
            Piece::Param(name) => {
                out.push_str(&format!("${{gw_p{}}}", gather::position(route, name)))
            }
            Piece::Claim(_) => {}
        }
    }
    out
}

/// Native directives of the route and its service; one that nginx takes once replaces ours.
fn raw(build: &Build<'_>, route: &Route, out: &mut Block) {
    let service = match &route.action {
        Action::Forward(forward) => build.gateway.services[&forward.service].raw.as_ref(),
        Action::Respond(_) | Action::Gather(_) => None,
    };
    for text in [service, route.raw.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|raw| raw.nginx.as_ref())
    {
        super::raw::insert(text, out);
    }
}

/// Which captures the routes of one pattern need: parameters by position, and the rest.
#[must_use]
pub fn captures(routes: &[&Route]) -> (Vec<usize>, bool) {
    let mut params = BTreeMap::new();
    let mut rest = false;
    for route in routes {
        let mut need = |name: &str| {
            params.insert(gather::position(route, name), ());
        };
        let mut pieces = |pieces: &[Piece]| {
            for piece in pieces {
                if let Piece::Param(name) = piece {
                    need(name);
                }
            }
        };
        match &route.action {
            Action::Respond(respond) => pieces(respond.location.as_deref().unwrap_or_default()),
            Action::Gather(gather) => {
                for part in &gather.parts {
                    pieces(&part.path);
                    pieces(&part.query);
                }
            }
            Action::Forward(forward) => {
                if let Some(rewrite) = &forward.rewrite {
                    rest |= rewrite.rest;
                    for piece in &rewrite.segments {
                        if let RewritePiece::Param(name) = piece {
                            need(name);
                        }
                    }
                }
            }
        }
    }
    (params.into_keys().collect(), rest)
}
