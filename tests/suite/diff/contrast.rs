//! Requests that show a difference, found by asking the engine as both sides are.

use std::collections::BTreeSet;

use gateway_gen::verify::contrast::{Contrast, contrast};
use gateway_gen::verify::identity::Clock;
use serde_json::{Value, json};

use super::spec;

fn shown(left: &Value, right: &Value, route: &str) -> Option<Contrast> {
    let spec = json!({
        "version": 1, "name": "t",
        "auth": { "keys": { "api_key": { "header": "X-Key" } } },
        "consumers": { "one": { "groups": ["ops"], "api_key": "secret://one" }, "two": { "api_key": "secret://two" } },
        "services": { "a": "http://a:3000", "b": "http://b:3000" },
        "routes": {
            "GET /x": { "to": "a", "auth": "keys", "groups": ["ops"] },
            "POST /open": { "to": "a", "auth": "none", "limit": { "rate": "10/s", "burst": 5, "per": "client_ip" }, "max_body": "1KB" },
        },
    });
    let side = |patch: &Value| {
        let mut one = spec.clone();
        spec::merge(&mut one, patch);
        spec::of_value(&one).unwrap()
    };
    let (left, right) = (side(left), side(right));
    let routes = BTreeSet::from([route.to_owned()]);
    let clock = Clock { now: 1_800_000_000 };
    contrast(&left, &right, &routes, clock).unwrap().pop()
}

fn open(patch: Value) -> Option<Contrast> {
    let right = json!({ "routes": { "POST /open": patch } });
    shown(&json!({}), &right, "POST /open")
}

#[test]
fn a_lower_burst_shows_at_the_request_that_is_over_it() {
    let shown = open(json!({ "limit": { "burst": 3 } })).unwrap();
    assert_eq!(shown.times, 4);
    assert!(shown.left.starts_with("reaches a /open"), "{shown:?}");
    assert!(shown.right.starts_with("429"), "{shown:?}");
}

#[test]
fn auth_that_is_gone_shows_with_a_request_without_a_credential() {
    let patch = json!({ "routes": { "GET /x": { "auth": "none", "groups": null } } });
    let shown = shown(&json!({}), &patch, "GET /x").unwrap();
    assert!(shown.left.starts_with("401"), "{shown:?}");
    assert!(shown.right.starts_with("reaches a"), "{shown:?}");
    assert!(
        shown
            .request
            .headers
            .iter()
            .all(|(name, _)| name != "X-Key")
    );
}

#[test]
fn groups_bodies_services_and_headers_show() {
    let patch = json!({ "routes": { "GET /x": { "groups": null } } });
    let groups = shown(&json!({}), &patch, "GET /x").unwrap();
    assert!(groups.left.starts_with("403"), "{groups:?}");
    let body = open(json!({ "max_body": "64" })).unwrap();
    assert!(body.right.starts_with("413"), "{body:?}");
    let service = open(json!({ "to": "b" })).unwrap();
    assert!(service.right.starts_with("reaches b"), "{service:?}");
    let header = open(json!({ "response_headers": { "set": { "X-New": "1" } } })).unwrap();
    assert_eq!(header.right, "the answer has `x-new: 1`");
    let gone = json!({ "routes": { "POST /open": null } });
    let gone = shown(&json!({}), &gone, "POST /open").unwrap();
    assert!(gone.right.starts_with("404"), "{gone:?}");
}

#[test]
fn what_no_request_shows_is_left_out() {
    assert_eq!(open(json!({ "timeout": { "response": "5s" } })), None);
    assert_eq!(open(json!({})), None);
}
