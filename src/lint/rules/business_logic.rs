//! Raw configuration runs a program in the gateway.
//!
//! ## Why
//! A gateway routes, authenticates and limits. A script in it that looks at orders or tenants is business logic without
//! tests, versions or an owner, in the one process that every request goes through, and no other engine can run it. It
//! belongs in a service, or for shaping answers to a frontend in a `gather` or a BFF.
//!
//! ## On the targets
//! Kong: the serverless plugins `pre-function` and `post-function`. NGINX: Lua, njs and Perl handlers, and `if` on a
//! request's own data. AWS: conditions and loops in mapping templates (VTL).
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders:
//!     to: orders
//!     auth: none
//!     raw: { kong: { plugins: [{ name: pre-function, config: { access: ["if tonumber(kong.request.get_query_arg('total')) > 100 then kong.service.set_upstream('vip') end"] } }] } }
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
//!     raw: { kong: { plugins: [{ name: proxy-cache, config: { strategy: memory } }] } }
//! ```

use serde_json::Value;

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Place, Severity};
use crate::spec::Preset;

/// `boundary/business-logic`
pub const RULE: Rule = Rule {
    code: code!("GG701", "boundary/business-logic", "business_logic.rs"),
    severity: Severity::Error,
    confidence: Confidence::Likely,
    preset: Preset::Recommended,
    mends: Mends::Nothing,
    check,
};

const HELP: &str = "move it into a service; a gateway routes, authenticates and limits";

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    raw::plugins(context, |plugin| {
        if matches!(plugin.name, "pre-function" | "post-function" | "serverless-functions") {
            let message = format!("`{}` runs a program in the gateway", plugin.name);
            found.push(RULE.finding(plugin.place(), message).help(HELP).of_target("kong"));
        }
    });
    raw::directives(context, |directive, place| {
        let on_data = || directive.args.iter().any(|word| reads_request_data(word));
        let message = match directive.name.as_ref() {
            name if runs_code(name) => format!("`{name}` runs a program in the gateway"),
            "if" if on_data() => "a decision about a request's own data is made in the gateway".into(),
            _ => return,
        };
        found.push(RULE.finding(place, message).help(HELP).of_target("nginx"));
    });
    raw::members(context, |key, value, pointer| {
        if is_template_map(key) {
            for (name, template) in value.as_object().into_iter().flatten() {
                if template.as_str().is_some_and(decides) {
                    let message = "this mapping template decides and loops, which is a program in the gateway";
                    let place = Place::value(pointer.key(name));
                    found.push(RULE.finding(place, message).help(HELP).of_target("aws"));
                }
            }
        }
    });
}

/// Handlers of njs, Lua and Perl. Filters of bodies are another rule's.
fn runs_code(name: &str) -> bool {
    let lua = name.contains("_by_lua") && !name.starts_with("body_filter");
    let njs = matches!(name, "js_content" | "js_access" | "js_header_filter" | "js_set" | "js_periodic" | "js_preread");
    lua || njs || matches!(name, "perl" | "perl_set")
}

/// Variables that hold what a client sent as data: query parameters, bodies, cookies.
fn reads_request_data(word: &str) -> bool {
    ["$arg_", "$cookie_", "$request_body", "$args", "$query_string"]
        .iter()
        .any(|variable| word.contains(variable))
}

/// Members whose values are mapping templates by media type.
pub(super) fn is_template_map(key: &str) -> bool {
    matches!(
        key,
        "RequestTemplates" | "ResponseTemplates" | "requestTemplates" | "responseTemplates"
    )
}

/// Directives of the Velocity template language that branch or loop.
pub(super) fn decides(template: &str) -> bool {
    ["#if", "#{if}", "#foreach", "#{foreach}", "#elseif"]
        .iter()
        .any(|directive| template.contains(directive))
}

/// Whether a template passes the body on as it is, or answers a fixed status for a mock.
pub(super) fn is_passive(template: &Value) -> bool {
    let text = template.as_str().unwrap_or_default();
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mock = bare.starts_with("{\"statusCode\":") && !bare.contains('$');
    bare.is_empty() || mock || matches!(bare.as_str(), "$input.body" | "$input.json('$')" | "$input.json(\"$\")")
}
