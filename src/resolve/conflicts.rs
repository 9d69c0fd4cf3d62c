//! Routes against each other: order, two that take one request, and what only all of them together decide.

use std::collections::HashSet;

use super::codes;
use super::run::Run;
use crate::ir::{Gateway, HostPattern, Methods, Pattern, Precedence, Route, Segment, precedence};
use crate::report::{Diagnostic, Place};

/// Orders the routes, reports those that clash, and fills in the methods of CORS that were left to the routes.
pub(super) fn check(run: &Run<'_>, gateway: &mut Gateway) {
    precedence::sort(&mut gateway.routes);
    let groups = gateway
        .routes
        .chunk_by_mut(|a, b| Precedence::of(a).cmp_path(&Precedence::of(b)).is_eq());
    for group in groups {
        if group.len() > 1 {
            clashes(run, group);
        }
        cors_methods(group);
    }
    health(run, gateway);
    hosts(run, gateway);
}

fn clashes(run: &Run<'_>, group: &[Route]) {
    for (index, route) in group.iter().enumerate() {
        for other in &group[index + 1..] {
            if let Some(method) = shared(&route.methods, &other.methods) {
                clash(run, route, other, method);
            }
        }
    }
}

fn shared<'a>(a: &'a Methods, b: &Methods) -> Option<&'a str> {
    match (a, b) {
        (Methods::Any, Methods::Any) => Some("GET"),
        (Methods::Only(a), Methods::Only(b)) => a
            .iter()
            .find(|method| b.contains(method))
            .map(String::as_str),
        _ => None,
    }
}

fn clash(run: &Run<'_>, a: &Route, b: &Route, method: &str) {
    let start = |route: &Route| {
        let span = run.document.locate(&Place::key(route.pointer.clone()));
        span.map(|span| (span.file, span.start))
    };
    let (first, second) = if start(a) <= start(b) { (a, b) } else { (b, a) };
    let message = format!(
        "`{method} {}` matches this route and `{}`, and neither is more specific",
        example(first.host.as_ref(), &first.pattern),
        first.key
    );
    run.say(
        Diagnostic::error(codes::AMBIGUOUS, Place::key(second.pointer.clone()), message)
            .help("remove one, or tell them apart by method, host or a literal segment; the names of parameters do not")
            .related(Place::key(first.pointer.clone()), "the other route"),
    );
}

/// A request target that the pattern takes.
fn example(host: Option<&HostPattern>, pattern: &Pattern) -> String {
    let mut target = match host {
        None => String::new(),
        Some(HostPattern::Exact(name)) => name.clone(),
        Some(HostPattern::Below(suffix)) => format!("www.{suffix}"),
    };
    for segment in &pattern.segments {
        target.push('/');
        target.push_str(match segment {
            Segment::Literal(text) => text,
            Segment::Param(_) => "1",
        });
    }
    if pattern.rest || pattern.segments.is_empty() {
        target.push('/');
    }
    target
}

/// A preflight allows by default what the path's routes take.
fn cors_methods(group: &mut [Route]) {
    let unset = |route: &Route| {
        route
            .cors
            .as_ref()
            .is_some_and(|cors| cors.methods.is_empty())
    };
    if !group.iter().any(unset) {
        return;
    }
    let mut methods: Vec<String> = Vec::new();
    for route in group.iter() {
        let taken: Vec<&str> = match &route.methods {
            Methods::Any => vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            Methods::Only(list) => list.iter().map(String::as_str).collect(),
        };
        for method in taken {
            if !methods.iter().any(|known| known == method) {
                methods.push(method.to_owned());
            }
        }
    }
    for route in group {
        if let Some(cors) = route.cors.as_mut().filter(|cors| cors.methods.is_empty()) {
            cors.value.methods.clone_from(&methods);
        }
    }
}

fn health(run: &Run<'_>, gateway: &Gateway) {
    let Some(health) = &gateway.health else {
        return;
    };
    let literal = |route: &&Route| {
        !route.pattern.rest
            && route
                .pattern
                .segments
                .iter()
                .all(|s| matches!(s, Segment::Literal(_)))
            && route.pattern.matches(health)
            && route.methods.takes("GET")
    };
    for route in gateway.routes.iter().filter(literal) {
        let message = format!("the gateway itself answers `GET {}`", health.value);
        run.say(
            Diagnostic::error(
                codes::HEALTH_ROUTE,
                Place::key(route.pointer.clone()),
                message,
            )
            .help("give the route or the health endpoint another path")
            .related(
                Place::value(health.pointer.clone()),
                "the gateway's health endpoint",
            ),
        );
    }
}

/// A route for a host that the gateway does not answer to takes nothing.
fn hosts(run: &Run<'_>, gateway: &Gateway) {
    if gateway.hosts.is_empty() || gateway.hosts.len() < run.spec.gateway.hosts.len() {
        return;
    }
    let served: HashSet<&HostPattern> = gateway.hosts.iter().collect();
    let within = |host: &HostPattern| {
        let name = match host {
            HostPattern::Exact(name) => name.clone(),
            HostPattern::Below(suffix) => format!("x.{suffix}"),
        };
        served.contains(host) || gateway.hosts.iter().any(|pattern| pattern.matches(&name))
    };
    for route in &gateway.routes {
        let Some(host) = route.host.as_ref().filter(|host| !within(host)) else {
            continue;
        };
        let message = format!("the gateway does not answer to `{host}`");
        run.say(
            Diagnostic::error(codes::HOST, Place::key(route.pointer.clone()), message)
                .help(format!("add `{host}` to `gateway.hosts`"))
                .related(
                    Place::value(gateway.hosts.pointer.clone()),
                    "the hosts it answers to",
                ),
        );
    }
}
