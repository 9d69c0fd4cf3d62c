//! Matches and near misses: siblings, slashes, case, methods, hosts.

use super::Of;
use super::sample::{Scene, path};
use crate::ir::{HostPattern, Methods, Segment};
use crate::verify::probe::{Body, Class, Probe, Request, Step};

const ABOUT: &[&str] = &[
    "match",
    "forward",
    "rewrite",
    "own-answers",
    "normalisation",
    "preserve-host",
    "hosts",
    "respond",
    "target",
];

/// Requests that belong to no route.
pub(super) fn gateway(scene: &Scene<'_>, probes: &mut Vec<Probe>) {
    let Some(route) = scene.gateway.routes.first() else {
        return;
    };
    let base = scene.base(route);
    let mut ask = |what: &str, request: Request| {
        probes.push(Probe {
            name: format!("gateway: {what}"),
            class: Class::Routing,
            route: None,
            features: ABOUT.to_vec(),
            steps: vec![Step::Send(request)],
        });
    };
    ask(
        "a path of no route",
        base.clone().with_path("/verify-no-such-route"),
    );
    ask("the root", base.clone().with_path("/"));
    ask(
        "an unknown method",
        Request {
            method: "VERIFY".into(),
            ..base.clone()
        },
    );
    ask(
        "a header line of 9 kB",
        base.clone().header("X-Long", "v".repeat(9000)),
    );
    for method in ["TRACE", "get"] {
        ask(
            &format!("method {method}"),
            Request {
                method: method.into(),
                ..base.clone()
            },
        );
    }
    if !scene.gateway.hosts.is_empty() {
        ask(
            "a foreign host",
            Request {
                host: "evil.example".into(),
                ..base.clone()
            },
        );
        ask(
            "a host that ends like ours",
            Request {
                host: format!("evil{}", base.host),
                ..base.clone()
            },
        );
        ask(
            "a host below ours",
            Request {
                host: format!("below.{}", base.host),
                ..base
            },
        );
    }
}

/// What one route takes and what it does not.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let good = of.good();
    of.ask(Class::Routing, "match", ABOUT, good.clone());
    of.ask(Class::Routing, "no query", ABOUT, strip_query(&good, of));
    paths(of, &good);
    methods(of, &good);
    hosts(of, &good);
}

/// Keys in the query are credentials: only the sample's own part goes.
fn strip_query(good: &Request, of: &Of<'_, '_>) -> Request {
    let base = of.scene.base(of.route);
    let mut request = base.clone();
    request.target = base.path().to_owned();
    of.scene.identities.good(
        of.route,
        Request {
            headers: good.headers.clone(),
            ..request
        },
    )
}

fn paths(of: &mut Of<'_, '_>, good: &Request) {
    let route = of.route;
    let sample = path(&route.pattern);
    let mut ask = |what: &str, path: String| {
        of.ask(Class::Routing, what, ABOUT, good.clone().with_path(&path))
    };
    if sample != "/" {
        ask("trailing slash", format!("{sample}/"));
        ask("one segment more", format!("{sample}/verify"));
    }
    let bare: String = sample
        .strip_suffix("/below/v%3A1")
        .unwrap_or(&sample)
        .to_owned();
    ask("sibling that starts alike", format!("{bare}verify"));
    if route.pattern.rest && !bare.is_empty() {
        ask("the prefix alone", bare.clone());
        ask("the prefix with a slash", format!("{bare}/"));
    }
    if let Some((parent, _)) = bare
        .rsplit_once('/')
        .filter(|(parent, _)| !parent.is_empty())
    {
        ask("one segment less", parent.to_owned());
        ask("an empty last segment", format!("{parent}/"));
    }
    if let Some(Segment::Literal(text)) = route.pattern.segments.iter().find(
        |s| matches!(s, Segment::Literal(text) if text.bytes().any(|b| b.is_ascii_lowercase())),
    ) {
        let upper = sample.replacen(text.as_str(), &text.to_ascii_uppercase(), 1);
        of.ask(
            Class::Routing,
            "other case",
            ABOUT,
            good.clone().with_path(&upper),
        );
    }
}

fn methods(of: &mut Of<'_, '_>, good: &Request) {
    let listed = match &of.route.methods {
        Methods::Any => vec!["GET".to_owned()],
        Methods::Only(methods) => methods.clone(),
    };
    for method in listed.iter().skip(1) {
        of.ask(
            Class::Routing,
            &format!("match by {method}"),
            ABOUT,
            Request {
                method: method.clone(),
                ..good.clone()
            },
        );
    }
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        if !listed.iter().any(|listed| listed == method) {
            of.ask(
                Class::Routing,
                &format!("method {method}"),
                ABOUT,
                Request {
                    method: method.into(),
                    ..good.clone()
                },
            );
        }
    }
    let bodied = listed
        .iter()
        .find(|method| matches!(method.as_str(), "POST" | "PUT" | "PATCH"));
    if let Some(method) = bodied {
        let request = Request {
            method: method.clone(),
            body: Body::Sized(13),
            ..good.clone()
        };
        of.ask(Class::Routing, "with a body", ABOUT, request.clone());
        of.ask(
            Class::Routing,
            "with a chunked body",
            ABOUT,
            Request {
                body: Body::Chunked(13),
                ..request
            },
        );
    }
}

fn hosts(of: &mut Of<'_, '_>, good: &Request) {
    let route = of.route;
    let mut ask = |what: &str, host: String| {
        of.ask(
            Class::Routing,
            what,
            ABOUT,
            Request {
                host,
                ..good.clone()
            },
        )
    };
    ask("host in capitals", good.host.to_ascii_uppercase());
    ask("host with a port", format!("{}:8080", good.host));
    match route.host.as_ref() {
        Some(HostPattern::Exact(name)) => {
            ask("a label before the host", format!("x.{name}"));
            ask("another host", "other.example".into());
        }
        Some(HostPattern::Below(suffix)) => {
            ask("two labels", format!("a.b.{suffix}"));
            ask("the bare domain", suffix.clone());
            ask("another host that ends alike", format!("evil{suffix}"));
        }
        None => {}
    }
}
