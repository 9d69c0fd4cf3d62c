//! A usage plan belongs to no consumer.
//!
//! ## Why
//! A plan without a consumer limits nobody. Usually the line that would attach it was forgotten, and the limits and
//! quotas that somebody relies on do not exist.
//!
//! ## On the targets
//! AWS creates the plan and bills nobody for it; Kong and NGINX leave it out.
//!
//! ## Fix
//! `--fix` removes the plan, which changes nothing that is built. To keep it, name it at a consumer instead.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth: { keys: { api_key: { header: X-API-Key } } }
//! consumers: { acme: { plan: basic, api_key: "secret://acme-key" } }
//! plans:
//!   basic: { limit: { rate: 100/s, burst: 50 } }
//!   gold: { limit: { rate: 1000/s, burst: 500 } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: keys }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth: { keys: { api_key: { header: X-API-Key } } }
//! consumers: { acme: { plan: basic, api_key: "secret://acme-key" } }
//! plans:
//!   basic: { limit: { rate: 100/s, burst: 50 } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: keys }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `limits/plan-unattached`
pub const RULE: Rule = Rule {
    code: code!("GG208", "limits/plan-unattached", "plan_unattached.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (name, plan) in &context.gateway.plans {
        let mut consumers = context.gateway.consumers.values();
        if consumers.any(|consumer| consumer.plan.as_ref() == Some(name)) {
            continue;
        }
        let edits = context.editor().remove(&plan.pointer);
        found.push(
            RULE.finding(
                Place::key(plan.pointer.clone()),
                format!("no consumer has the plan `{name}`, so it limits nobody"),
            )
            .help(format!("name it at a consumer (`plan: {name}`), or remove it"))
            .mend(edits.map(|edits| Fix {
                title: "remove the plan".into(),
                safe: true,
                edits,
            })),
        );
    }
}
