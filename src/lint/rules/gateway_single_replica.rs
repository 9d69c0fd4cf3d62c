//! One gateway node carries everything.
//!
//! ## Why
//! When it restarts, all APIs behind it are down. Two nodes are what makes an update or a crash invisible. Where
//! `replicas: 1` is written this is a warning; where nothing is written the strict preset mentions it.
//!
//! ## On the targets
//! AWS runs its own nodes, so nothing is flagged where only AWS is built. For Kong and NGINX the number is what limits
//! and losses are reckoned with; how many processes run is decided where they are deployed.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { replicas: 1 }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { replicas: 2 }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `resilience/gateway-single-replica`
pub const RULE: Rule = Rule {
    code: code!("GG307", "resilience/gateway-single-replica", "gateway_single_replica.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let pointer = context.gateway_pointer().key("replicas");
    let written = context.is_written(&pointer);
    if context.gateway.replicas > 1 || context.is_managed_only() || !(written || context.is_strict()) {
        return;
    }
    let place = match written {
        true => Place::value(pointer),
        false => context.gateway_place(),
    };
    let mut finding = RULE
        .finding(place, "one gateway node carries everything")
        .help("run two or more behind a balancer: `gateway.replicas: 2`");
    if !written {
        finding.severity = Severity::Info;
    }
    found.push(finding);
}
