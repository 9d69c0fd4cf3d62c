//! A target does not keep how schemes or scopes are combined.
//!
//! ## Why
//! "Both" that becomes "either" opens a route, and nothing in the built configuration shows it. A build says so as a
//! loss; because it is about who may call, it has a rule of its own.
//!
//! ## On the targets
//! An HTTP API on AWS has one authorizer a route, and its scopes are any-of. Kong's plugins for several schemes are
//! any-of with `anonymous`, all-of without. NGINX checks what njs is told to check. A loss that `targets.<t>.allow`
//! names with a reason is not flagged; where it is a missing check the route answers 501 there.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//!   partners: { api_key: { header: X-API-Key } }
//! consumers: { acme: { api_key: "secret://acme-key" } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: { all: [customers, partners] } }
//! targets: { aws: { api: http } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: customers }
//! targets: { aws: { api: http } }
//! ```

use crate::lint::losses::{self, Theme};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `auth/scope-combination-lost`
pub const RULE: Rule = Rule {
    code: code!("GG111", "auth/scope-combination-lost"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    losses::report(context, &RULE, Theme::Combination, found);
}
