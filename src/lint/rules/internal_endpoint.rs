//! A path that is meant for operators is open to everybody.
//!
//! ## Why
//! Metrics, actuators, profilers and debug pages tell an attacker versions, addresses and sometimes memory. They belong
//! behind `auth` or an `ip` list, or on a port that the gateway does not forward to at all.
//!
//! ## On the targets
//! All of them forward what the route says.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /actuator/*: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /actuator/*: { to: orders, auth: none, ip: { allow: [10.0.0.0/8] } }
//! ```

use crate::ir::{Auth, Segment};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `routing/internal-endpoint`
pub const RULE: Rule = Rule {
    code: code!("GG606", "routing/internal-endpoint", "internal_endpoint.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Possible,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

const INTERNAL: [&str; 14] = [
    "actuator",
    "admin",
    "debug",
    "env",
    "heapdump",
    "internal",
    "jmx",
    "jolokia",
    "metrics",
    "nginx_status",
    "phpmyadmin",
    "pprof",
    "server-status",
    "threaddump",
];

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (route, _) in context.forwards() {
        let listed = route.ip.as_ref().is_some_and(|ip| !ip.allow.is_empty());
        if listed || !matches!(route.auth.value, Auth::None { .. }) {
            continue;
        }
        let internal = route.pattern.segments.iter().find_map(|segment| match segment {
            Segment::Literal(text) => INTERNAL.contains(&text.as_str()).then_some(text),
            Segment::Param(_) => None,
        });
        if let Some(word) = internal {
            found.push(
                RULE.finding(
                    Place::key(route.pointer.clone()),
                    format!("`{word}` looks meant for operators, and everybody may call it"),
                )
                .help("ask for `auth`, list the addresses that may call (`ip: { allow: [..] }`), or remove the route"),
            );
        }
    }
}
