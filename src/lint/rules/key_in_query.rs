//! An API key is read from the query string.
//!
//! ## Why
//! A URL is written down everywhere: in access logs, in browser histories, in the `Referer` that goes to other sites,
//! in every proxy on the way. A key in it is known to all of them. A header is not.
//!
//! ## On the targets
//! Kong removes the parameter before it forwards (`hide_credentials`), NGINX has to rebuild the query to do so, and AWS
//! reads usage-plan keys from a header or an authorizer alone.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   partners: { api_key: { query: key } }
//! consumers: { acme: { api_key: "secret://acme-key" } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: partners }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! auth:
//!   partners: { api_key: { header: X-API-Key } }
//! consumers: { acme: { api_key: "secret://acme-key" } }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: partners }
//! ```

use crate::ir::{ApiKeyPlace, SchemeKind};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `auth/key-in-query`
pub const RULE: Rule = Rule {
    code: code!("GG103", "auth/key-in-query", "key_in_query.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for scheme in context.gateway.schemes.values() {
        let SchemeKind::ApiKey(ApiKeyPlace::Query(name)) = &scheme.kind else {
            continue;
        };
        let pointer = scheme.pointer.key("api_key");
        let message = format!("the key is read from the query parameter `{name}`, which every log on the way keeps");
        let header = serde_json::json!({ "header": "X-API-Key" });
        let edits = context.editor().replace(&pointer, &header);
        found.push(
            RULE.finding(Place::value(pointer.key("query")), message)
                .help("read it from a header: `api_key: { header: X-API-Key }`")
                .mend(edits.map(|edits| Fix {
                    title: "read the key from a header".into(),
                    safe: false,
                    edits,
                })),
        );
    }
}
