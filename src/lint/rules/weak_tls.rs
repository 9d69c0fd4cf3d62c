//! Raw configuration allows a version of TLS or a cipher that is broken.
//!
//! ## Why
//! SSL 3, TLS 1.0 and 1.1 are withdrawn (RFC 7568, RFC 8996); RC4, 3DES, export and NULL ciphers can be broken or protect
//! nothing. The language speaks 1.2 and 1.3 alone, so only raw configuration can bring them back.
//!
//! ## On the targets
//! AWS names a policy (`SecurityPolicy`), NGINX lists versions and ciphers.
//!
//! ## Fix
//! `--fix` writes the policy `TLS_1_2`.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets:
//!   aws: { raw: { Resources: { Domain: { Type: "AWS::ApiGateway::DomainName", Properties: { DomainName: api.shop.example, SecurityPolicy: TLS_1_0 } } } } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! targets:
//!   aws: { raw: { Resources: { Domain: { Type: "AWS::ApiGateway::DomainName", Properties: { DomainName: api.shop.example, SecurityPolicy: TLS_1_2 } } } } }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::lint::raw;
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `transport/weak-tls`
pub const RULE: Rule = Rule {
    code: code!("GG502", "transport/weak-tls", "weak_tls.rs"),
    severity: Severity::Error,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

const WEAK_VERSIONS: [&str; 4] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1"];
const WEAK_CIPHERS: [&str; 8] = ["RC4", "3DES", "DES-CBC3", "NULL", "EXPORT", "EXP", "aNULL", "eNULL"];

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    raw::members(context, |key, value, pointer| {
        if key == "SecurityPolicy" && value == "TLS_1_0" {
            let edits = context.editor().replace(pointer, &"TLS_1_2".into());
            found.push(
                RULE.finding(Place::value(pointer.clone()), "this policy allows TLS 1.0 and 1.1")
                    .help("write `SecurityPolicy: TLS_1_2`")
                    .of_target("aws")
                    .mend(edits.map(|edits| Fix {
                        title: "ask for TLS 1.2".into(),
                        safe: true,
                        edits,
                    })),
            );
        }
    });
    raw::directives(context, |directive, place| {
        let weak = match directive.name.as_ref() {
            "ssl_protocols" | "proxy_ssl_protocols" => {
                let weak = |word: &str| WEAK_VERSIONS.contains(&word);
                directive.args.iter().find(|word| weak(word)).map(ToString::to_string)
            }
            "ssl_ciphers" | "proxy_ssl_ciphers" => directive.args.iter().find_map(|list| weak_cipher(list)),
            _ => None,
        };
        if let Some(weak) = weak {
            found.push(
                RULE.finding(place, format!("`{weak}` is broken and allowed here"))
                    .help("leave it out; the gateway's own TLS settings speak 1.2 and 1.3")
                    .of_target("nginx"),
            );
        }
    });
}

/// The first cipher of an OpenSSL list that is weak and not taken out by `!` or `-`.
fn weak_cipher(list: &str) -> Option<String> {
    let entries = list.split([':', ',', ' ']);
    let mut added = entries.filter(|entry| !entry.starts_with(['!', '-']));
    let weak = |entry: &&str| {
        let mut parts = entry.trim_start_matches('+').split(['+', '-']);
        parts.any(|part| WEAK_CIPHERS.contains(&part)) || entry.contains("DES-CBC3")
    };
    added.find(weak).map(str::to_owned)
}
