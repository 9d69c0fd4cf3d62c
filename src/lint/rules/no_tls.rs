//! The gateway speaks plain HTTP alone.
//!
//! ## Why
//! Whoever is on the way reads and changes everything: tokens, keys, passwords, answers. Where routes ask for
//! credentials, or the gateway answers for public host names, this is an error. Otherwise it is a warning, and so it is
//! where `trusted_proxies` says that something stands in front, which may speak TLS.
//!
//! ## On the targets
//! AWS always speaks TLS, so nothing is flagged where only AWS is built. Kong and NGINX need a certificate.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { hosts: [api.shop.example] }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway:
//!   hosts: [api.shop.example]
//!   tls: { acm_arn: "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555" }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { aws: {} }
//! ```

use crate::ir::{HostPattern, SchemeKind};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::zone::{Zone, zone};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `transport/no-tls`
pub const RULE: Rule = Rule {
    code: code!("GG501", "transport/no-tls", "no_tls.rs"),
    severity: Severity::Error,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let gateway = context.gateway;
    if gateway.tls.is_some() || context.is_managed_only() {
        return;
    }
    let fronted = !gateway.trusted_proxies.is_empty();
    let public = gateway.hosts.iter().any(|host| match host {
        HostPattern::Exact(name) | HostPattern::Below(name) => zone(name) == Zone::Public,
    });
    let (severity, message) = match (fronted, credentials(context), public) {
        (true, _, _) => (
            Severity::Warn,
            "the gateway speaks plain HTTP alone; does what stands before it speak TLS?".to_owned(),
        ),
        (false, Some(what), _) => (
            Severity::Error,
            format!("{what} travel in clear, because the gateway has no TLS"),
        ),
        (false, None, true) => (
            Severity::Error,
            "public hosts are served over plain HTTP alone".to_owned(),
        ),
        (false, None, false) => (
            Severity::Warn,
            "the gateway speaks plain HTTP alone".to_owned(),
        ),
    };
    let mut finding = RULE.finding(context.gateway_place(), message).help(
        "give it a certificate: `gateway.tls: { certificate: tls/gateway.crt, key: \"secret://gateway-tls-key\", redirect_http: true }`",
    );
    finding.severity = severity;
    found.push(finding);
}

/// What clients send to prove who they are, if routes ask for it.
fn credentials(context: &Context<'_>) -> Option<&'static str> {
    let gateway = context.gateway;
    let mut names = gateway.routes.iter().flat_map(|route| route.auth.schemes());
    let scheme = names.find_map(|name| gateway.schemes.get(name))?;
    Some(match scheme.kind {
        SchemeKind::Jwt(_) => "tokens",
        SchemeKind::ApiKey(_) => "API keys",
        SchemeKind::Basic(_) => "passwords",
        SchemeKind::External(_) => "credentials",
    })
}
