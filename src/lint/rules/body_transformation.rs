//! Raw configuration rewrites bodies in the gateway.
//!
//! ## Why
//! Renaming, computing and reshaping what services say couples the gateway to every one of their fields: each change of
//! a service then needs a change of the gateway, in another language, without the service's tests. Shaping belongs in the
//! service or in a BFF; putting several answers into one object is what `gather` is for. A transformer that only touches
//! headers is mentioned as an info, because `request_headers` and `response_headers` say the same on every target.
//!
//! ## On the targets
//! Kong: the transformer plugins and `jq`. NGINX: `sub_filter`, `xslt_stylesheet`, body filters in njs and Lua. AWS:
//! mapping templates (VTL) without conditions; with conditions they are boundary/business-logic.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders:
//!     to: orders
//!     auth: none
//!     raw: { kong: { plugins: [{ name: response-transformer, config: { rename: { json: ["order_id:id"] } } }] } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders:
//!     to: orders
//!     auth: none
//!     response_headers: { remove: [X-Powered-By] }
//! ```

use serde_json::Value;

use super::business_logic::{decides, is_passive, is_template_map};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `boundary/body-transformation`
pub const RULE: Rule = Rule {
    code: code!("GG702", "boundary/body-transformation", "body_transformation.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

const HELP: &str = "shape data in the service or in a BFF; `gather` puts several answers into one object";

const TRANSFORMERS: [&str; 8] = [
    "request-transformer",
    "request-transformer-advanced",
    "response-transformer",
    "response-transformer-advanced",
    "jq",
    "exit-transformer",
    "degraphql",
    "xml-json-transformer",
];

/// Directives that change a body on its way.
const FILTERS: [&str; 8] = [
    "sub_filter",
    "xslt_stylesheet",
    "js_body_filter",
    "body_filter_by_lua",
    "body_filter_by_lua_block",
    "body_filter_by_lua_file",
    "add_before_body",
    "add_after_body",
];

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    raw::plugins(context, |plugin| {
        if !TRANSFORMERS.contains(&plugin.name) {
            return;
        }
        let mut finding = match headers_alone(plugin.config) {
            true => RULE
                .finding(plugin.place(), format!("`{}` changes headers where one engine alone sees it", plugin.name))
                .help("use `request_headers` or `response_headers`, which mean the same on every target"),
            false => RULE
                .finding(plugin.place(), format!("`{}` rewrites data in the gateway", plugin.name))
                .help(HELP),
        };
        if headers_alone(plugin.config) {
            finding.severity = Severity::Info;
        }
        found.push(finding.of_target("kong"));
    });
    raw::directives(context, |directive, place| {
        if FILTERS.contains(&directive.name.as_ref()) {
            let message = format!("`{}` rewrites bodies in the gateway", directive.name);
            found.push(RULE.finding(place, message).help(HELP).of_target("nginx"));
        }
    });
    raw::members(context, |key, value, pointer| {
        if !is_template_map(key) {
            return;
        }
        for (name, template) in value.as_object().into_iter().flatten() {
            if !is_passive(template) && !template.as_str().is_some_and(decides) {
                let place = Place::value(pointer.key(name));
                let message = "this mapping template rewrites bodies in the gateway";
                found.push(RULE.finding(place, message).help(HELP).of_target("aws"));
            }
        }
    });
}

/// Whether all a transformer is told is about headers.
fn headers_alone(config: &Value) -> bool {
    let actions = config.as_object().into_iter().flatten();
    let mut parts = actions.flat_map(|(_, action)| action.as_object().into_iter().flatten());
    let mut any = false;
    let headers = parts.all(|(part, _)| {
        any = true;
        part == "headers"
    });
    any && headers
}
