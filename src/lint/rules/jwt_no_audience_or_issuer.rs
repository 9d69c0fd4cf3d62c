//! A token scheme does not check for whom or by whom a token was made.
//!
//! ## Why
//! An identity provider signs tokens for many APIs with the same keys. Without `audience`, a token that somebody got for
//! another of them is good here too (RFC 8725, section 3.9); that is an error. Without `issuer`, anything that shares
//! the keys may sign; that is a warning, because keys of one's own can make up for it. The strict preset mentions a
//! Cognito pool without `client_ids`, which takes the tokens of all its apps.
//!
//! ## On the targets
//! An HTTP API on AWS refuses an authorizer without audience. Kong's and NGINX's own checks look at neither unless told.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: customers }
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
//! ```

use crate::ir::{Jwt, SchemeKind};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `auth/jwt-no-audience-or-issuer`
pub const RULE: Rule = Rule {
    code: code!("GG105", "auth/jwt-no-audience-or-issuer", "jwt_no_audience_or_issuer.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for scheme in context.gateway.schemes.values() {
        let SchemeKind::Jwt(jwt) = &scheme.kind else {
            continue;
        };
        let Some((severity, message, help)) = missing(jwt) else {
            continue;
        };
        let kind = if jwt.cognito.is_some() { "cognito" } else { "jwt" };
        let mut finding = RULE
            .finding(Place::key(scheme.pointer.key(kind)), message)
            .help(help);
        finding.severity = severity;
        if severity > Severity::Info || context.is_strict() {
            found.push(finding);
        }
    }
}

fn missing(jwt: &Jwt) -> Option<(Severity, &'static str, &'static str)> {
    match (jwt.audience.is_empty(), jwt.issuer.is_none(), &jwt.cognito) {
        (true, _, Some(_)) => Some((
            Severity::Info,
            "tokens of every app of this pool are accepted",
            "name the apps: `client_ids: [..]`",
        )),
        (true, false, None) => Some((
            Severity::Error,
            "tokens made for any other API of this issuer are accepted",
            "say for whom a token must be: `audience: [..]`",
        )),
        (true, true, None) => Some((
            Severity::Error,
            "neither who made a token nor for whom is checked",
            "write `issuer` and `audience`",
        )),
        (false, true, _) => Some((
            Severity::Warn,
            "who made a token is not checked",
            "write `issuer`",
        )),
        (false, false, _) => None,
    }
}
