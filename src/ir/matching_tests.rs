//! Matching against a scan that knows nothing of tries.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::ir::units::{Bytes, Millis};
use crate::ir::{
    AccessLog, Action, Auth, Counters, EncodedSlash, Methods, Precedence, Respond, Retries, Route,
    Scopes, Sourced, Timeout,
};

fn pattern(text: &str) -> Pattern {
    let (text, rest) = match text.strip_suffix("/*") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let segment = |text: &str| match text.strip_prefix('{') {
        Some(name) => Segment::Param(name.trim_end_matches('}').into()),
        None => Segment::Literal(text.into()),
    };
    Pattern {
        segments: segments(text).map(segment).collect(),
        rest,
    }
}

fn route(key: &str) -> Route {
    let (methods, target) = key.split_once(' ').unwrap();
    let (host, path) = target.split_at(target.find('/').unwrap());
    let sourced = |auth| Sourced::new(auth, Default::default());
    Route {
        key: key.into(),
        pointer: Default::default(),
        methods: match methods {
            "ANY" => Methods::Any,
            list => Methods::Only(list.split(',').map(Into::into).collect()),
        },
        host: match (host, host.strip_prefix("*.")) {
            ("", _) => None,
            (_, Some(suffix)) => Some(HostPattern::Below(suffix.into())),
            (name, None) => Some(HostPattern::Exact(name.into())),
        },
        pattern: pattern(path),
        action: Action::Respond(Respond {
            status: 200,
            location: None,
            body: None,
            headers: Default::default(),
        }),
        auth: sourced(Auth::None { explicit: true }),
        scopes: Sourced::new(Scopes::All(vec![]), Default::default()),
        groups: Default::default(),
        limits: vec![],
        unlimited: false,
        cors: None,
        timeout: Sourced::new(
            Timeout {
                connect: Millis(1),
                response: Millis(1),
                explicit: false,
            },
            Default::default(),
        ),
        retries: Sourced::new(Retries::default(), Default::default()),
        max_body: Sourced::new(Bytes(1), Default::default()),
        ip: None,
        request_headers: Default::default(),
        response_headers: Default::default(),
        websocket: false,
        raw: None,
    }
}

fn gateway(keys: &[&str]) -> Gateway {
    let mut routes: Vec<_> = keys.iter().map(|key| route(key)).collect();
    crate::ir::precedence::sort(&mut routes);
    Gateway {
        name: "test".into(),
        stage: "prod".into(),
        hosts: Default::default(),
        listen: Default::default(),
        tls: None,
        replicas: 1,
        request_id: None,
        health: None,
        limits: vec![],
        access_log: Sourced::new(AccessLog::Json, Default::default()),
        metrics: Default::default(),
        trusted_proxies: Default::default(),
        encoded_slash: Sourced::new(EncodedSlash::Refuse, Default::default()),
        counters: Sourced::new(Counters::Local, Default::default()),
        schemes: Default::default(),
        plans: Default::default(),
        consumers: Default::default(),
        services: Default::default(),
        routes,
        bff: None,
    }
}

/// The key of the route found, or the status with what is allowed.
fn found(gateway: &Gateway, host: Option<&str>, path: &str, method: &str) -> String {
    match Matcher::new(gateway).decide(host, path, method) {
        Matched::Route(id) => gateway.routes[id.0].key.clone(),
        Matched::Method { allow } => format!("405 {}", allow.join(", ")),
        Matched::NotFound => "404".into(),
    }
}

#[test]
fn a_more_specific_segment_wins_wherever_it_stands() {
    let gateway = gateway(&[
        "GET /a/*",
        "GET /a/{x}",
        "GET /a/b",
        "GET /a/b/*",
        "GET /a/{x}/c",
    ]);
    let found = |path| found(&gateway, None, path, "GET");
    assert_eq!(found("/a"), "GET /a/*");
    assert_eq!(found("/a/b"), "GET /a/b");
    assert_eq!(found("/a/b/"), "GET /a/b");
    assert_eq!(found("/a/x"), "GET /a/{x}");
    assert_eq!(found("/a/b/c"), "GET /a/b/*");
    assert_eq!(found("/a/x/c"), "GET /a/{x}/c");
    assert_eq!(found("/a/x/d"), "GET /a/*");
    assert_eq!(found("/ab"), "404");
}

#[test]
fn a_known_path_with_another_method_is_405_and_does_not_fall_through() {
    let mut gateway = gateway(&["ANY /a/*", "GET,POST /a/b", "PUT /a/b"]);
    assert_eq!(
        found(&gateway, None, "/a/b", "DELETE"),
        "405 GET, HEAD, POST, PUT"
    );
    assert_eq!(found(&gateway, None, "/a/b", "HEAD"), "GET,POST /a/b");
    assert_eq!(found(&gateway, None, "/a/c", "DELETE"), "ANY /a/*");
    gateway.routes[0].cors = Some(Sourced::new(
        crate::ir::Cors {
            origins: crate::ir::Origins::All,
            methods: vec![],
            headers: vec![],
            expose: vec![],
            credentials: false,
            max_age: None,
        },
        Default::default(),
    ));
    assert_eq!(
        found(&gateway, None, "/a/b", "OPTIONS"),
        "405 GET, HEAD, POST, PUT, OPTIONS"
    );
}

#[test]
fn the_nearest_host_that_has_the_path_wins() {
    let gateway = gateway(&[
        "GET /a",
        "GET *.example/a",
        "GET *.eu.example/a",
        "GET x.eu.example/a",
        "GET x.eu.example/b",
    ]);
    let found = |host, path| found(&gateway, host, path, "GET");
    assert_eq!(found(Some("x.eu.example"), "/a"), "GET x.eu.example/a");
    assert_eq!(found(Some("y.z.eu.example"), "/a"), "GET *.eu.example/a");
    assert_eq!(found(Some("eu.example"), "/a"), "GET *.example/a");
    assert_eq!(found(Some("example"), "/a"), "GET /a");
    assert_eq!(found(None, "/a"), "GET /a");
    assert_eq!(found(Some("y.eu.example"), "/b"), "404");
}

#[test]
fn a_host_that_the_gateway_does_not_answer_to_has_no_routes() {
    let mut gateway = gateway(&["GET /a"]);
    gateway.hosts.value = vec![HostPattern::Exact("shop.example".into())];
    assert_eq!(found(&gateway, Some("shop.example"), "/a", "GET"), "GET /a");
    assert_eq!(found(&gateway, Some("other.example"), "/a", "GET"), "404");
    assert_eq!(found(&gateway, None, "/a", "GET"), "404");
}

/// The best slot by a scan of all routes in the order of [`Precedence`].
fn scan<'g>(gateway: &'g Gateway, host: &str, path: &str) -> Option<&'g Route> {
    gateway
        .routes
        .iter()
        .filter(|route| {
            route
                .host
                .as_ref()
                .is_none_or(|pattern| pattern.matches(host))
        })
        .filter(|route| route.pattern.matches(path))
        .min_by(|a, b| Precedence::of(a).cmp(&Precedence::of(b)))
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    let key = "(GET|POST|ANY) (|x\\.y|\\*\\.y|\\*\\.x\\.y)(/(a|b|\\{p\\})){0,4}(/|/\\*)";
    prop::collection::vec(key, 1..12)
}

proptest! {
    #[test]
    fn the_trie_agrees_with_a_scan(
        keys in keys(),
        host in "(x\\.y|y|z\\.y|z\\.x\\.y)",
        path in "(/(a|b|c)){0,5}/?",
    ) {
        let path = if path.is_empty() { "/".to_owned() } else { path };
        let gateway = gateway(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let matcher = Matcher::new(&gateway);
        let best = scan(&gateway, &host, &path);
        let slot = matcher.slot(Some(&host), &path);
        prop_assert_eq!(slot.is_some(), best.is_some());
        if let (Some(slot), Some(best)) = (slot, best) {
            let first = &gateway.routes[slot.routes[0].0];
            prop_assert!(Precedence::of(first).cmp_path(&Precedence::of(best)).is_eq());
            for method in ["GET", "HEAD", "POST", "PUT"] {
                let taken = slot.routes.iter().any(|id| gateway.routes[id.0].methods.takes(method));
                prop_assert_eq!(slot.route(method).is_some(), taken);
            }
        }
    }

    #[test]
    fn precedence_is_a_total_order(keys in keys()) {
        let routes: Vec<_> = keys.iter().map(|key| route(key)).collect();
        let places: Vec<_> = routes.iter().map(Precedence::of).collect();
        for a in &places {
            for b in &places {
                prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                for c in &places {
                    if a <= b && b <= c {
                        prop_assert!(a <= c);
                    }
                }
            }
        }
    }
}
