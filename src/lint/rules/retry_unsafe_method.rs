//! Requests that change something are sent again when an answer is missing.
//!
//! ## Why
//! A POST whose answer got lost may have done its work. Sent again, it does it twice: two orders, two payments. The
//! language's own `retries` never do that. Raw configuration can: `non_idempotent` tells NGINX to.
//!
//! ## On the targets
//! NGINX keeps to safe and idempotent methods unless told otherwise; Kong retries on connection errors alone; AWS never.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "http://orders:3000", raw: { nginx: "proxy_next_upstream error timeout non_idempotent;" } }
//! routes:
//!   POST /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services:
//!   orders: { url: "http://orders:3000", retries: { attempts: 1, when: [connect] } }
//! routes:
//!   POST /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `resilience/retry-unsafe-method`
pub const RULE: Rule = Rule {
    code: code!("GG306", "resilience/retry-unsafe-method", "retry_unsafe_method.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    raw::directives(context, |directive, place| {
        let unsafe_retry = directive.args.iter().any(|word| word == "non_idempotent");
        if directive.name == "proxy_next_upstream" && unsafe_retry {
            found.push(
                RULE.finding(place, "a request that changes something may be sent twice")
                    .help("use `retries` of the spec, which repeat idempotent methods alone")
                    .of_target("nginx"),
            );
        }
    });
}
