//! Scopes, groups and addresses.

use serde_json::json;

use super::Of;
use crate::ir::{SchemeKind, Scopes};
use crate::verify::identity::bearer;
use crate::verify::keys::TRUSTED;
use crate::verify::probe::Class;

const ABOUT: &[&str] = &[
    "scopes",
    "groups",
    "ip",
    "trusted-proxies",
    "auth",
    "scheme",
    "consumer",
    "own-answers",
];

/// Who is known but not allowed.
pub(super) fn route(of: &mut Of<'_, '_>) {
    scopes(of);
    addresses(of);
}

fn scopes(of: &mut Of<'_, '_>) {
    let (Scopes::All(wanted) | Scopes::Any(wanted)) = &of.route.scopes.value;
    if wanted.is_empty() {
        return;
    }
    let good = of.good();
    let needed = of.scene.identities.needed(of.route);
    let Some((scheme, jwt)) = needed.iter().find_map(|scheme| match &scheme.kind {
        SchemeKind::Jwt(jwt) => Some((*scheme, jwt)),
        _ => None,
    }) else {
        return;
    };
    let consumer = of.scene.identities.consumer(scheme, &of.route.groups);
    let algorithm = jwt
        .algorithms
        .first()
        .copied()
        .unwrap_or(crate::ir::Algorithm::RS256);
    let mut variants = vec![
        ("no scope".to_owned(), json!(null), json!(null)),
        ("empty scope".to_owned(), json!(""), json!(null)),
        (
            "another scope".to_owned(),
            json!("verify:other"),
            json!(null),
        ),
        (
            "a scope that starts alike".to_owned(),
            json!(format!("{}x", wanted.join("x "))),
            json!(null),
        ),
        (
            "a scope that ends alike".to_owned(),
            json!(format!("x{}", wanted.join(" x"))),
            json!(null),
        ),
        (
            "scopes in other case".to_owned(),
            json!(wanted.join(" ").to_ascii_uppercase()),
            json!(null),
        ),
        ("scopes in scp".to_owned(), json!(null), json!(wanted)),
    ];
    for scope in wanted {
        variants.push((format!("only {scope}"), json!(scope), json!(null)));
    }
    for (what, scope, scp) in variants {
        let mut claims = of.scene.identities.claims(jwt, consumer, of.route);
        if let Some(claims) = claims.as_object_mut() {
            claims.shift_remove("scope");
            claims.extend(
                [("scope", scope), ("scp", scp)]
                    .into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        of.ask(
            Class::Permission,
            &what,
            ABOUT,
            bearer(good.clone(), &TRUSTED.sign(algorithm, &claims)),
        );
    }
}

fn addresses(of: &mut Of<'_, '_>) {
    let Some(ip) = of.route.ip.as_ref() else {
        return;
    };
    let good = of.good();
    // A run's own address is loopback: what X-Forwarded-For says counts only where loopback is trusted.
    for net in ip.allow.iter().chain(&ip.deny).take(6) {
        let request = good
            .clone()
            .header("X-Forwarded-For", net.addr().to_string());
        of.ask(
            Class::Permission,
            &format!("X-Forwarded-For within {net}"),
            ABOUT,
            request,
        );
    }
    let request = good.header("X-Forwarded-For", "203.0.113.7, 198.51.100.9");
    of.ask(
        Class::Permission,
        "X-Forwarded-For of two strangers",
        ABOUT,
        request,
    );
}
