//! Requests carry no ID.
//!
//! ## Why
//! Without an ID that goes from the client through the gateway to every service and back, nobody can say which lines in
//! which logs belong to the request that a user complains about.
//!
//! ## On the targets
//! AWS, Kong (`correlation-id`) and NGINX (`$request_id`) all can; with `none` they leave it out.
//!
//! ## Fix
//! `--fix` removes `request_id: none`, so that `X-Request-ID` is used as it is by default.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { request_id: none, max_body: 1MB }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { request_id: X-Correlation-ID }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `observability/no-request-id`
pub const RULE: Rule = Rule {
    code: code!("GG401", "observability/no-request-id", "no_request_id.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.gateway.request_id.is_some() {
        return;
    }
    let pointer = context.gateway_pointer().key("request_id");
    let edits = context.editor().remove(&pointer);
    found.push(
        RULE.finding(Place::value(pointer), "requests get no ID, so their traces can't be put together")
            .help("leave the key out, for `X-Request-ID`, or name another header")
            .mend(edits.map(|edits| Fix {
                title: "use the default, `X-Request-ID`".into(),
                safe: true,
                edits,
            })),
    );
}
