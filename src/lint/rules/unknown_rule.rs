//! The `lint` section sets the level of a rule that does not exist.
//!
//! ## Why
//! A misspelt name switches nothing off and nothing on, and looks as if it did.
//!
//! ## On the targets
//! Levels are for lint alone; nothing that is built depends on them.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! lint: { rules: { limits/no-body-sise: off } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! lint: { rules: { limits/no-body-size: off } }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::Levels;
use crate::report::{Diagnostic, Place, Severity};
use crate::source::nearest;
use crate::spec::Preset;

/// `hygiene/unknown-rule`
pub const RULE: Rule = Rule {
    code: code!("GG905", "hygiene/unknown-rule", "unknown_rule.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let levels = Levels::new(&context.spec.lint, None);
    for (pointer, word) in levels.unknown() {
        let names = super::ALL.iter().flat_map(|rule| [rule.code.name, rule.code.id]);
        let help = match nearest(word, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "rules are named by id (`GG201`) or name (`limits/route-without-limit`)".into(),
        };
        found.push(
            RULE.finding(Place::key(pointer), format!("there is no rule `{word}`"))
                .help(help),
        );
    }
}
