//! Credentials: API keys, passwords, tokens, authorizers, their combinations, scopes and groups.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{Case, get, request};
use crate::support::tokens;

/// The cases.
pub fn cases() -> Vec<Case> {
    [
        keys(),
        passwords(),
        tokens_of_all_kinds(),
        claims(),
        permissions(),
        combinations(),
        asked(),
    ]
    .concat()
}

fn keys() -> Vec<Case> {
    vec![
        get("/keyed").status(401).got("WWW-Authenticate", "ApiKey"),
        get("/keyed")
            .with("X-API-Key", "acme-Key-1")
            .not_sent("X-API-Key"),
        get("/keyed")
            .with("x-api-key", "ACME-KEY-1")
            .named("a key that differs in case is another key"),
        get("/keyed").with("X-API-Key", "ACME-key-1").status(401),
        get("/keyed").with("X-API-Key", "").status(401),
        get("/keyed")
            .with("X-API-Key", "c0")
            .status(401)
            .named("the configuration's own names are no keys"),
        get("/keyed")
            .with("X-API-Key", "acme-Key-1")
            .with("X-API-Key", "ACME-KEY-1")
            .status(401)
            .named("a key sent twice"),
        get("/keyed")
            .with(
                "X-API-Key",
                "0f3c1b58a1ed0c3bfe2b4a3f1fb4a2a45be4c1ff1b3f9b4c8f9e8cf9f6a4a0aa",
            )
            .status(401),
        get("/by-query?key=acme-Key-1&a=b").to("/by-query?a=b"),
        get("/by-query?a=b&k%65y=acme%2DKey-1")
            .to("/by-query?a=b")
            .named("a key in another spelling is found and taken out"),
        get("/by-query?key=acme-Key-1").to("/by-query"),
        get("/by-query").status(401),
        get("/by-query?key=acme-Key-1&key=acme-Key-1").status(401),
        get("/by-query?keys=acme-Key-1").status(401),
    ]
}

fn passwords() -> Vec<Case> {
    vec![
        get("/basic")
            .status(401)
            .got("WWW-Authenticate", "Basic realm=\"ops\", charset=\"UTF-8\""),
        get("/basic")
            .with("Authorization", "Basic Y2Fyb2w6cDphIHNz")
            .not_sent("Authorization")
            .named("a colon in the password"),
        get("/basic").with("Authorization", "basic Y2Fyb2w6cDphIHNz"),
        get("/basic")
            .with("Authorization", "Basic Y2Fyb2w6d3Jvbmc=")
            .status(401),
        get("/basic")
            .with("Authorization", "Basic Q2Fyb2w6cDphIHNz")
            .status(401)
            .named("a user in another case"),
        get("/basic").with("Authorization", "Basic !!!").status(401),
        get("/basic")
            .with("Authorization", "Bearer Y2Fyb2w6cDphIHNz")
            .status(401),
    ]
}

fn tokens_of_all_kinds() -> Vec<Case> {
    let mut cases = vec![
        get("/token").status(401).got("WWW-Authenticate", "Bearer"),
        get("/fetched").status(401),
    ];
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        for (name, token, good) in tokens::of(algorithm) {
            for target in ["/token", "/fetched"] {
                cases.push(
                    get(target)
                        .bearer(&token)
                        .status(if good { 200 } else { 401 })
                        .named(&name),
                );
            }
        }
    }
    for (name, token, good) in tokens::of(Algorithm::HS256) {
        cases.push(
            get("/shared")
                .bearer(&token)
                .status(if good { 200 } else { 401 })
                .named(&name),
        );
    }
    for (name, token) in tokens::crooked() {
        for target in ["/token", "/fetched"] {
            cases.push(get(target).bearer(&token).status(401).named(&name));
        }
    }
    let good = tokens::token(Algorithm::RS256, &tokens::claims());
    cases.push(get("/token").with("Authorization", &format!("bEARER {good}")));
    cases.push(get("/token").with("Authorization", &good).status(401));
    cases.push(
        get("/token")
            .bearer(&good)
            .bearer(&good)
            .one_of(&[401, 400])
            .named("two Authorization headers"),
    );
    cases.push(
        get("/shared")
            .bearer(&good)
            .status(401)
            .named("a token of another scheme"),
    );
    cases
}

fn claims() -> Vec<Case> {
    let sent = |claims: serde_json::Value| get("/token").bearer(&tokens::with(&claims));
    vec![
        sent(json!({}))
            .with("X-User-ID", "forged")
            .with("X-Roles", "root")
            .sent("X-User-ID", "user-1")
            .not_sent("X-Roles"),
        sent(json!({ "sub": "a\r\nX-Evil: 1" }))
            .sent("X-User-ID", "a%0D%0AX-Evil:%201")
            .not_sent("X-Evil"),
        sent(json!({ "sub": "Zoë" })).sent("X-User-ID", "Zo%C3%AB"),
        sent(json!({ "sub": "$host" })).sent("X-User-ID", "$host"),
        sent(json!({ "roles": ["a", "b", 3] })).sent("X-Roles", "a,b,3"),
        sent(json!({ "roles": true })).sent("X-Roles", "true"),
        sent(json!({ "roles": null })).not_sent("X-Roles"),
    ]
}

fn permissions() -> Vec<Case> {
    let with = |target: &str, claims: serde_json::Value| get(target).bearer(&tokens::with(&claims));
    vec![
        with(
            "/token/scoped",
            json!({ "scope": "orders:read orders:write" }),
        ),
        with(
            "/token/scoped",
            json!({ "scp": ["orders:write", "orders:read", "x"] }),
        ),
        with("/token/scoped", json!({ "scope": "orders:write" })).status(403),
        with(
            "/token/scoped",
            json!({ "scope": "orders:writer orders:read" }),
        )
        .status(403)
        .named("a scope is compared whole"),
        with(
            "/token/scoped",
            json!({ "scope": "ORDERS:write orders:read" }),
        )
        .status(403),
        with(
            "/token/scoped",
            json!({ "scp": ["orders:write orders:read"] }),
        )
        .status(403)
        .named("a list's item is one scope"),
        with("/token/scoped", json!({})).status(403),
        get("/token/scoped").status(401),
        with("/token/some-scope", json!({ "scope": "orders:admin" })),
        with("/token/some-scope", json!({ "scope": "orders:read" })).status(403),
        with("/token/partner", json!({ "azp": "mobile-app" }))
            .named("a claim names a consumer with its groups"),
        with("/token/partner", json!({ "azp": "Mobile-App" })).status(403),
        with("/token/partner", json!({})).status(403),
        get("/partner").with("X-API-Key", "acme-Key-1"),
        get("/partner").with("X-API-Key", "ACME-KEY-1").status(403),
        get("/ops").with("Authorization", "Basic Y2Fyb2w6cDphIHNz"),
    ]
}

fn combinations() -> Vec<Case> {
    let good = tokens::token(Algorithm::RS256, &tokens::claims());
    vec![
        get("/either").with("X-API-Key", "acme-Key-1"),
        get("/either").bearer(&good).sent("X-User-ID", "user-1"),
        get("/either").with("X-API-Key", "wrong").bearer(&good),
        get("/either").status(401),
        get("/both").with("X-API-Key", "acme-Key-1").bearer(&good),
        get("/both").with("X-API-Key", "acme-Key-1").status(401),
        get("/both").bearer(&good).status(401),
        get("/both")
            .with("X-API-Key", "wrong")
            .bearer(&good)
            .status(401),
    ]
}

fn asked() -> Vec<Case> {
    let post = |how: &str| {
        request("POST", "/asked")
            .with("Authorization", how)
            .body(20)
    };
    vec![
        post("good")
            .sent("X-Granted", "reader")
            .not_sent("X-Other")
            .length(20)
            .to("/asked"),
        post("good")
            .with("X-Granted", "forged")
            .sent("X-Granted", "reader"),
        post("known")
            .status(403)
            .answer(json!({ "why": "not you" })),
        post("unknown")
            .status(401)
            .got("WWW-Authenticate", "Asked")
            .answer(json!({ "why": "who are you" })),
        post("broken").status(503),
        get("/either-asked")
            .with("Authorization", "good")
            .sent("X-Granted", "reader"),
        get("/either-asked")
            .with("X-API-Key", "acme-Key-1")
            .not_sent("X-Granted"),
        get("/either-asked")
            .with("Authorization", "known")
            .status(403)
            .answer(json!({ "why": "not you" })),
    ]
}
