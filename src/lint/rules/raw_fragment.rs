//! Configuration that one engine alone understands is passed through.
//!
//! ## Why
//! The escape hatch is there to be used, but what stands in it means nothing to the other targets, to the local proxy or
//! to the proofs of equivalence, which leave such a route out. In the strict preset alone, as a list of where to look.
//!
//! ## On the targets
//! Each parses its own fragment, so that none breaks out of its block.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { media: "http://media:3000" }
//! routes:
//!   GET /media/*: { to: media, auth: none, raw: { nginx: "limit_rate 500k;" } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { media: "http://media:3000" }
//! routes:
//!   GET /media/*: { to: media, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `boundary/raw-fragment`
pub const RULE: Rule = Rule {
    code: code!("GG703", "boundary/raw-fragment", "raw_fragment.rs"),
    severity: Severity::Info,
    confidence: Confidence::Certain,
    preset: Preset::Strict,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (target, pointer) in raw::places(context) {
        found.push(
            RULE.finding(Place::value(pointer), format!("only `{target}` understands this"))
                .help("say it in the language where it can, so that every target does the same")
                .of_target(target),
        );
    }
}
