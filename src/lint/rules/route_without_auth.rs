//! A route says nothing about who may call it.
//!
//! ## Why
//! Without `auth`, on the route or in `defaults`, everybody may call: that is what the language means by silence, and
//! silence is also what a forgotten line looks like. A route that can change something is an error, one that only
//! reads a warning. A public route says so with `auth: none`, and then nothing is flagged. Fixed answers need no auth.
//!
//! ## On the targets
//! All of them build the route open. AWS shows it as `AuthorizationType: NONE`, Kong and NGINX as the absence of a
//! plugin or a directive, where nobody looks for it.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   POST /orders: { to: orders }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   POST /orders: { to: orders, auth: customers }
//!   GET /catalog/*: { to: orders, auth: none }
//! ```

use crate::ir::Auth;
use crate::lint::context::{is_write, reaches_service};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `auth/route-without-auth`
pub const RULE: Rule = Rule {
    code: code!("GG101", "auth/route-without-auth", "route_without_auth.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let scheme = context.gateway.schemes.keys().next();
    let routes = context.gateway.routes.iter();
    for route in routes.filter(|route| reaches_service(route)) {
        if route.auth.value != (Auth::None { explicit: false }) {
            continue;
        }
        let writes = is_write(route);
        let message = match writes {
            true => "anybody may call this route, which can change something",
            false => "this route does not say who may call it",
        };
        let word = scheme.map_or("none", String::as_str);
        let help = match scheme {
            Some(name) => format!("write `auth: {name}`, or `auth: none` where everybody may call"),
            None => "name a scheme under `auth` and write it here, or write `auth: none` where everybody may call".into(),
        };
        let edits = context.editor().set(&route.pointer.key("auth"), &word.into());
        let mut finding = RULE
            .finding(Place::key(route.pointer.clone()), message)
            .help(help)
            .mend(edits.map(|edits| Fix {
                title: format!("add `auth: {word}`"),
                safe: false,
                edits,
            }));
        if !writes {
            finding.severity = Severity::Warn;
        }
        found.push(finding);
    }
}
