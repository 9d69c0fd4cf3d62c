//! A request may wait longer for a service than anybody waits for the answer.
//!
//! ## Why
//! Browsers, balancers and users give up long before a minute has passed, while the gateway goes on holding the
//! connection. Over 60 s is an error, because what stands in front usually closes first and the client gets its 504, not
//! yours; over 30 s a warning. The strict preset mentions what is over 10 s, and routes for which no timeout is written
//! anywhere, so that the default of 30 s holds. WebSocket connections are left alone.
//!
//! ## On the targets
//! AWS answers 504 after 29 s (REST) or 30 s (HTTP API) whatever is written. Kong and NGINX keep any number.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none, timeout: { response: 90s } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none, timeout: { connect: 1s, response: 5s } }
//! ```

use std::collections::HashSet;

use crate::ir::Route;
use crate::ir::units::Millis;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `resilience/timeout-missing-or-long`
pub const RULE: Rule = Rule {
    code: code!("GG304", "resilience/timeout-missing-or-long", "timeout_missing_or_long.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    let mut missing: Option<&Route> = None;
    for (route, _) in context.forwards().filter(|(route, _)| !route.websocket) {
        let timeout = &route.timeout;
        if !timeout.explicit {
            missing = missing.or(Some(route));
        } else if let Some((severity, message)) = long(timeout.response)
            && (severity > Severity::Info || context.is_strict())
            && seen.insert(&timeout.pointer)
        {
            let pointer = timeout.pointer.key("response");
            let edits = context.editor().replace(&pointer, &"10s".into());
            let mut finding = RULE
                .finding(Place::value(pointer), message)
                .help("answer fast, or accept the work with 202 and let the client ask for the result")
                .mend(edits.map(|edits| Fix {
                    title: "wait 10 s at most".into(),
                    safe: false,
                    edits,
                }));
            finding.severity = severity;
            found.push(finding);
        }
    }
    if let Some(route) = missing.filter(|_| context.is_strict()) {
        found.push(unwritten(context, route));
    }
}

fn long(response: Millis) -> Option<(Severity, String)> {
    let waits = |bound: &str| format!("a request may wait {response} for its answer, which is over {bound}");
    match response.0 {
        60_001.. => Some((Severity::Error, waits("60 s"))),
        30_001.. => Some((Severity::Warn, waits("30 s"))),
        10_001.. => Some((Severity::Info, waits("10 s"))),
        _ => None,
    }
}

fn unwritten(context: &Context<'_>, route: &Route) -> Diagnostic {
    let pointer = crate::source::Pointer::root().key("defaults").key("timeout");
    let timeout = serde_json::json!({ "connect": "1s", "response": "5s" });
    let edits = (!context.is_written(&pointer))
        .then(|| context.editor().set(&pointer, &timeout))
        .flatten();
    let mut finding = RULE
        .finding(
            Place::key(route.pointer.clone()),
            "no timeout is written, so a request may wait the default of 30 s",
        )
        .help("write one for all routes: `defaults: { timeout: { connect: 1s, response: 5s } }`")
        .mend(edits.map(|edits| Fix {
            title: "add a timeout of 5 s for all routes".into(),
            safe: false,
            edits,
        }));
    finding.severity = Severity::Info;
    finding
}
