//! Limits, quotas, cross-origin rules, client addresses and gathers.

use serde_json::json;

use super::{Case, get, request};
use crate::support::tokens;

/// The cases, in an order that limits depend on.
pub fn cases() -> Vec<Case> {
    [limits(), quotas(), cors(), addresses(), gathers()].concat()
}

fn repeated(case: &Case, admitted: usize) -> Vec<Case> {
    let mut cases = vec![case.clone(); admitted];
    let statuses = |case: Case| case.status(429).got("Content-Type", "application/json");
    cases.push(statuses(case.clone()));
    cases
}

fn limits() -> Vec<Case> {
    let tenant =
        |tenant: &str| get("/limited/claim").bearer(&tokens::with(&json!({ "tenant": tenant })));
    let mut cases = repeated(&get("/limited/ip").from("198.51.100.1"), 3);
    cases.push(
        get("/limited/ip")
            .from("198.51.100.2")
            .named("another address has a bucket of its own"),
    );
    cases.push(
        get("/limited/ip")
            .from("198.51.100.1, 198.51.100.3")
            .named("the nearest untrusted address counts"),
    );
    cases.extend(repeated(&get("/limited/header").with("X-Tenant", "one"), 2));
    cases.extend(repeated(&get("/limited/header").with("X-Tenant", "One"), 2));
    cases.extend(repeated(
        &get("/limited/header").named("requests without the header share a bucket"),
        2,
    ));
    cases.push(
        get("/limited/consumer")
            .status(401)
            .named("refused requests take nothing"),
    );
    cases.extend(repeated(
        &get("/limited/consumer").with("X-API-Key", "acme-Key-1"),
        2,
    ));
    cases.extend(repeated(
        &get("/limited/consumer").with("X-API-Key", "ACME-KEY-1"),
        2,
    ));
    cases.extend(repeated(&tenant("t1"), 2));
    cases.extend(repeated(&tenant("T1"), 2));
    cases.extend(repeated(&get("/limited/twice").from("198.51.100.20"), 2));
    cases.extend(repeated(&get("/limited/twice").from("198.51.100.21"), 2));
    cases.extend(
        repeated(&get("/limited/twice").from("198.51.100.22"), 1)
            .into_iter()
            .map(|case| case.named("refused requests took nothing of the common bucket")),
    );
    cases.extend(repeated(&get("/limited/answer").from("198.51.100.30"), 2));
    cases
}

fn quotas() -> Vec<Case> {
    let mut cases = vec![get("/quota").status(401)];
    let small = get("/quota").with("X-API-Key", "small-key-1");
    cases.extend(
        repeated(&small, 3)
            .into_iter()
            .map(|case| case.named("3 a month")),
    );
    cases.push(
        get("/quota")
            .with("X-API-Key", "acme-Key-1")
            .named("another consumer without a quota"),
    );
    cases
}

fn cors() -> Vec<Case> {
    let preflight = |target: &str, origin: &str, method: &str| {
        request("OPTIONS", target)
            .with("Origin", origin)
            .with("Access-Control-Request-Method", method)
    };
    vec![
        preflight("/cors", "https://shop.example", "PUT")
            .status(204)
            .got("Access-Control-Allow-Origin", "https://shop.example")
            .got("Access-Control-Allow-Methods", "GET, PUT")
            .got("Access-Control-Allow-Headers", "Authorization")
            .got("Access-Control-Allow-Credentials", "true")
            .got("Access-Control-Max-Age", "600")
            .got("Vary", "Origin"),
        preflight("/cors", "https://evil.example", "PUT")
            .status(204)
            .not_got("Access-Control-Allow-Origin")
            .not_got("Access-Control-Allow-Methods"),
        preflight("/cors", "https://shop.example.evil.example", "GET")
            .status(204)
            .not_got("Access-Control-Allow-Origin"),
        preflight("/cors", "https://shop.example", "DELETE").status(405),
        preflight("/cors/all", "https://any.example", "GET")
            .status(204)
            .got("Access-Control-Allow-Origin", "*")
            .named("before auth"),
        request("OPTIONS", "/cors")
            .with("Origin", "https://shop.example")
            .status(405)
            .got("Allow", "GET, HEAD, PUT, OPTIONS")
            .named("not a preflight"),
        get("/cors")
            .with("Origin", "https://admin.example")
            .got("Access-Control-Allow-Origin", "https://admin.example")
            .got("Access-Control-Expose-Headers", "X-Total")
            .got("Vary", "Origin"),
        get("/cors")
            .with("Origin", "https://evil.example")
            .not_got("Access-Control-Allow-Origin")
            .got("Vary", "Origin"),
        get("/cors").not_got("Access-Control-Allow-Origin"),
        get("/cors/all")
            .with("Origin", "https://any.example")
            .status(401)
            .got("Access-Control-Allow-Origin", "*")
            .named("errors carry the headers too"),
        get("/cors")
            .with("Origin", "https://shop.example")
            .with("X-Echo-Status", "500")
            .status(500)
            .got("Access-Control-Allow-Origin", "https://shop.example"),
        get("/any")
            .with("Origin", "https://shop.example")
            .got("Access-Control-Allow-Origin", "https://evil.example")
            .named("without rules the service's own pass"),
    ]
}

fn addresses() -> Vec<Case> {
    vec![
        get("/ip").from("10.1.2.3"),
        get("/ip").from("10.2.2.3"),
        get("/ip").from("10.3.0.1").status(403),
        get("/ip").from("10.1.9.9").status(403).named("deny wins"),
        get("/ip").status(403),
        get("/ip")
            .from("10.1.2.3, 10.3.0.1")
            .status(403)
            .named("an address that the client wrote itself"),
    ]
}

fn gathers() -> Vec<Case> {
    let caller = tokens::with(&json!({ "sub": "u/1&x=y", "tenant": null }));
    vec![
        get("/joined/7").status(401),
        get("/joined/7%3F")
            .bearer(&caller)
            .got("Content-Type", "application/json")
            .named("parts in parallel, with what stands for those that fail"),
        get("/joined-required").status(502),
        get("/joined-late").status(504),
        request("POST", "/joined/7").status(405),
        get("/joined-required")
            .with("X-Request-ID", "gathered")
            .status(502)
            .got("X-Request-ID", "gathered"),
    ]
}
