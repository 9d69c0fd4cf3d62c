//! A target looks a service's name up once, when it starts, and keeps the addresses.
//!
//! ## Why
//! When the service moves, requests go on to where it was until somebody reloads the gateway. In a cluster that is every
//! deployment.
//!
//! ## On the targets
//! The target itself says where this holds: open source NGINX resolves the names in an `upstream` block at start, and
//! declares it as a loss; Kong and AWS look names up while they run. A loss that `targets.<t>.allow` names is not flagged.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders.shop.internal:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { nginx: {} }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders.shop.internal:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets: { kong: {} }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `resilience/static-dns`
pub const RULE: Rule = Rule {
    code: code!("GG308", "resilience/static-dns"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Strict,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Names, found);
}
