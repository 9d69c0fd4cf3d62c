//! A chosen target cannot express something that the spec asks for.
//!
//! ## Why
//! The target would be built without it, so it is not built at all until the loss is accepted with a reason, or what
//! asks for it goes. How schemes are combined and how requests are matched have rules of their
//! own. Targets are chosen by naming them under `targets`.
//!
//! ## On the targets
//! `gateway-gen targets` prints what each keeps; `gateway-gen explain <loss>` says why.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth: { staff: { basic: { realm: staff } } }
//! consumers: { carol: { basic: { username: carol, password: "secret://carol-password" } } }
//! services:
//!   orders: { url: "https://orders.shop.example", breaker: { failures: 5, open: 30s } }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { aws: {} }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "https://orders.shop.example" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `portability/unsupported`
pub const RULE: Rule = Rule {
    code: code!("GG801", "portability/unsupported", "unsupported.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Unsupported, found);
}
