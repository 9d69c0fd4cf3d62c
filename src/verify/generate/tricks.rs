//! Tricks: requests for guarded routes that carry nothing valid and try to get past the guard by how they are written.

use super::sample::{Scene, path};
use super::spelling::spellings;
use crate::ir::{ApiKeyPlace, Auth, Route, RouteId, SchemeKind};
use crate::verify::dice::Dice;
use crate::verify::identity::AUTHORIZER;
use crate::verify::keys::{FOREIGN, unsigned};
use crate::verify::probe::{Body, Class, Probe, Request, Step};

type Headers = Vec<(String, String)>;
/// A change of a request, and what it is called.
type Trick = (String, Headers);

/// `count` attempts on the guarded routes of a gateway, each a path spelt in up to two ways, a method, credentials that
/// nobody gave out and up to two header tricks. Nothing where no route is guarded.
#[must_use]
pub fn attempts(scene: &Scene<'_>, seed: u64, count: usize) -> Vec<Probe> {
    let guarded: Vec<(RouteId, &Route)> = scene
        .gateway
        .routes
        .iter()
        .enumerate()
        .filter(|(_, route)| !matches!(route.auth.value, Auth::None { .. }))
        .map(|(at, route)| (RouteId(at), route))
        .collect();
    let mut dice = Dice::new(seed);
    if guarded.is_empty() {
        return Vec::new();
    }
    (0..count)
        .map(|number| {
            let (id, route) = guarded[number % guarded.len()];
            let (what, request) = attempt(scene, route, &mut dice);
            Probe {
                name: format!("{}: attempt {number}: {what}", route.key),
                class: Class::Bypass,
                route: Some(id),
                features: Vec::new(),
                steps: vec![Step::Send(request)],
            }
        })
        .collect()
}

fn attempt(scene: &Scene<'_>, route: &Route, dice: &mut Dice) -> (String, Request) {
    let mut request = scene.base(route);
    let sample = path(&route.pattern);
    let mut said = Vec::new();
    let mut spelt = sample.clone();
    for _ in 0..dice.below(3) {
        if let Some((what, path)) = dice.one(&spellings(&spelt)).cloned() {
            said.push(what.to_owned());
            spelt = path;
        }
    }
    // Every third keeps the plain path: then only the rest of it is a trick.
    request = request.with_path(&spelt.replacen(
        "http://localhost",
        &format!("http://{}", scene.host(route)),
        1,
    ));
    if dice.below(3) == 0 {
        let methods = [
            "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "GET,",
        ];
        if let Some(method) = dice.one(&methods) {
            said.push(format!("by {method}"));
            request.method = (*method).to_owned();
        }
    }
    if let Some((what, host)) = dice.one(&hosts(&request.host)).cloned() {
        if host != request.host {
            said.push(what.to_owned());
        }
        request.host = host;
    }
    if dice.below(8) == 0 {
        request.target.push_str(
            dice.one(&[" ", " HTTP/1.1 x", "#x", "?", " HTTP/0.9", ";a=b", "\t"])
                .copied()
                .unwrap_or(""),
        );
        said.push("junk behind the target".into());
    }
    let credentials = credentials(scene, route);
    let tricks = tricks(scene, route, &request, &sample);
    let mut add = |list: &[Trick], dice: &mut Dice| {
        if let Some((what, headers)) = dice.one(list) {
            said.push(what.clone());
            request.headers.extend(headers.iter().cloned());
        }
    };
    add(&credentials, dice);
    for _ in 0..dice.below(3) {
        add(&tricks, dice);
    }
    if dice.below(10) == 0 {
        request.body = Body::Chunked(5);
    }
    (said.join(", "), request)
}

fn hosts(host: &str) -> Vec<(&'static str, String)> {
    let encoded: String = host.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut all = vec![("", host.to_owned()); 8];
    all.extend([
        ("host in capitals", host.to_ascii_uppercase()),
        ("host with a dot behind", format!("{host}.")),
        ("host with a port", format!("{host}:80")),
        ("host encoded", encoded),
        ("host with a user", format!("user@{host}")),
        ("loopback as host", "127.0.0.1".to_owned()),
        ("two hosts", format!("{host}, localhost")),
        ("no host", String::new()),
    ]);
    all
}

fn lines(list: &[(&str, &str)]) -> Headers {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Credentials that nobody gave out.
fn credentials(scene: &Scene<'_>, route: &Route) -> Vec<Trick> {
    let mut all: Vec<Trick> = vec![("no credentials".into(), Vec::new())];
    for text in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer null",
        "Bearer a.b.c",
        "Bearer ..",
        "Basic",
        "Basic Og==",
        "Basic !!!",
        "Basic YWRtaW46YWRtaW4=",
        "Negotiate x",
        "bearer",
        "\u{e9}",
        "Bearer a, Bearer b",
    ] {
        all.push((
            format!("authorization `{text}`"),
            lines(&[("Authorization", text)]),
        ));
    }
    all.push((
        "authorization twice".into(),
        lines(&[
            ("Authorization", "Bearer a"),
            ("authorization", "Basic Og=="),
        ]),
    ));
    for name in route.auth.schemes() {
        let Some(scheme) = scene.gateway.schemes.get(name) else {
            continue;
        };
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => {
                let consumer = scene.identities.consumer(scheme, &route.groups);
                let claims = scene.identities.claims(jwt, consumer, route);
                let algorithm = jwt.algorithms.first().copied();
                let algorithm = algorithm.unwrap_or(crate::ir::Algorithm::RS256);
                let foreign = FOREIGN.sign(algorithm, &claims);
                // A shared secret is no pair: whoever knows it is trusted.
                let shared = algorithm.name().starts_with("HS");
                let none = unsigned(&serde_json::json!({"alg": "none"}), &claims, "");
                let mut tokens = vec![("unsigned token", none)];
                if !shared {
                    tokens.push(("token of a foreign key", foreign));
                }
                for (what, token) in tokens {
                    let token = format!("Bearer {token}");
                    all.push((what.into(), lines(&[("Authorization", &token)])));
                    let twice = [("Authorization", token.as_str()), ("Authorization", &token)];
                    all.push((format!("{what} twice"), lines(&twice)));
                    all.push((format!("{what} as a cookie"), lines(&[("Cookie", &token)])));
                }
            }
            SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => {
                for key in ["", "*", ".*", "undefined", "' or 1=1", "a, b"] {
                    all.push((format!("{name} `{key}`"), lines(&[(name, key)])));
                    all.push((
                        format!("{name} `{key}` twice"),
                        lines(&[(name, key), (name, "nobody")]),
                    ));
                }
            }
            SchemeKind::ApiKey(ApiKeyPlace::Query(_)) | SchemeKind::Basic(_) => {}
            // A rig's authorizer refuses whatever these attempts send.
            SchemeKind::External(_) => {}
        }
    }
    all
}

/// Headers that some servers take as another path, another method, another client or another identity.
fn tricks(scene: &Scene<'_>, route: &Route, request: &Request, sample: &str) -> Vec<Trick> {
    let mut all: Vec<Trick> = Vec::new();
    for name in [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Original-URI",
        "X-Forwarded-Uri",
        "X-Forwarded-Path",
        "X-Forwarded-Prefix",
        "X-Accel-Redirect",
        "X-Request-Uri",
        "X-Envoy-Original-Path",
    ] {
        all.push((name.into(), lines(&[(name, sample)])));
        all.push((
            format!("{name} of the health endpoint"),
            lines(&[(name, "/healthz")]),
        ));
    }
    for name in [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
    ] {
        for method in ["GET", "OPTIONS", "HEAD"] {
            all.push((format!("{name}: {method}"), lines(&[(name, method)])));
        }
    }
    for name in [
        "X-Forwarded-For",
        "X-Real-IP",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Forwarded",
        "X-Forwarded-Host",
        "X-Host",
        "X-Cluster-Client-IP",
        "X-ProxyUser-Ip",
    ] {
        all.push((format!("{name} of loopback"), lines(&[(name, "127.0.0.1")])));
    }
    for text in [
        "Authorization",
        "close, Authorization",
        "X-Forwarded-For",
        "upgrade, X-API-Key",
        "keep-alive, Host",
    ] {
        all.push((
            format!("Connection: {text}"),
            lines(&[("Connection", text)]),
        ));
    }
    let upgrade = |to: &str| lines(&[("Connection", "Upgrade"), ("Upgrade", to)]);
    for to in ["websocket", "h2c", "TLS/1.0", "websocket, h2c"] {
        all.push((format!("upgrade to {to}"), upgrade(to)));
    }
    let mut socket = upgrade("websocket");
    socket.extend(lines(&[
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dmVyaWZ5dmVyaWZ5MTIzNA=="),
    ]));
    all.push(("a whole websocket handshake".into(), socket));
    let mut h2c = upgrade("h2c");
    h2c.extend(lines(&[("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA")]));
    all.push(("a whole h2c upgrade".into(), h2c));
    let preflight = [
        ("Origin", "https://shop.example"),
        ("Access-Control-Request-Method", "GET"),
    ];
    all.push(("as a preflight".into(), lines(&preflight)));
    all.push(("Expect".into(), lines(&[("Expect", "100-continue")])));
    all.push(("a second host".into(), lines(&[("Host", "localhost")])));
    all.push((
        "a folded header".into(),
        lines(&[("X-A", "b\r\n Authorization: x")]),
    ));
    all.push((
        "space before the colon".into(),
        lines(&[("Authorization ", "Bearer x")]),
    ));
    all.push((
        "no length twice".into(),
        lines(&[("Content-Length", "0"), ("Content-Length", "0")]),
    ));
    // The second request of the same connection asks for the plain path.
    let next = format!(
        "b\r\n\r\n{} {sample} HTTP/1.1\r\nHost: {}\r\nX-B: c",
        request.method, request.host
    );
    all.push(("a second request behind".into(), lines(&[("X-A", &next)])));
    for name in forged(scene) {
        let names = [
            name.clone(),
            name.to_ascii_lowercase(),
            name.replace('-', "_"),
        ];
        for name in names {
            all.push((format!("forged {name}"), lines(&[(&name, "admin")])));
        }
    }
    if let Some(group) = route.groups.first() {
        let groups = [("X-Groups", group.as_str()), ("X-Consumer-Groups", group)];
        all.push(("forged groups".into(), lines(&groups)));
    }
    all
}

/// Headers by which a service, or an engine inside, knows who asks.
fn forged(scene: &Scene<'_>) -> Vec<String> {
    let mut names: Vec<String> = [
        "X-Consumer-ID",
        "X-Consumer-Username",
        "X-Credential-Identifier",
        "X-Anonymous-Consumer",
        "X-Authenticated-Userid",
        "X-Remote-User",
        "Remote-User",
        "X-User",
        "X-Forwarded-User",
        "X-JWT-Payload",
        "X-Auth-Status",
    ]
    .map(str::to_owned)
    .to_vec();
    for scheme in scene.gateway.schemes.values() {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => names.extend(jwt.forward.values().cloned()),
            SchemeKind::External(external) => names.extend(external.forward.iter().cloned()),
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    names.retain(|name| !name.eq_ignore_ascii_case(AUTHORIZER));
    names
}
