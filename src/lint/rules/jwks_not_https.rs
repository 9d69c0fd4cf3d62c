//! The keys that verify tokens are fetched over plain HTTP.
//!
//! ## Why
//! Whoever can answer that request can choose the keys, and with them sign any token. To a public host this is an
//! error; inside a private network (a name without a dot, `.internal`, `.local`, a private address) a warning. The
//! loopback address never leaves the machine and is left alone.
//!
//! ## On the targets
//! AWS fetches keys over HTTPS alone. Kong and NGINX get the keys when the configuration is built or at run time, from
//! wherever the URL points.
//!
//! ## Fix
//! For a public host without a port of its own, `--fix` writes `https`.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "http://id.shop.example/jwks.json" }, algorithms: [RS256] } }
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

use crate::ir::{Keys, SchemeKind};
use crate::lint::page::code;
use crate::lint::zone::{Zone, zone};
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `auth/jwks-not-https`
pub const RULE: Rule = Rule {
    code: code!("GG106", "auth/jwks-not-https", "jwks_not_https.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for scheme in context.gateway.schemes.values() {
        let SchemeKind::Jwt(jwt) = &scheme.kind else {
            continue;
        };
        let Keys::JwksUrl(url) = &jwt.keys else {
            continue;
        };
        let zone = zone(url.host_str().unwrap_or_default());
        if url.scheme() != "http" || zone == Zone::Loopback {
            continue;
        }
        let pointer = scheme.pointer.key("jwt").key("keys").key("jwks");
        let public = zone == Zone::Public;
        let mut finding = RULE
            .finding(
                Place::value(pointer.clone()),
                "the keys that verify tokens come over plain HTTP",
            )
            .help("fetch them over `https`, or name a file that holds them");
        if public {
            let written = context.document.text(&pointer).unwrap_or_default();
            let secure = written.strip_prefix("http:").map(|rest| format!("https:{rest}"));
            let edits = secure.and_then(|url| context.editor().replace(&pointer, &url.into()));
            finding = finding.mend(edits.map(|edits| Fix {
                title: "write `https`".into(),
                safe: url.port().is_none(),
                edits,
            }));
        } else {
            finding.severity = Severity::Warn;
        }
        found.push(finding);
    }
}
