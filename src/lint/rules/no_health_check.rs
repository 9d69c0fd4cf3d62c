//! A service has several targets, but nobody asks whether they are well.
//!
//! ## Why
//! Without probes, a target that has died is found by the requests that fail on it, again and again. With them it is
//! left out before a client notices, and comes back by itself. `health: none` is said in so many words and accepted. The
//! strict preset asks for it on every service, because a probe also tells whether to answer 503 at once.
//!
//! ## On the targets
//! Kong probes by itself. Open source NGINX has no probes and counts failures of real requests instead, which it
//! declares as a loss. On AWS the load balancer in front of the targets probes.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: { targets: ["http://orders-1:3000", "http://orders-2:3000"] }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: { targets: ["http://orders-1:3000", "http://orders-2:3000"], health: { path: /healthz } }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::services::{is_managed, with_key};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `resilience/no-health-check`
pub const RULE: Rule = Rule {
    code: code!("GG301", "resilience/no-health-check", "no_health_check.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        let pointer = service.pointer.key("health");
        let several = service.targets.len() > 1;
        let asked = several || context.is_strict();
        if service.health.is_some() || context.says_none(&pointer) || !asked || is_managed(context, service) {
            continue;
        }
        let message = match several {
            true => format!(
                "`{}` has {} targets and nobody asks whether they are well",
                service.name,
                service.targets.len()
            ),
            false => format!("nobody asks whether `{}` is well", service.name),
        };
        let probe = serde_json::json!({ "path": "/healthz" });
        let edits = with_key(context, service, "health", &probe);
        let mut finding = RULE
            .finding(Place::key(service.pointer.clone()), message)
            .help("name a path that answers 2xx when the service works: `health: { path: /healthz }`")
            .mend(edits.map(|edits| Fix {
                title: "probe `/healthz`".into(),
                safe: false,
                edits,
            }));
        if !several {
            finding.severity = Severity::Info;
        }
        found.push(finding);
    }
}
