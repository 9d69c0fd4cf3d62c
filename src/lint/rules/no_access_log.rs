//! Nothing is written about requests.
//!
//! ## Why
//! Without an access log an attack, a failing service and a mistake of one's own all look the same: like nothing.
//!
//! ## On the targets
//! AWS writes to CloudWatch, Kong and NGINX to a file or stdout, all as JSON with the same fields.
//!
//! ## Fix
//! `--fix` writes `access_log: json`, the default.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway: { access_log: none }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway: { access_log: json }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::ir::AccessLog;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `observability/no-access-log`
pub const RULE: Rule = Rule {
    code: code!("GG404", "observability/no-access-log", "no_access_log.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.gateway.access_log.value != AccessLog::None {
        return;
    }
    let pointer = context.gateway_pointer().key("access_log");
    let edits = context.editor().replace(&pointer, &"json".into());
    found.push(
        RULE.finding(Place::value(pointer), "nothing is written about requests")
            .help("write `access_log: json`, or leave the key out")
            .mend(edits.map(|edits| Fix {
                title: "log as JSON".into(),
                safe: true,
                edits,
            })),
    );
}
