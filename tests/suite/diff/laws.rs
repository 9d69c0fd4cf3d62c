//! What holds for every pair of gateways.

use std::time::Instant;

use gateway_gen::diff::{Change, Class, compare};
use gateway_gen::ir::Gateway;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::spec;

/// Picks from short lists, as bytes say; they shrink to the first of each.
struct Choice<'b>(std::slice::Iter<'b, u8>);

impl Choice<'_> {
    fn of(&mut self, options: &[Value]) -> Value {
        let byte = self.0.next().copied().unwrap_or_default();
        options[usize::from(byte) % options.len()].clone()
    }

    /// Puts one of the options under a key; `null` leaves it out.
    fn put(&mut self, map: &mut Map<String, Value>, key: &str, options: &[Value]) {
        let value = self.of(options);
        if !value.is_null() {
            map.insert(key.to_owned(), value);
        }
    }
}

fn route(choice: &mut Choice<'_>) -> Value {
    let mut route = Map::new();
    choice.put(&mut route, "to", &[json!("a"), json!("b")]);
    let auth = [
        json!("none"),
        json!("tokens"),
        json!({ "any": ["tokens", "keys"] }),
        json!({ "all": ["tokens", "keys"] }),
    ];
    choice.put(&mut route, "auth", &auth);
    let tokens = route["auth"].to_string().contains("tokens");
    if tokens {
        let scopes = [
            Value::Null,
            json!(["r"]),
            json!(["r", "w"]),
            json!({ "any": ["r", "w"] }),
        ];
        choice.put(&mut route, "scopes", &scopes);
    }
    let limits = [
        Value::Null,
        json!({ "rate": "10/s", "burst": 5, "per": "client_ip" }),
        json!({ "rate": "10/s", "burst": 5, "per": "everyone" }),
        json!([{ "rate": "9/s", "per": "client_ip" }, { "rate": "10/s", "burst": 5, "per": "client_ip" }]),
    ];
    choice.put(&mut route, "limit", &limits);
    let cors = [
        Value::Null,
        json!({ "origins": ["https://a.example"], "methods": ["GET"] }),
        json!({ "origins": ["*"], "methods": ["GET", "PUT"], "max_age": "1m" }),
    ];
    choice.put(&mut route, "cors", &cors);
    let ip = [
        Value::Null,
        json!({ "allow": ["10.0.0.0/8"] }),
        json!({ "deny": ["10.0.0.0/8"] }),
    ];
    choice.put(&mut route, "ip", &ip);
    let headers = [
        Value::Null,
        json!({ "set": { "X-A": "1" } }),
        json!({ "set": { "x-a": "2" }, "remove": ["X-B"] }),
    ];
    choice.put(&mut route, "response_headers", &headers);
    choice.put(
        &mut route,
        "timeout",
        &[Value::Null, json!({ "response": "5s" })],
    );
    Value::Object(route)
}

fn spec_of(bytes: &[u8]) -> Value {
    let mut choice = Choice(bytes.iter());
    let keys = [
        "GET /a/b",
        "GET /a/{x}",
        "GET /a/*",
        "POST /a/b",
        "/a/b",
        "GET,POST /a/b/c",
        "GET h.example/a/b",
        "GET *.example/a/*",
    ];
    let mut routes = Map::new();
    for key in keys {
        if choice.of(&[json!(true), json!(false)]) == json!(true) {
            routes.insert(key.to_owned(), route(&mut choice));
        }
    }
    routes.insert(
        "GET /always/t".to_owned(),
        json!({ "to": "a", "auth": "tokens" }),
    );
    routes.insert(
        "GET /always/k".to_owned(),
        json!({ "to": "b", "auth": "keys" }),
    );
    json!({
        "version": 1, "name": "t",
        "auth": {
            "tokens": { "jwt": { "issuer": "https://id.example/", "audience": ["one"], "keys": { "jwks": "https://id.example/jwks.json" }, "algorithms": ["RS256"] } },
            "keys": { "api_key": { "header": "X-Key" } },
        },
        "services": { "a": choice.of(&[json!("http://a:3000"), json!("http://c:3000")]), "b": "http://b:3000" },
        "routes": routes,
    })
}

/// Everything that a map of names holds, in the other order.
fn reversed(spec: &Value) -> Value {
    let Value::Object(spec) = spec else {
        return spec.clone();
    };
    let turned = |(key, value): (&String, &Value)| {
        let value = match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .rev()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            ),
            other => other.clone(),
        };
        (key.clone(), value)
    };
    Value::Object(spec.iter().rev().map(turned).collect())
}

fn gateway(spec: &Value) -> Gateway {
    spec::of_value(spec).unwrap()
}

/// What a change is about, the same in both directions.
fn about(change: &Change, turned: bool) -> (String, String, String) {
    let shown = |value: &Option<Value>| format!("{value:?}");
    let (left, right) = (shown(&change.left), shown(&change.right));
    let (left, right) = if turned { (right, left) } else { (left, right) };
    (change.field.clone(), left, right)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_gateway_does_not_differ_from_itself_however_its_spec_is_ordered(bytes in prop::collection::vec(any::<u8>(), 80)) {
        let spec = spec_of(&bytes);
        let (one, other) = (gateway(&spec), gateway(&reversed(&spec)));
        prop_assert_eq!(compare(&one, &one), vec![]);
        prop_assert_eq!(compare(&one, &other), vec![]);
    }

    #[test]
    fn what_differs_in_one_direction_differs_in_the_other(
        left in prop::collection::vec(any::<u8>(), 80),
        right in prop::collection::vec(any::<u8>(), 80),
    ) {
        let (left, right) = (gateway(&spec_of(&left)), gateway(&spec_of(&right)));
        let mut there: Vec<_> = compare(&left, &right).iter().map(|change| about(change, false)).collect();
        let mut back: Vec<_> = compare(&right, &left).iter().map(|change| about(change, true)).collect();
        there.sort();
        back.sort();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn one_other_route_is_one_difference_at_that_route(bytes in prop::collection::vec(any::<u8>(), 80), other in prop::collection::vec(any::<u8>(), 12)) {
        let spec = spec_of(&bytes);
        let mut changed = spec.clone();
        let fresh = route(&mut Choice(other.iter()));
        let same = gateway(&spec).routes.iter().find(|route| route.key == "GET /a/*").cloned();
        changed["routes"]["GET /a/*"] = fresh;
        let (left, right) = (gateway(&spec), gateway(&changed));
        let now = right.routes.iter().find(|route| route.key == "GET /a/*").cloned();
        let changes = compare(&left, &right);
        prop_assert_eq!(changes.is_empty(), same == now, "{:?}", changes);
        for change in changes {
            prop_assert_eq!(change.subject.title(), "route GET /a/*");
        }
    }
}

#[test]
fn ten_thousand_routes_differ_in_about_a_second() {
    let mut spec =
        json!({ "version": 1, "name": "t", "services": { "a": "http://a:3000" }, "routes": {} });
    for at in 0..10_000 {
        spec["routes"][format!("GET /{}/{at}/{{id}}", at % 100)] =
            json!({ "to": "a", "auth": "none", "limit": { "rate": "10/s", "per": "client_ip" } });
    }
    let left = gateway(&spec);
    let mut right = left.clone();
    for route in right.routes.iter_mut().step_by(2) {
        route.limits[0].value.burst += 1;
    }
    right.routes.remove(17);
    let started = Instant::now();
    let changes = compare(&left, &right);
    let took = started.elapsed();
    assert!(changes.len() >= 5_000);
    assert!(
        changes
            .iter()
            .any(|change| change.kind.class == Class::Breaking)
    );
    // Without optimisation everything takes several times as long.
    let bound = if cfg!(debug_assertions) { 8.0 } else { 1.0 };
    assert!(took.as_secs_f64() < bound, "{took:?}");
}
