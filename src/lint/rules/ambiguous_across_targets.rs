//! Which route takes a request differs on a target.
//!
//! ## Why
//! The spec's precedence does not depend on order, but engines have rules of their own: by length, by kind, by order. A
//! request that goes to another route there gets another service, other checks and other limits.
//!
//! ## On the targets
//! AWS has one set of paths for all hosts of an API. Kong and NGINX match as the spec means it. A loss that `targets.<t>.allow` names with a
//! reason is not flagged.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { hosts: [api.shop.example, admin.shop.example] }
//! services: { orders: "https://orders.shop.example" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//!   GET admin.shop.example/orders: { to: orders, auth: none }
//! targets: { aws: {} }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "https://orders.shop.example" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { aws: {} }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `routing/ambiguous-across-targets`
pub const RULE: Rule = Rule {
    code: code!("GG602", "routing/ambiguous-across-targets", "ambiguous_across_targets.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Matching, found);
}
