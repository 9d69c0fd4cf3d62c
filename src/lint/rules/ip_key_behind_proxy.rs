//! Clients are told apart by address, but behind a balancer every client has the balancer's.
//!
//! ## Why
//! Several gateway nodes are reached through something that spreads requests over them. Unless its address is in
//! `trusted_proxies`, the gateway takes it for the client: all clients together share one bucket, and the first busy one
//! locks all others out. A balancer that keeps client addresses (layer 4 with the PROXY protocol or direct return) needs
//! none; say so in an allow comment.
//!
//! ## On the targets
//! AWS sees clients itself, so nothing is flagged where only AWS is built. Kong (`trusted_ips`) and NGINX
//! (`set_real_ip_from`) get the list.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { replicas: 2 }
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: client_ip } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { replicas: 2, trusted_proxies: [10.0.0.0/8] }
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: client_ip } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders }
//! ```

use std::collections::HashSet;

use crate::ir::{Auth, LimitKey};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `limits/ip-key-behind-proxy`
pub const RULE: Rule = Rule {
    code: code!("GG202", "limits/ip-key-behind-proxy", "ip_key_behind_proxy.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let gateway = context.gateway;
    if gateway.replicas < 2 || !gateway.trusted_proxies.is_empty() || context.is_managed_only() {
        return;
    }
    let mut seen = HashSet::new();
    for route in &gateway.routes {
        let anonymous = matches!(route.auth.value, Auth::None { .. });
        let by_address = route.limits.iter().filter(|limit| match limit.key {
            LimitKey::ClientIp => true,
            LimitKey::Consumer => anonymous,
            LimitKey::Everyone | LimitKey::Header(_) | LimitKey::Claim(_) => false,
        });
        for limit in by_address {
            if seen.insert(&limit.pointer) {
                found.push(finding(context, limit.pointer.clone()));
            }
        }
    }
}

fn finding(context: &Context<'_>, pointer: crate::source::Pointer) -> Diagnostic {
    let nodes = context.gateway.replicas;
    let message = format!(
        "{nodes} nodes stand behind a balancer, whose address this limit takes for every client's"
    );
    let private = serde_json::json!(["10.0.0.0/8"]);
    let list = context.gateway_pointer().key("trusted_proxies");
    let edits = context.editor().set(&list, &private);
    let place = match context.is_written(&pointer.key("per")) {
        true => Place::value(pointer.key("per")),
        false => Place::value(pointer),
    };
    RULE.finding(place, message)
        .help("name the balancer's addresses: `gateway.trusted_proxies: [10.0.0.0/8]`")
        .mend(edits.map(|edits| Fix {
            title: "trust private addresses as proxies".into(),
            safe: false,
            edits,
        }))
}
