//! One time limit can never run out before another that it is meant to come before.
//!
//! ## Why
//! A connection that may take longer than the whole answer, or a probe that may take longer than the pause between two
//! probes, shows that two numbers were mixed up: the shorter one always wins, and the longer one has no meaning.
//!
//! ## On the targets
//! Each does something else with overlapping probes: Kong starts the next one, a load balancer on AWS refuses the
//! configuration.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "http://orders:3000", health: { path: /healthz, every: 2s, timeout: 10s } }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "http://orders:3000", health: { path: /healthz, every: 10s, timeout: 2s } }
//! routes:
//!   GET /orders: { to: orders, auth: none, timeout: { connect: 1s, response: 5s } }
//! ```

use std::collections::HashSet;

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `resilience/timeout-inversion`
pub const RULE: Rule = Rule {
    code: code!("GG305", "resilience/timeout-inversion", "timeout_inversion.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        let Some(health) = &service.health else {
            continue;
        };
        if health.timeout > health.every {
            let message = format!(
                "a probe may take {}, but the next one starts after {}",
                health.timeout, health.every
            );
            found.push(
                RULE.finding(Place::value(health.pointer.key("timeout")), message)
                    .help("make `timeout` shorter than `every`"),
            );
        }
    }
    let mut seen = HashSet::new();
    for (route, _) in context.forwards() {
        let timeout = &route.timeout;
        if timeout.connect > timeout.response && seen.insert(&timeout.pointer) {
            let message = format!(
                "connecting may take {}, longer than the {} for the whole answer",
                timeout.connect, timeout.response
            );
            found.push(
                RULE.finding(Place::value(timeout.pointer.clone()), message)
                    .help("make `connect` shorter than `response`"),
            );
        }
    }
}
