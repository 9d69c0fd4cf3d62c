//! Nothing limits how often this route is called.
//!
//! ## Why
//! One client in a loop, by mistake or on purpose, is enough to take the service behind the route down for all others.
//! A limit of this route, or one in `defaults`, counts for it. A limit of the gateway as a whole counts all routes
//! together, so a busy route uses up what this one needs: with nothing else that is a warning. `limit: none` is said in
//! so many words and stays a warning, because a limit that is missing on purpose should have a reason beside it. Callers
//! whose every plan has a limit are limited already.
//!
//! ## On the targets
//! AWS has an account-wide limit that all APIs share; Kong and NGINX have none of their own.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none, limit: { rate: 100/min, burst: 20, per: client_ip } }
//! ```

use crate::ir::{Auth, Gateway, Route, SchemeKind};
use crate::lint::context::reaches_service;
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `limits/route-without-limit`
pub const RULE: Rule = Rule {
    code: code!("GG201", "limits/route-without-limit", "route_without_limit.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let gateway = context.gateway;
    for route in gateway.routes.iter().filter(|route| reaches_service(route)) {
        if !route.limits.is_empty() || limited_by_plans(gateway, route) {
            continue;
        }
        let (severity, message) = match (route.unlimited, gateway.limits.is_empty()) {
            (true, _) => (
                Severity::Warn,
                "this route is not limited, as `limit: none` says",
            ),
            (false, true) => (Severity::Error, "nothing limits how often this route is called"),
            (false, false) => (
                Severity::Warn,
                "only the gateway's limit, which all routes share, holds for this route",
            ),
        };
        let per = match route.auth.value {
            Auth::None { .. } => "client_ip",
            Auth::Any(_) | Auth::All(_) => "consumer",
        };
        let limit = serde_json::json!({ "rate": "100/min", "burst": 20, "per": per });
        let pointer = route.pointer.key("limit");
        let edits = (!route.unlimited)
            .then(|| context.editor().set(&pointer, &limit))
            .flatten();
        let help = match route.unlimited {
            true => "set a limit, or say why there is none: `# gateway-gen: allow(limits/route-without-limit) <reason>`".into(),
            false => format!("set one here or in `defaults`: `limit: {{ rate: 100/min, burst: 20, per: {per} }}`"),
        };
        let mut finding = RULE
            .finding(Place::key(route.pointer.clone()), message)
            .help(help)
            .mend(edits.map(|edits| Fix {
                title: "add a limit of 100 requests a minute".into(),
                safe: false,
                edits,
            }));
        finding.severity = severity;
        found.push(finding);
    }
}

/// Whether only consumers can call, and every one who can has a plan with a limit.
fn limited_by_plans(gateway: &Gateway, route: &Route) -> bool {
    let schemes = route.auth.schemes();
    let kinds = || schemes.iter().filter_map(|name| gateway.schemes.get(name));
    let closed = kinds().all(|scheme| match &scheme.kind {
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => true,
        SchemeKind::Jwt(_) | SchemeKind::External(_) => false,
    });
    let keys = kinds().any(|scheme| matches!(scheme.kind, SchemeKind::ApiKey(_)));
    let passwords = kinds().any(|scheme| matches!(scheme.kind, SchemeKind::Basic(_)));
    let limited = |plan: &Option<String>| {
        let plan = plan.as_ref().and_then(|name| gateway.plans.get(name));
        plan.is_some_and(|plan| !plan.limits.is_empty())
    };
    let mut callers = gateway.consumers.values().filter(|consumer| {
        keys && !consumer.api_keys.is_empty() || passwords && consumer.basic.is_some()
    });
    !schemes.is_empty() && closed && callers.all(|consumer| limited(&consumer.plan))
}
