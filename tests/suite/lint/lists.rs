//! The production checklist and the anti-patterns, row by row, each with the rules that look after it.

use gateway_gen::lint::{ANTI_PATTERNS, Checklist, Item, PRODUCTION, checklist, rules};

use super::{Folder, Loaded, spec};
use crate::cli::{exits, run_in, stdout};

/// A gateway that has everything.
const COMPLETE: &str = r#"version: 1
name: shop
gateway:
  listen: { https: 8443 }
  tls: { certificate: tls/shop.crt, key: "secret://shop-tls-key" }
  replicas: 2
  trusted_proxies: [10.0.0.0/8]
  counters: { redis: "redis://redis:6379" }
  max_body: 1MB
defaults:
  auth: customers
  limit: { rate: 100/min, burst: 20, per: consumer }
  timeout: { connect: 1s, response: 5s }
auth:
  customers: { jwt: { issuer: "https://id.shop.example/", audience: [shop], keys: { jwks: "https://id.shop.example/jwks.json" }, algorithms: [RS256] } }
services:
  orders: { url: "http://orders:3000", health: { path: /healthz }, breaker: { failures: 5, open: 30s } }
  carts: { targets: ["http://carts-1:3000", "http://carts-2:3000"], health: { path: /healthz }, breaker: { failures: 5, open: 30s } }
routes:
  GET,POST /orders: { to: orders }
  GET /cart: { to: carts }
"#;

fn list(loaded: &Loaded) -> Checklist {
    checklist(loaded.subject())
}

/// The titles of rows that are missed.
fn missed(text: &str) -> Vec<&'static str> {
    let list = list(&spec(text));
    let rows = list.production.iter().chain(&list.anti_patterns);
    let missed = rows.filter(|(_, missing)| !missing.is_empty());
    missed.map(|(item, _)| item.title).collect()
}

#[test]
fn every_row_names_rules_that_exist() {
    for Item { title, rules } in PRODUCTION.iter().chain(&ANTI_PATTERNS) {
        assert!(!rules.is_empty(), "{title}");
        for id in *rules {
            assert!(rules::find(id).is_some(), "{title}: {id}");
        }
    }
}

#[test]
fn a_complete_gateway_has_every_tick() {
    let loaded = spec(COMPLETE);
    assert!(list(&loaded).is_complete(), "{:?}", missed(COMPLETE));
}

/// Each row, with a change of the complete gateway that misses it.
const MISSES: [(&str, &str, &str); 11] = [
    (
        "rate limiting configured per route",
        "  limit: { rate: 100/min, burst: 20, per: consumer }\n",
        "",
    ),
    (
        "authentication offloaded to gateway",
        "  auth: customers\n",
        "",
    ),
    (
        "request ID propagation for tracing",
        "  max_body: 1MB\n",
        "  max_body: 1MB\n  request_id: none\n",
    ),
    (
        "health check endpoints for upstream services",
        "health: { path: /healthz }, ",
        "",
    ),
    (
        "circuit breaker on upstream failures",
        ", breaker: { failures: 5, open: 30s }",
        "",
    ),
    (
        "TLS termination at gateway",
        "  tls: { certificate: tls/shop.crt, key: \"secret://shop-tls-key\" }\n",
        "",
    ),
    (
        "no business logic in the gateway",
        "  GET /cart: { to: carts }",
        "  GET /cart: { to: carts, raw: { nginx: \"if ($arg_tenant = vip) { set $x 1; }\" } }",
    ),
    (
        "no route without a rate limit",
        "  GET /cart: { to: carts }",
        "  GET /cart: { to: carts, limit: none }",
    ),
    (
        "no single point of failure",
        "  replicas: 2\n",
        "  replicas: 1\n",
    ),
    (
        "no request without an ID that reaches the service",
        "  GET /cart: { to: carts }",
        "  GET /cart: { to: carts, request_headers: { remove: [X-Request-ID] } }",
    ),
    (
        "no data transformation in the gateway",
        "  GET /cart: { to: carts }",
        "  GET /cart: { to: carts, raw: { kong: { plugins: [{ name: request-transformer, config: { rename: { body: [\"a:b\"] } } }] } } }",
    ),
];

#[test]
fn each_row_is_missed_by_the_gateway_that_lacks_it() {
    let mut titles: Vec<&str> = PRODUCTION
        .iter()
        .chain(&ANTI_PATTERNS)
        .map(|item| item.title)
        .collect();
    for (title, from, to) in MISSES {
        assert!(COMPLETE.contains(from), "{from}");
        let without = COMPLETE.replace(from, to);
        let without = match title {
            "TLS termination at gateway" => without.replace("https: 8443", "http: 8080"),
            _ => without,
        };
        assert!(
            missed(&without).contains(&title),
            "{title}: {:?}",
            missed(&without)
        );
        titles.retain(|other| *other != title);
    }
    assert!(titles.is_empty(), "nothing misses {titles:?}");
}

#[test]
fn the_program_prints_ticks_and_places() {
    let folder = Folder::new(COMPLETE);
    let run = run_in(folder.path(), &["lint", "--checklist"]);
    exits(&run, 0);
    assert_eq!(
        stdout(&run).matches("  [x] ").count(),
        11,
        "{}",
        stdout(&run)
    );
    std::fs::write(folder.spec(), COMPLETE.replace("  auth: customers\n", "")).unwrap();
    let run = run_in(folder.path(), &["lint", "--checklist"]);
    exits(&run, 1);
    let text = stdout(&run);
    assert!(
        text.contains("  [ ] authentication offloaded to gateway\n        gateway.yaml:19:3 "),
        "{text}"
    );
    assert_eq!(text.matches("  [x] ").count(), 10, "{text}");
}
