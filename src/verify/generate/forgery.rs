//! Headers that only the gateway may set, sent by the client.

use super::Of;
use crate::ir::SchemeKind;
use crate::verify::probe::Class;

const ABOUT: &[&str] = &[
    "scheme",
    "auth",
    "forward",
    "trusted-proxies",
    "request-headers",
    "preserve-host",
    "own-answers",
];

/// Forged identities and hop-by-hop tricks.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let good = of.good();
    let mut names: Vec<&String> = Vec::new();
    for scheme in of.scene.gateway.schemes.values() {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => names.extend(jwt.forward.values()),
            SchemeKind::External(external) => names.extend(&external.forward),
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    for name in names {
        of.ask(
            Class::Forgery,
            &format!("client sends {name}"),
            ABOUT,
            good.clone().header(name, "forged"),
        );
        let other = name.to_ascii_lowercase();
        of.ask(
            Class::Forgery,
            &format!("client sends {other} twice"),
            ABOUT,
            good.clone().header(&other, "one").header(name, "two"),
        );
        let under = name.replace('-', "_");
        of.ask(
            Class::Forgery,
            &format!("client sends {under}"),
            ABOUT,
            good.clone().header(&under, "forged"),
        );
    }
    let request = good
        .clone()
        .header("X-Forwarded-For", "203.0.113.7")
        .header("X-Forwarded-Proto", "gopher")
        .header("X-Forwarded-Host", "evil.example");
    of.ask(Class::Forgery, "client sends X-Forwarded-*", ABOUT, request);
    of.ask(
        Class::Forgery,
        "client names a header in Connection",
        ABOUT,
        good.clone()
            .header("X-Hop", "1")
            .header("Connection", "close, X-Hop"),
    );
    of.ask(
        Class::Forgery,
        "client sends hop-by-hop headers",
        ABOUT,
        good.header("TE", "trailers")
            .header("Proxy-Authorization", "Basic eA==")
            .header("Keep-Alive", "timeout=5"),
    );
}
