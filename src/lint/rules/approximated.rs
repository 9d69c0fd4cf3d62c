//! A chosen target keeps something with other numbers or edges.
//!
//! ## Why
//! Each of these is a difference that somebody may run into: a second burst across a window's edge, a counter a node. The
//! message has the number. In the strict preset alone, because `build` warns of each already; accepting one with a
//! reason under `targets.<t>.allow` settles it for both.
//!
//! ## On the targets
//! `gateway-gen targets` prints what each keeps; `gateway-gen explain <loss>` says why.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: everyone } }
//! services: { orders: "https://orders.shop.example" }
//! routes:
//!   GET /orders: { to: orders }
//! targets:
//!   kong: { allow: { own-answers: "whoever sends TRACE can do without Allow", access-log-fields: "the route is not needed in the log" } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! defaults: { auth: none, limit: { rate: 100/min, burst: 20, per: everyone } }
//! services: { orders: "https://orders.shop.example" }
//! routes:
//!   GET /orders: { to: orders }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `portability/approximated`
pub const RULE: Rule = Rule {
    code: code!("GG802", "portability/approximated", "approximated.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Strict,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Approximate, found);
}
