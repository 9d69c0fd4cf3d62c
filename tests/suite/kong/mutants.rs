//! Each rule broken once in a document that is right: the schema or our own checks refuse it.

use gateway_gen::targets::kong::check::faults;
use gateway_gen::targets::kong::document::Document;
use gateway_gen::targets::kong::raw;
use serde_json::{Value, json};

use super::document;

const SPEC: &str = r#"
version: 1
name: whole
gateway: { hosts: [api.example], limit: { rate: 100/s, per: everyone } }
auth:
  tokens: { jwt: { issuer: "https://id.example/", keys: { secret: "secret://s" }, algorithms: [HS256] } }
  keys: { api_key: { header: X-API-Key } }
  people: { basic: { realm: people } }
consumers:
  acme: { groups: [partner], api_key: "secret://acme" }
  carol: { basic: { username: carol, password: "secret://carol" } }
services:
  one: { url: "https://one:443/base", tls: { verify: true } }
  two: { targets: ["http://a:1", "http://b:2"], breaker: { failures: 3, open: 5s } }
routes:
  GET /a/{id}: { to: one, auth: tokens, limit: { rate: 100/min, burst: 10, per: client_ip } }
  GET /b/*: { to: two, auth: { any: [keys, people] }, groups: [partner] }
  GET /c: { to: two, auth: none, cors: { origins: ["https://a.example"], methods: [GET] }, ip: { deny: [10.0.0.0/8] } }
"#;

fn refused(document: &Value) -> bool {
    if !raw::document_faults(document).is_empty() {
        return true;
    }
    serde_json::from_value::<Document>(document.clone())
        .is_ok_and(|typed| !faults(&typed).is_empty())
}

fn service<'d>(document: &'d mut Value, name: &str) -> &'d mut Value {
    document["services"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|service| service["name"] == name)
        .unwrap()
}

fn route<'d>(document: &'d mut Value, service: &str) -> &'d mut Value {
    &mut self::service(document, service)["routes"][0]
}

fn plugin<'d>(route: &'d mut Value, name: &str) -> &'d mut Value {
    let all = route["plugins"].as_array_mut().unwrap();
    all.iter_mut()
        .find(|plugin| plugin["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

fn consumer<'d>(document: &'d mut Value, name: &str) -> &'d mut Value {
    document["consumers"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|one| one["username"] == name)
        .unwrap()
}

type Break = fn(&mut Value);

/// What is broken, and how.
const MUTANTS: &[(&str, Break)] = &[
    ("the format is a number", |d| {
        d["_format_version"] = json!(3.0)
    }),
    ("the format is unknown", |d| {
        d["_format_version"] = json!("3.1")
    }),
    ("the format rewrites paths", |d| {
        d["_format_version"] = json!("2.1")
    }),
    ("a top key of decK alone", |d| d["_info"] = json!({})),
    ("an unknown field of a service", |d| {
        service(d, "one")["hosts"] = json!("x")
    }),
    ("an unknown field of a route", |d| {
        route(d, "one")["path"] = json!("/x")
    }),
    ("a port as text", |d| {
        service(d, "one")["port"] = json!("443")
    }),
    ("a port too high", |d| {
        service(d, "one")["port"] = json!(65_536)
    }),
    ("a protocol that open source Kong lacks", |d| {
        service(d, "one")["protocol"] = json!("ws")
    }),
    ("too many retries", |d| {
        service(d, "one")["retries"] = json!(32_768)
    }),
    ("a timeout of nothing", |d| {
        service(d, "one")["read_timeout"] = json!(0)
    }),
    ("a timeout too long", |d| {
        service(d, "one")["read_timeout"] = json!(2_147_483_647_u64)
    }),
    ("TLS checks without TLS", |d| {
        service(d, "two")["tls_verify"] = json!(true)
    }),
    ("a service path without slash", |d| {
        service(d, "one")["path"] = json!("base")
    }),
    ("a query in a service's path", |d| {
        service(d, "one")["path"] = json!("/base?x=1")
    }),
    ("a query in a service's host", |d| {
        service(d, "one")["host"] = json!("one?x=1")
    }),
    ("a name with a space", |d| {
        service(d, "one")["name"] = json!("the one")
    }),
    ("a name with a slash", |d| {
        route(d, "one")["name"] = json!("get/a")
    }),
    ("an empty name", |d| route(d, "one")["name"] = json!("")),
    ("a service twice", |d| {
        let copy = service(d, "two").clone();
        d["services"].as_array_mut().unwrap().push(copy);
    }),
    ("a route's name twice", |d| {
        let name = route(d, "one")["name"].clone();
        route(d, "two")["name"] = name;
    }),
    ("an upstream that is not there", |d| {
        d.as_object_mut().unwrap().remove("upstreams");
    }),
    ("a route without criteria", |d| {
        for key in ["methods", "hosts", "paths"] {
            route(d, "one").as_object_mut().unwrap().remove(key);
        }
    }),
    ("a method in small letters", |d| {
        route(d, "one")["methods"] = json!(["get"])
    }),
    ("a path without slash", |d| {
        route(d, "one")["paths"] = json!(["a"])
    }),
    ("a template as a path", |d| {
        route(d, "one")["paths"] = json!(["/a/{id}"])
    }),
    ("a regular expression without tilde", |d| {
        route(d, "one")["paths"] = json!(["/a/\\d+$"])
    }),
    ("a query in a path", |d| {
        route(d, "one")["paths"] = json!(["/a?b=1"])
    }),
    ("a prefix without boundary", |d| {
        route(d, "one")["paths"] = json!(["/a"])
    }),
    ("an expression without boundary", |d| {
        route(d, "one")["paths"] = json!(["~/a"])
    }),
    ("an empty segment in a path", |d| {
        route(d, "one")["paths"] = json!(["~/a//b$"])
    }),
    ("an expression that looks ahead", |d| {
        route(d, "one")["paths"] = json!(["~/a(?=/)$"])
    }),
    ("a host with two wildcards", |d| {
        route(d, "one")["hosts"] = json!(["*.x.*"])
    }),
    ("a wildcard inside a host", |d| {
        route(d, "one")["hosts"] = json!(["a.*.x"])
    }),
    ("a host in capital letters", |d| {
        route(d, "one")["hosts"] = json!(["API.example"])
    }),
    ("Host among the headers", |d| {
        route(d, "one")["headers"] = json!({ "Host": ["x"] })
    }),
    ("four headers", |d| {
        route(d, "one")["headers"] = json!({ "a": ["x"], "b": ["x"], "c": ["x"], "d": ["x"] })
    }),
    ("a priority that is shifted out", |d| {
        route(d, "one")["regex_priority"] = json!(8192)
    }),
    ("a priority between two steps beside headers", |d| {
        route(d, "one")["headers"] = json!({ "a": ["x"] });
        route(d, "one")["regex_priority"] = json!(9);
    }),
    ("two routes that tie", |d| {
        let path = route(d, "one")["paths"].clone();
        let priority = route(d, "one")["regex_priority"].clone();
        route(d, "two")["paths"] = path;
        route(d, "two")["regex_priority"] = priority;
    }),
    ("two routes that overlap and tie", |d| {
        route(d, "two")["paths"] = json!(["~/[^/]+/x/?$"]);
        let priority = route(d, "one")["regex_priority"].clone();
        route(d, "two")["regex_priority"] = priority;
    }),
    ("a protocol of another kind", |d| {
        route(d, "one")["protocols"] = json!(["tcp", "http"])
    }),
    ("a redirect that is none", |d| {
        route(d, "one")["https_redirect_status_code"] = json!(303)
    }),
    ("a plugin of the enterprise", |d| {
        plugin(route(d, "one"), "jwt")["name"] = json!("openid-connect")
    }),
    ("an unknown setting of a plugin", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["burst"] = json!(5)
    }),
    ("a plugin's ordering", |d| {
        plugin(route(d, "one"), "jwt")["ordering"] = json!({})
    }),
    ("a plugin twice on a route", |d| {
        let copy = plugin(route(d, "one"), "rate-limiting").clone();
        route(d, "one")["plugins"]
            .as_array_mut()
            .unwrap()
            .push(copy);
    }),
    ("a plugin of a consumer that is not there", |d| {
        plugin(route(d, "one"), "rate-limiting")["consumer"] = json!("nobody")
    }),
    ("a plugin without consumers on one", |d| {
        plugin(route(d, "one"), "jwt")["consumer"] = json!("acme")
    }),
    (
        "jwt in a consumer",
        |d| consumer(d, "acme")["plugins"] = json!([{ "name": "jwt", "config": { "claims_to_verify": ["exp"], "uri_param_names": [] } }]),
    ),
    (
        "cors in a consumer",
        |d| {
            consumer(d, "acme")["plugins"] =
                json!([{ "name": "cors", "config": { "headers": ["Accept"] } }])
        },
    ),
    ("jwt without claims", |d| {
        plugin(route(d, "one"), "jwt")["config"]
            .as_object_mut()
            .unwrap()
            .remove("claims_to_verify");
    }),
    ("jwt with nbf alone", |d| {
        plugin(route(d, "one"), "jwt")["config"]["claims_to_verify"] = json!(["nbf"])
    }),
    ("jwt with an unknown claim", |d| {
        plugin(route(d, "one"), "jwt")["config"]["claims_to_verify"] = json!(["exp", "aud"])
    }),
    ("jwt that reads the query", |d| {
        plugin(route(d, "one"), "jwt")["config"]
            .as_object_mut()
            .unwrap()
            .remove("uri_param_names");
    }),
    ("a lifetime without expiry", |d| {
        let config = &mut plugin(route(d, "one"), "jwt")["config"];
        config["maximum_expiration"] = json!(60);
        config["claims_to_verify"] = json!(["nbf"]);
    }),
    ("windows that decrease", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["hour"] = json!(5)
    }),
    ("a window of nothing", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["second"] = json!(0)
    }),
    ("a limit without windows", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"] = json!({ "policy": "local" })
    }),
    ("a limit by nothing known", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["limit_by"] = json!("ips")
    }),
    ("a limit by a header without name", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["limit_by"] = json!("header")
    }),
    ("counters in a database", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["policy"] = json!("cluster")
    }),
    ("counters in no Redis", |d| {
        plugin(route(d, "one"), "rate-limiting")["config"]["policy"] = json!("redis")
    }),
    ("an anonymous consumer that is not there", |d| {
        plugin(route(d, "two"), "key-auth")["config"]["anonymous"] = json!("nobody")
    }),
    ("anonymous callers that nothing stops", |d| {
        route(d, "two")["plugins"]
            .as_array_mut()
            .unwrap()
            .retain(|one| one["name"] != "acl")
    }),
    ("acl with allow and deny", |d| {
        plugin(route(d, "two"), "acl")["config"]["deny"] = json!(["x"])
    }),
    ("acl with neither", |d| {
        plugin(route(d, "two"), "acl")["config"] = json!({})
    }),
    ("a method that cors does not know", |d| {
        plugin(&mut service(d, "two")["routes"][1], "cors")["config"]["methods"] = json!(["BREW"])
    }),
    ("one plain origin", |d| {
        plugin(&mut service(d, "two")["routes"][1], "cors")["config"]["origins"] =
            json!(["https://a.example"])
    }),
    ("cors that allows any header", |d| {
        plugin(&mut service(d, "two")["routes"][1], "cors")["config"]
            .as_object_mut()
            .unwrap()
            .remove("headers");
    }),
    ("no addresses", |d| {
        plugin(&mut service(d, "two")["routes"][1], "ip-restriction")["config"] = json!({})
    }),
    ("a message and a body", |d| {
        plugin(&mut d["routes"][0], "request-termination")["config"]["message"] = json!("x")
    }),
    ("a content type without body", |d| {
        plugin(&mut d["routes"][0], "request-termination")["config"]
            .as_object_mut()
            .unwrap()
            .remove("body");
    }),
    ("a status of 600", |d| {
        plugin(&mut d["routes"][0], "request-termination")["config"]["status_code"] = json!(600)
    }),
    ("a key twice", |d| {
        let copy = consumer(d, "acme")["keyauth_credentials"].clone();
        consumer(d, "carol")["keyauth_credentials"] = copy;
    }),
    ("a consumer twice", |d| {
        let copy = consumer(d, "acme").clone();
        d["consumers"].as_array_mut().unwrap().push(copy);
    }),
    ("an EC credential without key", |d| {
        consumer(d, "token:tokens")["jwt_secrets"][0]["algorithm"] = json!("ES256")
    }),
    ("an RSA credential without key", |d| {
        consumer(d, "token:tokens")["jwt_secrets"][0]["algorithm"] = json!("RS256")
    }),
    ("an unknown algorithm", |d| {
        consumer(d, "token:tokens")["jwt_secrets"][0]["algorithm"] = json!("none")
    }),
    ("an empty password", |d| {
        consumer(d, "carol")["basicauth_credentials"][0]["password"] = json!("")
    }),
    ("an upstream named like an address", |d| {
        d["upstreams"][0]["name"] = json!("10.0.0.1");
        service(d, "two")["host"] = json!("10.0.0.1");
    }),
    ("a target without port", |d| {
        d["upstreams"][0]["targets"][0]["target"] = json!("a")
    }),
    ("a target too heavy", |d| {
        d["upstreams"][0]["targets"][0]["weight"] = json!(65_536)
    }),
    ("an unknown algorithm of balance", |d| {
        d["upstreams"][0]["algorithm"] = json!("random")
    }),
    ("a hash of a header without name", |d| {
        d["upstreams"][0]["hash_on"] = json!("header")
    }),
    ("failures that add up for ever", |d| {
        d["upstreams"][0]["healthchecks"]["passive"]["healthy"]["successes"] = json!(0)
    }),
    ("a breaker that never closes", |d| {
        d["upstreams"][0]["healthchecks"]
            .as_object_mut()
            .unwrap()
            .remove("active");
    }),
    ("more failures than a byte counts", |d| {
        d["upstreams"][0]["healthchecks"]["passive"]["unhealthy"]["timeouts"] = json!(256)
    }),
];

#[test]
fn every_rule_that_is_broken_once_is_refused() {
    let right = document(SPEC);
    assert_eq!(raw::document_faults(&right), Vec::<String>::new());
    assert_eq!(
        faults(&serde_json::from_value(right.clone()).unwrap()),
        Vec::<String>::new()
    );
    assert!(MUTANTS.len() >= 40);
    let accepted: Vec<&str> = MUTANTS
        .iter()
        .filter(|(_, change)| {
            let mut document = right.clone();
            change(&mut document);
            assert_ne!(document, right);
            !refused(&document)
        })
        .map(|(what, _)| *what)
        .collect();
    assert_eq!(accepted, Vec::<&str>::new());
}
