//! A target does not keep how schemes or scopes are combined.
//!
//! ## Why
//! "Both" that becomes "either" opens a route, and nothing in the built configuration shows it. A build says so as a
//! loss; because it is about who may call, it has a rule of its own.
//!
//! ## On the targets
//! Kong without functions looks at no scopes, and its plugins for several schemes are any-of or all-of as a whole. AWS
//! and NGINX run code that checks what is written. A loss that `targets.<t>.allow` names with a reason is not flagged;
//! where it is a missing check, the route answers 501 there.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: customers, scopes: ["orders:read"] }
//! targets: { kong: { functions: false } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: customers, scopes: ["orders:read"] }
//! targets: { kong: {} }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `auth/scope-combination-lost`
pub const RULE: Rule = Rule {
    code: code!("GG111", "auth/scope-combination-lost", "scope_combination_lost.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Combination, found);
}
