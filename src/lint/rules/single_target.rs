//! A service is one fixed address: when that machine is down, so is the service.
//!
//! ## Why
//! A name can stand for many instances, through DNS or a balancer behind it. A literal address is one machine (or a
//! balancer, which an allow comment can say). Several targets, or a name, let the service outlive one of them.
//!
//! ## On the targets
//! None of them can help: they forward to what they are given. `via` gives AWS another address, such as a function.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: http://10.0.3.7:3000
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: http://orders.shop.internal:3000
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use std::net::IpAddr;

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::services::{is_local, is_managed};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `resilience/single-target`
pub const RULE: Rule = Rule {
    code: code!("GG302", "resilience/single-target", "single_target.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        let [target] = service.targets.as_slice() else {
            continue;
        };
        let host = &target.address.host;
        if host.parse::<IpAddr>().is_err() || is_local(service) || is_managed(context, service) {
            continue;
        }
        found.push(
            RULE.finding(
                Place::value(target.pointer.clone()),
                format!("`{}` is one machine, {host}: without it the service is down", service.name),
            )
            .help("name several `targets`, or a host name that stands for several instances"),
        );
    }
}
