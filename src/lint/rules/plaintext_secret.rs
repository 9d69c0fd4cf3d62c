//! A credential stands in the spec in clear.
//!
//! ## Why
//! A spec is committed, reviewed, copied and printed. A key or password in it is known to everybody who ever sees the
//! repository, and taking the line out later does not take it out of the history. `secret://name` keeps the name here
//! and the value elsewhere; `${env:NAME}` fills it in when the spec is read.
//!
//! ## On the targets
//! A reference becomes what each target has for it: a dynamic reference to Secrets Manager on AWS, a vault reference or
//! an environment variable on Kong, a file on NGINX. A literal is copied into all artefacts.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! auth:
//!   partners: { api_key: { header: X-API-Key } }
//! consumers:
//!   acme: { api_key: acme-2f9b1c7d4e }
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
//! consumers:
//!   acme: { api_key: "secret://acme-key" }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: partners }
//! ```

use crate::ir::{Counters, HeaderRules, KeyMaterial, Keys, SchemeKind, Secret, Sourced};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::source::Pointer;
use crate::spec::Preset;

/// `auth/plaintext-secret`
pub const RULE: Rule = Rule {
    code: code!("GG107", "auth/plaintext-secret", "plaintext_secret.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::BySuggestion,
    check,
};

/// Headers that carry credentials and nothing else.
const CREDENTIAL_HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
];

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for (name, consumer) in &context.gateway.consumers {
        let several = consumer.api_keys.len() > 1;
        for (n, key) in consumer.api_keys.iter().enumerate() {
            let list = consumer.pointer.key("api_key");
            let pointer = if several || context.is_written(&list.index(0)) {
                list.index(n)
            } else {
                list
            };
            secret(context, found, key, pointer, "API key", &format!("{name}-key"));
        }
        if let Some((_, password)) = &consumer.basic {
            let pointer = consumer.pointer.key("basic").key("password");
            let suggestion = format!("{name}-password");
            secret(context, found, password, pointer, "password", &suggestion);
        }
    }
    for (name, scheme) in &context.gateway.schemes {
        if let SchemeKind::Jwt(jwt) = &scheme.kind
            && let Keys::Secret(key) = &jwt.keys
        {
            let pointer = scheme.pointer.key("jwt").key("keys").key("secret");
            let suggestion = format!("{name}-signing-key");
            secret(context, found, key, pointer, "signing key", &suggestion);
        }
    }
    listener_key(context, found);
    counters(context, found);
    headers(context, found);
}

fn secret(
    context: &Context<'_>,
    found: &mut Vec<Diagnostic>,
    secret: &Secret,
    pointer: Pointer,
    what: &str,
    name: &str,
) {
    if matches!(secret, Secret::Known { name: None, .. }) && is_literal(context, &pointer) {
        let reference = format!("secret://{name}");
        let edits = context.editor().replace(&pointer, &reference.clone().into());
        found.push(
            RULE.finding(Place::value(pointer), format!("this {what} stands in the spec in clear"))
                .help(format!("write `{reference}`, keep the value elsewhere, and replace it: it is known now"))
                .mend(edits.map(|edits| Fix {
                    title: format!("write `{reference}`"),
                    safe: false,
                    edits,
                })),
        );
    }
}

/// A value that a variable fills in is not in the spec.
fn is_literal(context: &Context<'_>, pointer: &Pointer) -> bool {
    let span = context.document.locate(&Place::value(pointer.clone()));
    span.is_some_and(|span| !context.document.sources().slice(span).contains("${env:"))
}

fn listener_key(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(tls) = &context.gateway.tls
        && let Some(KeyMaterial::Secret(key)) = &tls.key
    {
        let pointer = tls.pointer.key("key");
        secret(context, found, key, pointer, "private key", "gateway-tls-key");
    }
}

fn counters(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Counters::Redis { url, .. } = &context.gateway.counters.value else {
        return;
    };
    let pointer = context.gateway_pointer().key("counters").key("redis");
    if url.password().is_some() && is_literal(context, &pointer) {
        let message = "the password of Redis stands in the spec in clear";
        let help = "let a variable fill it in: `redis://:${env:REDIS_PASSWORD}@host:6379`";
        found.push(RULE.finding(Place::value(pointer), message).help(help));
    }
}

fn headers(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = std::collections::HashSet::new();
    for route in &context.gateway.routes {
        let rules: &Sourced<HeaderRules> = &route.request_headers;
        // Inherited rules are the same for many routes.
        if rules.set.is_empty() || !seen.insert(rules.pointer.clone()) {
            continue;
        }
        for (name, value) in &rules.set {
            let pointer = rules.pointer.key("set").key(name);
            let secret = value.starts_with("secret://") || value.is_empty();
            let credential = CREDENTIAL_HEADERS.contains(&name.to_ascii_lowercase().as_str());
            if credential && !secret && is_literal(context, &pointer) {
                let message = format!("`{name}` is set to a credential that stands in the spec in clear");
                let help = "let a variable fill it in: `${env:NAME}`";
                found.push(RULE.finding(Place::value(pointer), message).help(help));
            }
        }
    }
}
