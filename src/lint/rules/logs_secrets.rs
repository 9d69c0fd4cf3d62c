//! Raw configuration writes credentials or bodies into a log.
//!
//! ## Why
//! Logs are copied, kept for years and read by many. A token in one can be used by every reader; a body holds what
//! customers typed. The language's own access log has neither.
//!
//! ## On the targets
//! AWS traces whole requests with `DataTraceEnabled`; NGINX writes what `log_format` names; Kong's logging plugins write
//! what `custom_fields_by_lua` adds.
//!
//! ## Fix
//! `--fix` sets `DataTraceEnabled` to `false`.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets:
//!   aws:
//!     raw: { Resources: { Debug: { Type: "AWS::ApiGateway::Stage", Properties: { MethodSettings: [{ HttpMethod: "*", ResourcePath: "/*", DataTraceEnabled: true }] } } } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets:
//!   aws:
//!     raw: { Resources: { Debug: { Type: "AWS::ApiGateway::Stage", Properties: { MethodSettings: [{ HttpMethod: "*", ResourcePath: "/*", DataTraceEnabled: false }] } } } }
//! ```

use serde_json::Value;

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `observability/logs-secrets`
pub const RULE: Rule = Rule {
    code: code!("GG406", "observability/logs-secrets", "logs_secrets.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

/// Variables that hold a body or a credential.
const TELLING: [&str; 8] = [
    "$request_body",
    "$http_authorization",
    "$http_proxy_authorization",
    "$http_cookie",
    "$http_x_api_key",
    "$http_apikey",
    "$sent_http_set_cookie",
    "$remote_passwd",
];

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    raw::members(context, |key, value, pointer| {
        let on = match value {
            Value::Bool(on) => *on,
            Value::String(text) => text == "true",
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
        };
        if key == "DataTraceEnabled" && on {
            let edits = context.editor().replace(pointer, &false.into());
            found.push(
                RULE.finding(Place::value(pointer.clone()), "whole requests and answers are logged, with tokens and bodies")
                    .help("write `DataTraceEnabled: false`")
                    .of_target("aws")
                    .mend(edits.map(|edits| Fix {
                        title: "do not trace data".into(),
                        safe: true,
                        edits,
                    })),
            );
        }
    });
    raw::directives(context, |directive, place| {
        let words = directive.args.iter().flat_map(|word| TELLING.map(|telling| (word, telling)));
        let mut told = words.filter(|(word, telling)| names(word, telling));
        if directive.name == "log_format"
            && let Some((_, telling)) = told.next()
        {
            found.push(
                RULE.finding(place, format!("`{telling}` goes into the log"))
                    .help("leave it out of the format")
                    .of_target("nginx"),
            );
        }
    });
    raw::plugins(context, |plugin| {
        let fields = plugin.config.get("custom_fields_by_lua").and_then(Value::as_object);
        let tells = |script: &Value| {
            let script = script.as_str().unwrap_or_default().to_ascii_lowercase();
            ["authorization", "get_raw_body", "get_body", "cookie"].iter().any(|word| script.contains(word))
        };
        if fields.is_some_and(|fields| fields.values().any(tells)) {
            found.push(
                RULE.finding(plugin.place(), format!("`{}` writes a credential or a body into the log", plugin.name))
                    .help("leave the field out")
                    .of_target("kong"),
            );
        }
    });
}

/// Whether a log format names the variable, and not a longer one.
fn names(format: &str, variable: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let braced = format!("${{{}}}", &variable[1..]);
    format.match_indices(variable).any(|(at, _)| ends(&format[at + variable.len()..])) || format.contains(&braced)
}
