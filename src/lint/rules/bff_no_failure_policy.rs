//! A gather's part says nothing about what happens when it fails.
//!
//! ## Why
//! Without `required` and without `or`, a part that fails becomes `null`, and a frontend that never met a `null` there
//! breaks on the first bad day of one service. Either the part is `required`, and its failure the whole answer's, or `or`
//! says what stands for it.
//!
//! ## On the targets
//! Wherever gathers run, the same is done.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { users: "http://users:3000", orders: "http://orders:3000" }
//! bff: http://bff:8090
//! routes:
//!   GET /dashboard/{id}:
//!     auth: none
//!     gather:
//!       user: { from: "users GET /users/{id}", required: true }
//!       orders: { from: "orders GET /orders?user={id}" }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { users: "http://users:3000", orders: "http://orders:3000" }
//! bff: http://bff:8090
//! routes:
//!   GET /dashboard/{id}:
//!     auth: none
//!     gather:
//!       user: { from: "users GET /users/{id}", required: true }
//!       orders: { from: "orders GET /orders?user={id}", timeout: 500ms, or: [] }
//! ```

use crate::ir::Action;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `boundary/bff-no-failure-policy`
pub const RULE: Rule = Rule {
    code: code!("GG706", "boundary/bff-no-failure-policy", "bff_no_failure_policy.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for route in &context.gateway.routes {
        let Action::Gather(gather) = &route.action else {
            continue;
        };
        for part in &gather.parts {
            let said = |key: &str| context.is_written(&part.pointer.key(key));
            if said("required") || said("or") {
                continue;
            }
            let required = part.pointer.key("required");
            let edits = context.editor().set(&required, &true.into());
            found.push(
                RULE.finding(
                    Place::key(part.pointer.clone()),
                    format!("`{}` silently becomes `null` when `{}` fails", part.name, part.service),
                )
                .help("write `required: true`, or what stands for it: `or: []`")
                .mend(edits.map(|edits| Fix {
                    title: "make the part required".into(),
                    safe: false,
                    edits,
                })),
            );
        }
    }
}
