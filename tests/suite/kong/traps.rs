//! What Kong accepts and then does otherwise: each trap by its name, and what is written so that nobody falls into it.

use gateway_gen::ir::{Pattern, Segment};
use gateway_gen::targets::kong::paths::{Captures, regex};
use serde_json::{Value, json};

use super::document;

/// A gateway with one service and these routes.
fn with(auth: &str, routes: &str) -> Value {
    document(&format!(
        "version: 1\nname: traps\n{auth}services: {{ s: \"http://s:80/base\" }}\nroutes:\n{routes}"
    ))
}

fn route<'d>(document: &'d Value, name: &str) -> &'d Value {
    let services = document["services"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|service| service["routes"].as_array().unwrap());
    let own = document["routes"].as_array().unwrap().iter();
    services
        .chain(own)
        .find(|route| route["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {document:#}"))
}

fn config<'d>(route: &'d Value, plugin: &str) -> &'d Value {
    let all = route["plugins"].as_array().unwrap();
    &all.iter()
        .find(|one| one["name"] == plugin)
        .unwrap_or_else(|| panic!("no {plugin} in {route:#}"))["config"]
}

fn pattern(path: &str) -> Pattern {
    let rest = path.ends_with("/*");
    let segments = path
        .trim_end_matches("/*")
        .split('/')
        .filter(|part| !part.is_empty());
    let segment = |part: &str| match part.strip_prefix('{') {
        Some(name) => Segment::Param(name.trim_end_matches('}').into()),
        None => Segment::Literal(part.into()),
    };
    Pattern {
        segments: segments.map(segment).collect(),
        rest,
    }
}

fn takes(path: &str, request: &str) -> bool {
    let expression = regex(&pattern(path), Captures::None);
    regex::Regex::new(&format!("^{}", &expression[1..]))
        .unwrap()
        .is_match(request)
}

#[test]
fn trap_a_prefix_has_no_boundary() {
    assert!(takes("/api/*", "/api") && takes("/api/*", "/api/") && takes("/api/*", "/api/x"));
    assert!(!takes("/api/*", "/apix") && !takes("/api/*", "/API"));
}

#[test]
fn trap_a_decoded_line_break_slips_past_a_dot() {
    assert!(takes("/admin/*", "/admin/\n") && takes("/admin/{id}", "/admin/a\nb"));
}

#[test]
fn trap_a_template_or_expression_in_a_plain_path_is_taken_as_it_stands() {
    assert_eq!(
        regex(&pattern("/a.b/{id}"), Captures::None),
        "~/a\\.b/[^/]+/?$"
    );
    assert_eq!(
        regex(&pattern("/a/{id}/*"), Captures::All),
        "~/a/(?<p1>[^/]+)(?<rest>/(?s:.*))?$"
    );
    assert!(!takes("/a.b", "/axb") && takes("/a+(b)$", "/a+(b)$"));
}

#[test]
fn trap_kong_matches_a_decoded_path_but_for_reserved_characters() {
    assert!(takes("/a%20b", "/a b") && takes("/caf%C3%A9", "/café"));
    assert!(takes("/a%40b", "/a%40b") && !takes("/a%40b", "/a@b"));
    // Both spellings of a bracket reach the router, so that none of them goes round the route.
    assert!(takes("/a%5Bb", "/a%5Bb") && takes("/a%5Bb", "/a[b"));
}

#[test]
fn trap_head_and_options_are_not_implied_by_get() {
    let made = with("", "  GET /a: { to: s, auth: none }\n");
    assert_eq!(route(&made, "get-a")["methods"], json!(["GET", "HEAD"]));
    assert!(
        route(&made, "not-allowed-a")["methods"]
            .as_array()
            .unwrap()
            .contains(&json!("OPTIONS"))
    );
}

#[test]
fn trap_there_is_no_405() {
    let made = with("", "  GET,POST /a: { to: s, auth: none }\n");
    for name in ["not-allowed-a", "not-allowed-a.other"] {
        let made = route(&made, name);
        assert_eq!(config(made, "request-termination")["status_code"], 405);
        assert_eq!(
            config(made, "response-transformer")["add"]["headers"],
            json!(["Allow:GET, HEAD, POST"])
        );
        assert!(
            made["plugins"]
                .as_array()
                .unwrap()
                .iter()
                .all(|plugin| plugin["name"] != "key-auth")
        );
    }
}

#[test]
fn trap_a_route_with_methods_beats_a_more_specific_one_without() {
    let made = with(
        "",
        "  ANY /a/b: { to: s, auth: none }\n  GET /a/*: { to: s, auth: none }\n",
    );
    let (any, rest) = (route(&made, "any-a-b"), route(&made, "get-a-~"));
    assert!(any["methods"].as_array().unwrap().contains(&json!("GET")));
    assert!(any["regex_priority"].as_u64() > rest["regex_priority"].as_u64());
}

#[test]
fn trap_strip_path_is_true_by_default() {
    let made = with(
        "",
        "  GET /a: { to: s, auth: none }\n  GET /b/*: { to: s, auth: none, rewrite: /* }\n",
    );
    assert_eq!(route(&made, "get-a")["strip_path"], false);
    assert_eq!(route(&made, "get-b-~")["strip_path"], true);
}

#[test]
fn trap_a_rewrite_replaces_the_base_path_too() {
    let made = with(
        "",
        "  GET /a/{id}/*: { to: s, auth: none, rewrite: \"/r/{id}/*\" }\n  GET /c/{id}: { to: s, auth: none, rewrite: /x }\n",
    );
    let uri =
        |name: &str| config(route(&made, name), "request-transformer")["replace"]["uri"].clone();
    assert_eq!(
        uri("get-a-_id-~"),
        "/base/r/$(uri_captures.p1)$(uri_captures.rest ~= '' and uri_captures.rest or '')"
    );
    assert_eq!(uri("get-c-_id"), "/base/x");
}

#[test]
fn trap_one_plain_origin_is_sent_to_everybody() {
    let made = with(
        "",
        "  GET /a: { to: s, auth: none, cors: { origins: [\"https://a.example\"] } }\n",
    );
    assert_eq!(
        config(route(&made, "get-a"), "cors")["origins"],
        json!(["https://a.example", "https://a.example"])
    );
    assert_eq!(
        config(route(&made, "not-allowed-a"), "cors")["origins"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn trap_cors_without_headers_allows_whatever_is_asked_for() {
    let made = with(
        "",
        "  GET /a: { to: s, auth: none, cors: { origins: [\"*\"] } }\n",
    );
    assert_eq!(
        config(route(&made, "get-a"), "cors")["headers"],
        json!(["Accept"])
    );
}

const AUTH: &str = r#"auth:
  tokens: { jwt: { issuer: "https://id.example/", keys: { secret: "secret://s" }, algorithms: [HS256] } }
  keys: { api_key: { header: X-API-Key } }
  people: { basic: { realm: people } }
consumers: { acme: { groups: [partner], api_key: "secret://a" } }
"#;

#[test]
fn trap_jwt_reads_the_query_and_does_not_look_at_exp() {
    let made = with(AUTH, "  GET /a: { to: s, auth: tokens }\n");
    let jwt = config(route(&made, "get-a"), "jwt");
    assert_eq!(
        (
            &jwt["claims_to_verify"],
            &jwt["uri_param_names"],
            &jwt["cookie_names"]
        ),
        (&json!(["exp"]), &json!([]), &json!([]))
    );
}

#[test]
fn trap_an_anonymous_consumer_lets_everybody_in() {
    let made = with(AUTH, "  GET /a: { to: s, auth: { any: [keys, people] } }\n");
    let made_route = route(&made, "get-a");
    for plugin in ["key-auth", "basic-auth"] {
        assert_eq!(config(made_route, plugin)["anonymous"], "gateway.anonymous");
    }
    assert_eq!(
        config(made_route, "acl")["allow"],
        json!(["gateway.member"])
    );
    let anonymous = made["consumers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["username"] == "gateway.anonymous")
        .unwrap();
    assert!(anonymous.get("acls").is_none());
}

#[test]
fn trap_all_is_without_anonymous() {
    let made = with(AUTH, "  GET /a: { to: s, auth: { all: [tokens, keys] } }\n");
    for plugin in ["jwt", "key-auth"] {
        assert!(
            config(route(&made, "get-a"), plugin)
                .get("anonymous")
                .is_none()
        );
    }
}

#[test]
fn trap_key_auth_reads_the_query_as_well_as_the_header() {
    let made = with(AUTH, "  GET /a: { to: s, auth: keys }\n");
    let keys = config(route(&made, "get-a"), "key-auth");
    assert_eq!(
        (
            &keys["key_in_header"],
            &keys["key_in_query"],
            &keys["key_in_body"]
        ),
        (&json!(true), &json!(false), &json!(false))
    );
}

#[test]
fn trap_all_tokens_of_an_issuer_are_one_consumer() {
    let made = with(
        AUTH,
        "  GET /a: { to: s, auth: tokens, limit: { rate: 5/min } }\n",
    );
    let limit = config(route(&made, "get-a"), "rate-limiting");
    assert_eq!(
        (&limit["limit_by"], &limit["header_name"]),
        (&json!("header"), &json!("X-Gateway-Bucket"))
    );
}

#[test]
fn trap_a_consumer_s_plugin_takes_the_place_of_a_route_s() {
    let auth = AUTH.replace("acme: {", "acme: { plan: p,") + "plans: { p: { quota: 5/day } }\n";
    let of = |routes: &str| {
        let made = with(&auth, routes);
        let acme = made["consumers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["username"] == "acme")
            .unwrap()
            .clone();
        acme.get("plugins").cloned()
    };
    assert_eq!(
        of("  GET /a: { to: s, auth: keys, limit: { rate: 5/min } }\n"),
        None
    );
    assert_eq!(
        of("  GET /a: { to: s, auth: keys }\n").unwrap()[0]["config"]["day"],
        5
    );
}

#[test]
fn trap_a_file_reads_old_formats_otherwise() {
    let made = with("", "  GET /a: { to: s, auth: none }\n");
    assert_eq!(
        (&made["_format_version"], &made["_transform"]),
        (&json!("3.0"), &json!(true))
    );
}

#[test]
fn names_do_not_change_when_an_unrelated_route_is_added() {
    let names = |routes: &str| {
        let made = with("", routes);
        made["services"][0]["routes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|route| route["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = names("  GET /a-b: { to: s, auth: none }\n  GET /a/b: { to: s, auth: none }\n");
    let after = names(
        "  GET /a-b: { to: s, auth: none }\n  GET /a/b: { to: s, auth: none }\n  GET /a/{b}: { to: s, auth: none }\n  POST /a.b: { to: s, auth: none }\n",
    );
    assert!(
        before.iter().all(|name| after.contains(name)),
        "{before:?} {after:?}"
    );
    let mut distinct = after.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), after.len());
}

/// The upstream of a service with these settings and routes.
fn upstream(service: &str, route: &str) -> Value {
    document(&format!(
        "version: 1\nname: traps\nservices: {{ s: {{ url: \"http://s:80\", {service} }} }}\nroutes:\n  GET /a: {{ to: s, {route} }}\n"
    ))["upstreams"][0]["healthchecks"]
        .clone()
}

#[test]
fn trap_a_refused_connection_on_the_last_try_is_reported_as_status_502() {
    let unhealthy =
        &upstream("breaker: { failures: 5, open: 30s }", "auth: none")["passive"]["unhealthy"];
    assert_eq!(unhealthy["http_statuses"], json!([502]));
    assert_eq!(unhealthy["http_failures"], 3);
    let retried = &upstream(
        "breaker: { failures: 5, open: 30s }",
        "auth: none, retries: { attempts: 2 }",
    )["passive"];
    assert_eq!(
        retried["unhealthy"]["tcp_failures"], 2,
        "three kinds count apart"
    );
    let fine = retried["healthy"]["http_statuses"].as_array().unwrap();
    assert!(
        fine.contains(&json!(500)) && !fine.contains(&json!(502)) && !fine.contains(&json!(504))
    );
}

#[test]
fn trap_deck_refuses_fractions_of_a_second() {
    let active = &upstream(
        "health: { path: /up, every: 1500ms, timeout: 500ms }",
        "auth: none",
    )["active"];
    assert_eq!(
        (&active["healthy"]["interval"], &active["timeout"]),
        (&json!(2), &json!(1))
    );
    let breaker = &upstream("breaker: { failures: 1, open: 100ms }", "auth: none")["active"];
    assert_eq!(breaker["unhealthy"]["interval"], 1);
}
