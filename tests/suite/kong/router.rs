//! Kong's router as a model: the route it would choose is the one that our own matching chooses.

use gateway_gen::ir::{Gateway, Matched, Matcher};
use gateway_gen::spec::Targets;
use gateway_gen::targets::kong::check::faults;
use gateway_gen::targets::kong::document::{Document, Route};
use gateway_gen::targets::kong::names;
use proptest::prelude::*;

use super::{gateway, lowered};

/// The order of traditional_compatible in Kong 3.9, with its shifts that are 32 bits wide.
fn priority(route: &Route) -> u64 {
    let kinds = [
        !route.methods.is_empty(),
        !route.hosts.is_empty(),
        !route.headers.is_empty(),
        !route.paths.is_empty(),
    ];
    let weight = kinds.iter().filter(|kind| **kind).count() as u32;
    let narrow = |value: u32, by: u32| i64::from((value.wrapping_shl(by)) as i32) as u64;
    let plain = !route.hosts.is_empty() && route.hosts.iter().all(|host| !host.contains('*'));
    let regex = route.paths.iter().any(|path| path.starts_with('~'));
    let mut priority = narrow(weight, 61 % 32) | narrow(route.headers.len() as u32, 52 % 32);
    priority |= u64::from(plain) << 60 | u64::from(regex) << 51;
    priority | narrow(if regex { route.regex_priority } else { 0 }, 19)
}

fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix) && host.len() > suffix.len(),
        None => pattern == host,
    }
}

struct Router<'d> {
    routes: Vec<(&'d Route, regex::Regex)>,
}

impl<'d> Router<'d> {
    fn new(document: &'d Document) -> Self {
        let compile = |route: &'d Route| {
            let expression = route.paths[0]
                .strip_prefix('~')
                .unwrap()
                .replace("?<", "?P<");
            (route, regex::Regex::new(&format!("^{expression}")).unwrap())
        };
        let mut routes: Vec<_> = document
            .all_routes()
            .map(|(_, route)| compile(route))
            .collect();
        routes.sort_by_key(|(route, _)| std::cmp::Reverse(priority(route)));
        Self { routes }
    }

    /// The route for a request; panics where Kong would choose by chance.
    fn choose(&self, host: &str, path: &str, method: &str) -> &'d Route {
        let fits = |(route, expression): &&(&'d Route, regex::Regex)| {
            (route.methods.is_empty() || route.methods.iter().any(|one| one == method))
                && (route.hosts.is_empty() || route.hosts.iter().any(|one| host_matches(one, host)))
                && expression.is_match(path)
        };
        let mut found = self.routes.iter().filter(fits);
        let first = found.next().unwrap().0;
        if let Some((second, _)) = found.next() {
            assert!(
                priority(first) > priority(second),
                "`{}` and `{}` tie for {method} {host}{path}",
                first.name,
                second.name
            );
        }
        first
    }
}

fn check(gateway: &Gateway, hosts: &[&str], paths: &[String]) {
    let lowered = lowered(gateway, &Targets::default());
    assert_eq!(faults(&lowered.document), Vec::<String>::new());
    let router = Router::new(&lowered.document);
    let matcher = Matcher::new(gateway);
    for host in hosts {
        for path in paths {
            for method in ["GET", "HEAD", "POST", "OPTIONS", "DELETE", "PURGE", "BREW"] {
                let chosen = router.choose(host, path, method);
                let name = match matcher.decide(Some(host), path, method) {
                    Matched::Route(id) => names::of_route(&gateway.routes[id.0]),
                    Matched::Method { allow } => {
                        let header = format!("Allow:{}", allow.join(", "));
                        let set = serde_json::to_string(&chosen.plugins).unwrap();
                        assert!(
                            set.contains(&header),
                            "{method} {host}{path}: {set} has no {header}"
                        );
                        "not-allowed".to_owned()
                    }
                    Matched::NotFound => "not-found".to_owned(),
                };
                let right = match name.as_str() {
                    "not-allowed" => chosen.name.starts_with("not-allowed"),
                    name => chosen.name.trim_end_matches(".other") == name,
                };
                assert!(
                    right,
                    "{method} {host}{path}: Kong takes `{}`, we take `{name}`",
                    chosen.name
                );
            }
        }
    }
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ab]", 1 => Just("a.b".to_owned()), 1 => Just("a+(b)".to_owned()), 3 => Just("{}".to_owned())]
}

fn key() -> impl Strategy<Value = String> {
    let methods = prop_oneof![3 => Just("GET"), 2 => Just("POST"), 1 => Just("GET,POST"), 2 => Just("ANY"), 1 => Just("PUT"), 1 => Just("OPTIONS")];
    let host = prop_oneof![4 => Just(""), 1 => Just("x.example"), 1 => Just("*.example"), 1 => Just("*.y.example")];
    (
        methods,
        host,
        prop::collection::vec(segment(), 0..4),
        any::<bool>(),
    )
        .prop_map(|(methods, host, segments, rest)| {
            let mut path = String::new();
            for (index, segment) in segments.iter().enumerate() {
                path.push('/');
                path.push_str(&if segment == "{}" {
                    format!("{{p{index}}}")
                } else {
                    segment.clone()
                });
            }
            if rest {
                path.push_str("/*");
            } else if path.is_empty() {
                path.push('/');
            }
            format!("{methods} {host}{path}")
        })
}

/// What `gateway.hosts` may be.
const HOSTS: [&str; 4] = [
    "",
    "[x.example, \"*.example\"]",
    "[x.example, q.y.example]",
    "[\"*.y.example\", x.example]",
];

fn spec(keys: &[String], hosts: &str) -> String {
    let mut text = String::from("version: 1\nname: generated\nservices: { s: \"http://s:80\" }\n");
    if !hosts.is_empty() {
        text.push_str(&format!("gateway: {{ hosts: {hosts} }}\n"));
    }
    text.push_str("routes:\n");
    for key in keys {
        text.push_str(&format!("  \"{key}\": {{ to: s, auth: none }}\n"));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn kong_chooses_the_route_that_our_matching_chooses(
        keys in prop::collection::btree_set(key(), 1..8),
        hosts in prop::sample::select(&HOSTS[..]),
        paths in prop::collection::vec(prop::collection::vec(segment(), 0..4), 1..12),
    ) {
        let keys: Vec<String> = keys.into_iter().collect();
        // Keys that clash are refused before any target sees them.
        let gateway = gateway(&spec(&keys, hosts));
        prop_assume!(gateway.is_ok());
        let gateway = gateway.unwrap();
        let paths: Vec<String> = paths
            .into_iter()
            .flat_map(|segments| {
                let path: String = segments.iter().map(|segment| format!("/{}", if segment == "{}" { "zz" } else { segment })).collect();
                [format!("{path}/"), if path.is_empty() { "/".to_owned() } else { path }]
            })
            .collect();
        check(&gateway, &["x.example", "y.example", "q.y.example", "other.test"], &paths);
    }
}

#[test]
fn routes_of_hosts_and_patterns_that_overlap_are_told_apart() {
    let keys = [
        "GET x.example/a/*",
        "ANY /a/{p1}",
        "POST *.example/a/b",
        "GET,PUT /*",
        "ANY *.y.example/{p0}",
        "GET /",
    ]
    .map(str::to_owned);
    let paths: Vec<String> = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/zz"]
        .map(str::to_owned)
        .to_vec();
    for hosts in [HOSTS[0], HOSTS[1]] {
        check(
            &gateway(&spec(&keys, hosts)).unwrap(),
            &["x.example", "y.example", "q.y.example", "other.test"],
            &paths,
        );
    }
}

#[test]
fn the_router_s_narrow_shifts_are_in_the_model() {
    let route = |regex_priority: u32| Route {
        paths: vec!["~/a$".into()],
        regex_priority,
        ..Route::default()
    };
    assert!(
        priority(&route(8192)) < priority(&route(1)),
        "8192 is shifted out"
    );
    assert!(priority(&route(1016)) > priority(&route(8)));
}
