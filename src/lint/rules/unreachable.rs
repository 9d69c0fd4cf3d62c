//! More specific routes leave nothing for this one.
//!
//! ## Why
//! `/a/*` stands for `/a` and for everything below it. With a route for `/a` and one for `/a/{x}/*` both are taken, and
//! because a more specific pattern answers 405 rather than passing a method on, not even another method gets through.
//! Two routes that take the same request with equal precedence are an error of `check`.
//!
//! ## On the targets
//! Each builds the route, and on none does a request reach it.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000", archive: "http://archive:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//!   GET /orders/{id}/*: { to: orders, auth: none }
//!   GET /orders/*: { to: archive, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000", archive: "http://archive:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//!   GET /orders/{id}: { to: orders, auth: none }
//!   GET /orders/*: { to: archive, auth: none }
//! ```

use std::collections::HashMap;

use crate::ir::{HostPattern, Pattern, Route, Segment};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `routing/unreachable`
pub const RULE: Rule = Rule {
    code: code!("GG601", "routing/unreachable", "unreachable.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

/// Where a pattern stands, without its parameters' names.
type Shape<'g> = (Option<&'g HostPattern>, Vec<Option<&'g str>>, bool);

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let routes = &context.gateway.routes;
    if !routes.iter().any(|route| route.pattern.rest) {
        return;
    }
    let by_shape: HashMap<Shape<'_>, &Route> = routes
        .iter()
        .map(|route| (shape(route.host.as_ref(), &route.pattern, false), route))
        .collect();
    for route in routes.iter().filter(|route| route.pattern.rest) {
        let host = route.host.as_ref();
        let alone = (host, segments(&route.pattern), false);
        let below = shape(host, &route.pattern, true);
        if let (Some(alone), Some(below)) = (by_shape.get(&alone), by_shape.get(&below)) {
            found.push(finding(context, route, alone, below));
        }
    }
}

fn finding(context: &Context<'_>, route: &Route, alone: &Route, below: &Route) -> Diagnostic {
    let message = format!(
        "no request reaches this route: `{}` and `{}` are more specific and take all of it",
        alone.key, below.key
    );
    let edits = context.editor().remove(&route.pointer);
    RULE.finding(Place::key(route.pointer.clone()), message)
        .help("remove it, or remove the route that should not be more specific")
        .related(Place::key(alone.pointer.clone()), "takes the path itself")
        .related(Place::key(below.pointer.clone()), "takes everything below it")
        .mend(edits.map(|edits| Fix {
            title: "remove the route".into(),
            safe: false,
            edits,
        }))
}

fn shape<'g>(host: Option<&'g HostPattern>, pattern: &'g Pattern, deeper: bool) -> Shape<'g> {
    let mut shape = segments(pattern);
    shape.extend(deeper.then_some(None));
    (host, shape, pattern.rest)
}

fn segments(pattern: &Pattern) -> Vec<Option<&str>> {
    fn text(segment: &Segment) -> Option<&str> {
        match segment {
            Segment::Literal(text) => Some(text.as_str()),
            Segment::Param(_) => None,
        }
    }
    pattern.segments.iter().map(text).collect()
}
