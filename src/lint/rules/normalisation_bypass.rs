//! A path that one route guards can be spelled so that an open route takes it.
//!
//! ## Why
//! With `encoded_slash: keep`, `/admin%2Fusers` is one segment and matches `/{page}`, not `/admin/*`. It is sent on as it
//! came, and a service that decodes it (many do) sees `/admin/users`, past the check. Without the setting `%2F` gets 400.
//! Every other spelling (dots, double slashes, escapes) is normalised before anything is matched.
//!
//! ## On the targets
//! AWS decodes before it matches; Kong and NGINX keep the escape when told.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { encoded_slash: keep }
//! auth: { staff: { basic: { realm: staff } } }
//! consumers: { carol: { basic: { username: carol, password: "secret://carol-password" } } }
//! services: { pages: "http://pages:3000" }
//! routes:
//!   GET /{page}: { to: pages, auth: none }
//!   GET /admin/*: { to: pages, auth: staff }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth: { staff: { basic: { realm: staff } } }
//! consumers: { carol: { basic: { username: carol, password: "secret://carol-password" } } }
//! services: { pages: "http://pages:3000" }
//! routes:
//!   GET /{page}: { to: pages, auth: none }
//!   GET /admin/*: { to: pages, auth: staff }
//! ```

use std::collections::HashMap;

use crate::ir::{Auth, EncodedSlash, Pattern, Route, Segment};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `routing/normalisation-bypass`
pub const RULE: Rule = Rule {
    code: code!("GG604", "routing/normalisation-bypass", "normalisation_bypass.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let setting = &context.gateway.encoded_slash;
    if setting.value != EncodedSlash::Keep {
        return;
    }
    let mut guarded: HashMap<&str, Vec<&Route>> = HashMap::new();
    let mut open: Vec<(&Route, &str)> = Vec::new();
    for (route, forward) in context.forwards() {
        match route.auth.value {
            Auth::None { .. } => open.push((route, &forward.service)),
            Auth::Any(_) | Auth::All(_) => guarded.entry(&forward.service).or_default().push(route),
        }
    }
    let pair = open.iter().find_map(|(open, service)| {
        let guarded = guarded.get(service)?;
        let other = guarded.iter().find(|route| slips_past(&open.pattern, &route.pattern))?;
        Some((open, other))
    });
    let Some((open, guarded)) = pair else { return };
    let pointer = context.gateway_pointer().key("encoded_slash");
    let edits = context.editor().remove(&pointer);
    let message = format!(
        "with `%2F` for a slash, a path of `{}` is taken by `{}`, which asks for nothing",
        guarded.key, open.key
    );
    found.push(
        RULE.finding(Place::value(pointer), message)
            .help("leave `encoded_slash` at `refuse`, or give both routes the same `auth`")
            .related(Place::key(guarded.pointer.clone()), "the guarded route")
            .related(Place::key(open.pointer.clone()), "the open one")
            .mend(edits.map(|edits| Fix {
                title: "refuse `%2F`".into(),
                safe: false,
                edits,
            })),
    );
}

/// Whether a path of `guarded` becomes one of `open` when one of its slashes is encoded.
fn slips_past(open: &Pattern, guarded: &Pattern) -> bool {
    let deep = guarded.segments.len() + usize::from(guarded.rest);
    let ends = open.segments.iter().enumerate();
    let params = ends
        .filter(|(_, segment)| matches!(segment, Segment::Param(_)))
        .map(|(at, _)| at);
    let rest = open.rest.then_some(open.segments.len());
    params.chain(rest).any(|at| deep >= at + 2 && same_start(open, guarded, at))
}

fn same_start(open: &Pattern, guarded: &Pattern, length: usize) -> bool {
    let mut pairs = open.segments.iter().zip(&guarded.segments).take(length);
    pairs.all(|(a, b)| match (a, b) {
        (Segment::Literal(a), Segment::Literal(b)) => a == b,
        _ => true,
    })
}
