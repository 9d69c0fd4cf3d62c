//! Requests go to a public host over plain HTTP.
//!
//! ## Why
//! What the gateway protects towards its clients it then sends across the internet in clear. Inside a network of one's
//! own (a name without a dot, `.internal`, `.local`, `.svc`, a private or loopback address) nothing is flagged.
//!
//! ## On the targets
//! All of them forward over whatever the URL says. A service that AWS reaches by `via` does not use the URL there.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   geo: http://api.geo.example
//! routes:
//!   GET /geo/*: { to: geo, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   geo: https://api.geo.example
//!   orders: http://orders:3000
//! routes:
//!   GET /geo/*: { to: geo, auth: none }
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::ir::Protocol;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::services::is_managed;
use crate::lint::zone::{Zone, zone};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `transport/upstream-plaintext`
pub const RULE: Rule = Rule {
    code: code!("GG504", "transport/upstream-plaintext", "upstream_plaintext.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for service in context.gateway.services.values() {
        if is_managed(context, service) {
            continue;
        }
        for target in &service.targets {
            let address = &target.address;
            if address.protocol != Protocol::Http || zone(&address.host) != Zone::Public {
                continue;
            }
            let pointer = match context.is_written(&target.pointer.key("url")) {
                true => target.pointer.key("url"),
                false => target.pointer.clone(),
            };
            let written = context.document.text(&pointer).unwrap_or_default();
            let secure = written.strip_prefix("http:").map(|rest| format!("https:{rest}"));
            let edits = secure.and_then(|url| context.editor().replace(&pointer, &url.into()));
            found.push(
                RULE.finding(
                    Place::value(pointer),
                    format!("requests to `{}` cross the internet in clear", service.name),
                )
                .help("use `https`; for a network of your own, a name under `.internal` says so")
                .mend(edits.map(|edits| Fix {
                    title: "write `https`".into(),
                    safe: false,
                    edits,
                })),
            );
        }
    }
}
