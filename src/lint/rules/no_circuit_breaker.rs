//! A service has no circuit breaker.
//!
//! ## Why
//! A service that hangs holds every request until its timeout, and with them connections and memory of the gateway, until
//! routes to healthy services suffer too. A breaker stops asking after a few failures and answers 503 at once.
//! `breaker: none` is said in so many words and accepted. A service on the loopback address lives and dies with the
//! gateway and is left alone.
//!
//! ## On the targets
//! Kong has passive health checks and NGINX `max_fails`; AWS has neither and declares a loss, and a function behind it
//! is looked after by the cloud.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: http://orders:3000
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "http://orders:3000", breaker: { failures: 5, open: 30s } }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::services::{is_local, is_managed, with_key};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `resilience/no-circuit-breaker`
pub const RULE: Rule = Rule {
    code: code!("GG303", "resilience/no-circuit-breaker", "no_circuit_breaker.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        let said = context.says_none(&service.pointer.key("breaker"));
        let covered = service.breaker.is_some() || said;
        if covered || is_local(service) || is_managed(context, service) {
            continue;
        }
        let breaker = serde_json::json!({ "failures": 5, "open": "30s" });
        let edits = with_key(context, service, "breaker", &breaker);
        found.push(
            RULE.finding(
                Place::key(service.pointer.clone()),
                format!("nothing stops requests to `{}` while it fails", service.name),
            )
            .help("stop asking after a few failures: `breaker: { failures: 5, open: 30s }`")
            .mend(edits.map(|edits| Fix {
                title: "break after 5 failures, for 30 s".into(),
                safe: false,
                edits,
            })),
        );
    }
}
