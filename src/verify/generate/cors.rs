//! Cross-origin requests: preflights, allowed, foreign and missing origins, refused requests.

use super::Of;
use crate::ir::{Cors, Origins};
use crate::verify::probe::{Class, Request};

const ABOUT: &[&str] = &["cors", "own-answers"];

fn origins(cors: &Cors) -> Vec<String> {
    match &cors.origins {
        Origins::All => vec!["https://anywhere.example".to_owned()],
        Origins::List(list) => list.clone(),
    }
}

/// Preflights and real requests by origin.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let (good, bare) = (of.good(), of.scene.base(of.route));
    let preflight = Request {
        method: "OPTIONS".into(),
        ..bare.clone()
    };
    let Some(cors) = &of.route.cors else {
        let request = preflight
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "GET");
        of.ask(
            Class::Cors,
            "preflight of a route without CORS",
            ABOUT,
            request,
        );
        return;
    };
    let method = super::sample::method(of.route);
    for origin in origins(cors) {
        let request = preflight.clone().header("Origin", origin.as_str());
        let asked = request
            .clone()
            .header("Access-Control-Request-Method", method.as_str());
        of.ask(
            Class::Cors,
            &format!("preflight from {origin}"),
            ABOUT,
            asked.clone(),
        );
        of.ask(
            Class::Cors,
            &format!("preflight with headers from {origin}"),
            ABOUT,
            asked.header("Access-Control-Request-Headers", "x-verify, content-type"),
        );
        of.ask(
            Class::Cors,
            &format!("OPTIONS without asking from {origin}"),
            ABOUT,
            request,
        );
        of.ask(
            Class::Cors,
            &format!("request from {origin}"),
            ABOUT,
            good.clone().header("Origin", origin.as_str()),
        );
        of.ask(
            Class::Cors,
            &format!("refused request from {origin}"),
            ABOUT,
            bare.clone().header("Origin", origin.as_str()),
        );
        let none = bare
            .clone()
            .with_path("/verify-no-such-route")
            .header("Origin", origin.as_str());
        of.ask(
            Class::Cors,
            &format!("unknown path from {origin}"),
            ABOUT,
            none,
        );
        // Near misses of an origin.
        for (what, near) in [
            ("a longer host", format!("{origin}.evil.example")),
            ("a prefix on the host", origin.replacen("://", "://evil", 1)),
            ("another scheme", origin.replacen("https://", "http://", 1)),
            ("another port", format!("{origin}:8443")),
            ("capitals", origin.to_ascii_uppercase()),
        ] {
            if near != origin {
                of.ask(
                    Class::Cors,
                    &format!("request from {what} of {origin}"),
                    ABOUT,
                    good.clone().header("Origin", near),
                );
            }
        }
    }
    for foreign in ["https://evil.example", "null"] {
        let request = preflight
            .clone()
            .header("Origin", foreign)
            .header("Access-Control-Request-Method", method.as_str());
        of.ask(
            Class::Cors,
            &format!("preflight from {foreign}"),
            ABOUT,
            request,
        );
        of.ask(
            Class::Cors,
            &format!("request from {foreign}"),
            ABOUT,
            good.clone().header("Origin", foreign),
        );
    }
}
