//! A target looks services' names up once, when it starts, and keeps the addresses.
//!
//! ## Why
//! When a service moves, requests go on to where it was until somebody reloads the gateway. In a cluster without stable
//! addresses that is every deployment. Names that stand for a balancer or a cluster address are safe; an allow comment
//! at the target says so. In the strict preset alone.
//!
//! ## On the targets
//! Open source NGINX resolves the names in an `upstream` block at start; Kong and AWS look names up while they run.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders.shop.internal:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { nginx: {} }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders.shop.internal:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { kong: {} }
//! ```

use std::net::IpAddr;

use crate::ir::Service;
use crate::lint::page::code;
use crate::lint::zone::{Zone, zone};
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::source::Pointer;
use crate::spec::Preset;

/// `resilience/static-dns`
pub const RULE: Rule = Rule {
    code: code!("GG308", "resilience/static-dns", "static_dns.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Strict,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let services = context.gateway.services.values();
    let named: Vec<&Service> = services.filter(|service| has_name(service)).collect();
    let Some(first) = named.first().filter(|_| context.spec.targets.nginx.is_some()) else {
        return;
    };
    let pointer = Pointer::root().key("targets").key("nginx");
    let message = match named.len() {
        1 => format!("the address of `{}` is looked up at start and kept", first.name),
        n => format!("the addresses of {n} services are looked up at start and kept"),
    };
    let finding = RULE
        .finding(Place::key(pointer), message)
        .help("reload when a service moves, or use names that stand for a balancer and say so in an allow comment")
        .of_target("nginx");
    let places = named.iter().take(4).map(|service| Place::key(service.pointer.clone()));
    found.push(places.fold(finding, |finding, place| finding.related(place, "by name")));
}

/// Whether the target would have to look a name up.
fn has_name(service: &Service) -> bool {
    let is_name = |host: &str| host.parse::<IpAddr>().is_err() && zone(host) != Zone::Loopback;
    match &service.via.nginx {
        Some(address) => is_name(&address.host),
        None => service.targets.iter().any(|target| is_name(&target.address.host)),
    }
}
