//! The certificate of a service is not checked.
//!
//! ## Why
//! TLS without a check of who answers keeps out those who only listen. Whoever can step in between reads and changes
//! everything, with any certificate at all. Roots of one's own (`ca`) keep the check for services inside.
//!
//! ## On the targets
//! NGINX does not check unless told, and is told; Kong has `tls_verify`; AWS can only leave the check out as a whole.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "https://orders:3443", tls: { verify: false } }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "https://orders:3443" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `transport/upstream-not-verified`
pub const RULE: Rule = Rule {
    code: code!("GG505", "transport/upstream-not-verified", "upstream_not_verified.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        let Some(tls) = &service.tls else { continue };
        if tls.verify {
            continue;
        }
        let pointer = service.pointer.key("tls").key("verify");
        let edits = context.editor().remove(&pointer);
        found.push(
            RULE.finding(
                Place::value(pointer),
                format!("anybody can answer in the name of `{}`", service.name),
            )
            .help("check it, against roots of your own where needed: `tls: { ca: tls/ca.crt }`")
            .mend(edits.map(|edits| Fix {
                title: "check the certificate".into(),
                safe: false,
                edits,
            })),
        );
    }
}
