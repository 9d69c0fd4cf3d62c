//! Specs resolved as a whole: what routes inherit, how they are ordered, and how long it takes.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io;
use std::path::Path;

use gateway_gen::ir::{Action, Auth, LimitKey, Matched, Matcher};
use gateway_gen::report::Severity;
use gateway_gen::resolve::{Options, Resolved, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;

/// Files with the right PEM frames, by the end of their name.
fn files(path: &Path) -> io::Result<Vec<u8>> {
    let label = match path.extension().and_then(|e| e.to_str()) {
        Some("crt") => "CERTIFICATE",
        Some("key") => "PRIVATE KEY",
        _ => return Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    Ok(format!("-----BEGIN {label}-----\nAA==\n-----END {label}-----\n").into_bytes())
}

fn resolved(text: &str) -> Resolved {
    let options = ReadOptions {
        input: Input::Text {
            name: "gateway.yaml".into(),
            text: text.into(),
        },
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document = read(&options).unwrap();
    assert_eq!(document.diagnostics(), []);
    let decoded = document.decode::<Spec>();
    assert_eq!(decoded.diagnostics, []);
    let options = Options {
        secrets: Secrets::Reference,
        files: &files,
        complete: true,
    };
    resolve(&decoded.value.unwrap(), &document, &options)
}

fn gateway(text: &str) -> gateway_gen::ir::Gateway {
    let resolved = resolved(text);
    let errors: Vec<_> = resolved
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    resolved.gateway.unwrap()
}

#[test]
fn every_example_resolves_without_a_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut failed = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path().join("gateway.yaml");
        if !path.exists() {
            continue;
        }
        count += 1;
        let options = ReadOptions {
            input: Input::File(path.clone()),
            env: None,
            variables: &|_| None,
            services: Vec::new(),
        };
        let document = read(&options).unwrap();
        let decoded = document.decode::<Spec>();
        let options = Options {
            secrets: Secrets::Reference,
            files: &|path| std::fs::read(path),
            complete: decoded.diagnostics.is_empty(),
        };
        let resolved = resolve(&decoded.value.unwrap(), &document, &options);
        let found = document.diagnostics().iter().chain(&decoded.diagnostics);
        for found in found.chain(&resolved.diagnostics) {
            let at = document
                .locate(&found.place)
                .map(|span| document.sources().slice(span));
            failed.push(format!("{}: {} at {at:?}", path.display(), found.message));
        }
    }
    assert!(count >= 20, "only {count} examples");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

const NESTED: &str = r#"
version: 1
name: nested
gateway:
  max_body: 1MB
  request_headers: { set: { X-From: gateway } }
defaults:
  auth: tokens
  limit: { rate: 10/s }
  timeout: { response: 5s }
  cors: { origins: ["https://shop.example"] }
auth:
  tokens: { jwt: { keys: { jwks: "https://id.example/jwks.json" }, algorithms: [RS256] } }
services:
  a: { url: "http://a:1/base/", timeout: { connect: 2s } }
  b: http://b
routes:
  ANY /*: { to: b, cors: none, limit: none }
  POST /x: { to: b, request_headers: { remove: [X-Y] } }
  GET /x: { to: a, auth: none, max_body: 2MB }
  GET /x/{id}: { to: a, timeout: { response: 1s } }
"#;

#[test]
fn the_nearest_definition_of_a_key_wins_whole() {
    let gateway = gateway(NESTED);
    let route = |key: &str| {
        gateway
            .routes
            .iter()
            .find(|route| route.key == key)
            .unwrap()
    };
    let get = route("GET /x");
    assert_eq!(get.auth.value, Auth::None { explicit: true });
    assert_eq!(get.auth.pointer.as_str(), "/routes/GET ~1x/auth");
    // The service's timeout replaces the defaults' as a whole.
    assert_eq!(
        (get.timeout.connect.0, get.timeout.response.0),
        (2000, 30_000)
    );
    assert!(!get.timeout.explicit);
    assert_eq!(get.timeout.pointer.as_str(), "/services/a/timeout");
    assert_eq!(get.max_body.value.0, 2 << 20);
    assert_eq!(get.request_headers.set["X-From"], "gateway");
    assert_eq!(get.limits[0].burst, 10);
    assert_eq!(get.limits[0].key, LimitKey::Consumer);
    assert_eq!(get.limits[0].pointer.as_str(), "/defaults/limit");
    let post = route("POST /x");
    assert_eq!(post.auth.value, Auth::Any(vec!["tokens".into()]));
    assert!(post.request_headers.set.is_empty());
    assert_eq!(
        (post.timeout.connect.0, post.timeout.response.0),
        (1000, 5000)
    );
    assert_eq!(post.max_body.value.0, 1 << 20);
    // A preflight allows what the path's routes take.
    assert_eq!(post.cors.as_ref().unwrap().methods, ["GET", "POST"]);
    let all = route("ANY /*");
    assert!(all.unlimited && all.limits.is_empty() && all.cors.is_none());
    assert_eq!(route("GET /x/{id}").timeout.connect.0, 1000);
}

#[test]
fn routes_come_in_order_of_precedence_whatever_the_order_of_the_text() {
    let gateway = gateway(NESTED);
    let keys: Vec<_> = gateway
        .routes
        .iter()
        .map(|route| route.key.as_str())
        .collect();
    assert_eq!(keys, ["GET /x/{id}", "GET /x", "POST /x", "ANY /*"]);
    let matcher = Matcher::new(&gateway);
    let Matched::Route(id) = matcher.decide(None, "/x/7", "HEAD") else {
        panic!("no route");
    };
    assert_eq!(gateway.routes[id.0].key, "GET /x/{id}");
}

#[test]
fn addresses_have_their_port_and_no_trailing_slash() {
    let gateway = gateway(NESTED);
    let address = &gateway.services["a"].targets[0].address;
    assert_eq!(
        (address.host.as_str(), address.port, address.path.as_str()),
        ("a", 1, "/base")
    );
    assert_eq!(gateway.services["b"].targets[0].address.port, 80);
}

#[test]
fn the_spec_at_the_head_of_the_language_page_resolves() {
    let text = include_str!("../cases/language.yaml");
    let gateway = gateway(text);
    assert_eq!(gateway.routes.len(), 7);
    let Action::Gather(gather) = &gateway
        .routes
        .iter()
        .find(|r| r.key.contains("bff"))
        .unwrap()
        .action
    else {
        panic!("no gather");
    };
    assert_eq!(gather.parts.len(), 3);
}

/// Printed by hand with `--nocapture`; the bound holds for unoptimised builds too.
#[test]
fn resolving_grows_linearly() {
    let time = |routes: usize| {
        let mut text = String::from(NESTED);
        for i in 0..routes {
            text += &format!(
                "  GET /api/{i}/items/{{id}}: {{ to: a, limit: {{ rate: 5/s, burst: 9 }} }}\n"
            );
        }
        let options = ReadOptions {
            input: Input::Text {
                name: "gateway.yaml".into(),
                text,
            },
            env: None,
            variables: &|_| None,
            services: Vec::new(),
        };
        let document = read(&options).unwrap();
        let spec = document.decode::<Spec>().value.unwrap();
        let options = Options {
            secrets: Secrets::Reference,
            files: &files,
            complete: true,
        };
        let start = std::time::Instant::now();
        let resolved = resolve(&spec, &document, &options);
        let took = start.elapsed();
        assert_eq!(resolved.gateway.unwrap().routes.len(), routes + 4);
        println!("{routes} routes: {took:?}");
        took
    };
    let (small, large) = (time(2_000), time(20_000));
    assert!(large < small * 30, "{small:?} -> {large:?}");
}
