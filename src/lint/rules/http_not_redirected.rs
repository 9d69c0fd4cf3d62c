//! Plain HTTP is answered although there is TLS.
//!
//! ## Why
//! A client that types the address without `https` sends its first request, with its cookies and tokens, in clear, and
//! nothing ever tells it to stop. A redirect does. Leaving `listen.http` out does, too.
//!
//! ## On the targets
//! AWS has no plain listener, so nothing is flagged where only AWS is built. Kong answers 426 or 301 by route protocols,
//! NGINX by a server of its own.
//!
//! ## Fix
//! `--fix` adds `redirect_http: true`.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! gateway:
//!   listen: { http: 8080, https: 8443 }
//!   tls: { certificate: tls/shop.crt, key: "secret://shop-tls-key" }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! gateway:
//!   listen: { http: 8080, https: 8443 }
//!   tls: { certificate: tls/shop.crt, key: "secret://shop-tls-key", redirect_http: true }
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none }
//! ```

use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::spec::Preset;

/// `transport/http-not-redirected`
pub const RULE: Rule = Rule {
    code: code!("GG503", "transport/http-not-redirected", "http_not_redirected.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(tls) = &context.gateway.tls else {
        return;
    };
    let plain = context.gateway.listen.http.is_some();
    if !plain || tls.redirect_http || context.is_managed_only() {
        return;
    }
    let pointer = context.gateway_pointer().key("tls");
    let edits = context.editor().set(&pointer.key("redirect_http"), &true.into());
    found.push(
        RULE.finding(Place::key(pointer), "plain HTTP is answered although there is TLS")
            .help("write `redirect_http: true`, or listen on `https` alone")
            .mend(edits.map(|edits| Fix {
                title: "redirect plain HTTP".into(),
                safe: true,
                edits,
            })),
    );
}
