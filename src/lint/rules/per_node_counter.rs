//! Every gateway node counts for itself, so the real limit is a multiple of the written one.
//!
//! ## Why
//! With `counters: local` each of the `replicas` has buckets of its own. A client whose requests are spread over two
//! nodes gets twice the limit, over ten nodes ten times. Shared counters make the number true again.
//!
//! ## On the targets
//! AWS counts in one place, so nothing is flagged where only AWS is built. Kong counts `local` or in Redis; open source
//! NGINX counts in each node's memory alone, which it declares as a loss.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { replicas: 3, trusted_proxies: [10.0.0.0/8] }
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: client_ip } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { replicas: 3, trusted_proxies: [10.0.0.0/8], counters: { redis: "redis://redis:6379" } }
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: client_ip } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders }
//! ```

use crate::ir::{Counters, Gateway};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `limits/per-node-counter`
pub const RULE: Rule = Rule {
    code: code!("GG207", "limits/per-node-counter", "per_node_counter.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let gateway = context.gateway;
    let local = matches!(gateway.counters.value, Counters::Local);
    if gateway.replicas < 2 || !local || !counts(gateway) || context.is_managed_only() {
        return;
    }
    let replicas = gateway.replicas;
    let message = format!(
        "each of {replicas} nodes counts for itself: up to {replicas} times every limit and quota gets through"
    );
    let place = Place::key(context.gateway_pointer().key("replicas"));
    found.push(
        RULE.finding(place, message)
            .help("count in one place: `gateway.counters: { redis: \"redis://host:6379\" }`"),
    );
}

fn counts(gateway: &Gateway) -> bool {
    !gateway.limits.is_empty()
        || gateway.routes.iter().any(|route| !route.limits.is_empty())
        || gateway
            .plans
            .values()
            .any(|plan| plan.quota.is_some() || !plan.limits.is_empty())
}
