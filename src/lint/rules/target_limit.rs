//! A chosen target refuses the spec: a setting, a raw fragment or a size that it does not take.
//!
//! ## Why
//! `build` would stop at it. Lint says so in the editor and in the review, before anybody builds.
//!
//! ## On the targets
//! Each names its own limits: how many resources an API may have, which plugins an edition knows, what its grammar takes.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { media: "http://media:3000" }
//! routes:
//!   GET /media/*: { to: media, auth: none, raw: { nginx: "limit_rate 500k; } server {" } }
//! targets: { nginx: {} }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { media: "http://media:3000" }
//! routes:
//!   GET /media/*: { to: media, auth: none, raw: { nginx: "limit_rate 500k;" } }
//! targets: { nginx: {} }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Severity};
use crate::spec::Preset;

/// `portability/target-limit`
pub const RULE: Rule = Rule {
    code: code!("GG803", "portability/target-limit", "target_limit.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for chosen in &context.targets {
        let errors = chosen.refused.iter();
        for refused in errors.filter(|refused| refused.severity == Severity::Error) {
            let id = chosen.target.id;
            let message = format!("`{id}` refuses this ({}): {}", refused.code.id, refused.message);
            let mut finding = RULE.finding(refused.place.clone(), message).of_target(id);
            finding.help.clone_from(&refused.help);
            finding.related.clone_from(&refused.related);
            found.push(finding);
        }
    }
}
