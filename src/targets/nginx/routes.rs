//! ROUTES -> LOCATIONS: checks in order, then limits, quota and the action; each stage that waits for njs ends in a redirect to the next.

use super::actions::{forward, respond};
use super::build::Build;
use super::document::Block;
use super::policy::{auth, cors, gather, headers, ip, limit, quota};
use crate::ir::{Action, Auth, Route, RouteId, Scopes};

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
    } else if matches!(route.action, Action::Respond(_)) {
        // `return` would skip the limits of its own location and leave the body unread.
        let next = stages.next_name("n");
        if limits.is_empty() {
            let mut at_once = Block::new();
            at_once.put("rewrite", ["^".to_owned(), next.clone(), "last".to_owned()]);
            stages.current.when(&["$gw_measured"], at_once);
        }
        stages.current.put("set", ["$gw_next".to_owned(), next]);
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
fn bytes(size: u64) -> String {
    match size {
        size if size.is_multiple_of(1 << 20) => format!("{}m", size >> 20),
        size if size.is_multiple_of(1 << 10) => format!("{}k", size >> 10),
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
