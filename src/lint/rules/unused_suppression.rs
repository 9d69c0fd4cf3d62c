//! An allow comment allows nothing, or does not say why.
//!
//! ## Why
//! `# gateway-gen: allow(<rule>) <reason>` is a decision. Without a reason nobody can tell later whether it still holds,
//! so a comment without one allows nothing. A comment whose finding is gone hides the next one of its kind.
//!
//! ## On the targets
//! Comments are for lint alone; nothing that is built depends on them.
//!
//! ## Fix
//! `--fix` removes a comment that allows nothing.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   # gateway-gen: allow(limits/route-without-limit) asked once a day by a cron job
//!   GET /orders: { to: orders, auth: none, limit: { rate: 100/min } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   # gateway-gen: allow(limits/route-without-limit) asked once a day by a cron job
//!   GET /orders: { to: orders, auth: none, limit: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `hygiene/unused-suppression`
pub const RULE: Rule = Rule {
    code: code!("GG904", "hygiene/unused-suppression", "unused_suppression.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

/// What comments allow is known only when all other rules have spoken: [`crate::lint`] asks then.
fn check(_: &Context<'_>, _: &mut Vec<Diagnostic>) {}
