//! The largest request body is left to the default.
//!
//! ## Why
//! The default of 10 MB protects the gateway, but says nothing about what the services take. A number that is written
//! down is one that somebody thought about. In the strict preset alone: a default is not a mistake.
//!
//! ## On the targets
//! AWS takes at most 10 MB whatever the spec says; Kong and NGINX take any number.
//!
//! ## Fix
//! `--fix` writes the default down, which changes nothing but makes it visible.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   POST /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { max_body: 1MB }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   POST /orders: { to: orders, auth: none }
//! ```

use crate::lint::context::is_write;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Severity};
use crate::spec::Preset;

/// `limits/no-body-size`
pub const RULE: Rule = Rule {
    code: code!("GG204", "limits/no-body-size", "no_body_size.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Strict,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let size = context.gateway_pointer().key("max_body");
    if context.is_written(&size) {
        return;
    }
    let defaulted = context.forwards().any(|(route, _)| {
        is_write(route) && !context.is_written(&route.pointer.key("max_body"))
    });
    if defaulted {
        let edits = context.editor().set(&size, &"10MB".into());
        found.push(
            RULE.finding(context.gateway_place(), "no size of request bodies is written, so 10 MB hold")
                .help("write what the services take: `gateway.max_body: 1MB`")
                .mend(edits.map(|edits| Fix {
                    title: "write the default down".into(),
                    safe: true,
                    edits,
                })),
        );
    }
}
