//! An HTTP API deployed to MiniStack: routes, tokens, scopes, path mapping, fixed answers.

use serde_json::{Value, json};

use super::emulator::ministack;
use super::wire::Answer;
use super::{build_text, read_json, tokens, upstream};

const SPEC: &str = r#"
version: 1
name: cheap
gateway: { stage: prod, access_log: none, health: /healthz }
defaults: { auth: none, limit: none, timeout: { response: 20s } }
auth:
  people: { jwt: { issuer: "https://id.example", audience: [shop], keys: { jwks: "https://id.example/keys" }, algorithms: [RS256] } }
  staff: { basic: { realm: staff } }
consumers: { carol: { groups: [ops], basic: { username: carol, password: "secret://carol-password" } } }
services: { echo: http://127.0.0.1:PORT, based: http://127.0.0.1:OTHER/base }
routes:
  GET /plain: { to: echo, request_headers: { set: { X-Set: spec }, remove: [X-Gone] } }
  GET /users/{id}: { to: based, rewrite: "/people/{id}/card" }
  ANY /files/*: { to: based }
  GET /files/fixed: { respond: { status: 410, body: '{"message":"gone"}' } }
  GET /mine: { to: echo, auth: people }
  POST /mine: { to: echo, auth: people, scopes: { any: [write, admin] } }
  GET /staff: { to: echo, auth: staff, groups: [ops] }
  GET /moved/*: { respond: { status: 301, location: "https://www.example{path}{query}" } }
targets: { aws: { api: http, allow: {} } }
"#;

#[test]
fn an_http_api_routes_admits_and_refuses_as_the_language_says() {
    let Some(emulator) = ministack() else { return };
    let (port, other) = (upstream::start(), upstream::start());
    let issuer = tokens::Issuer::new();
    let identity = upstream::identity(issuer.key_set());
    let folder = tempfile::tempdir().unwrap();
    let spec = SPEC
        .replace("PORT", &port.to_string())
        .replace("OTHER", &other.to_string());
    let built = build_text(&spec, folder.path());
    // The issuer must be https on AWS; the emulator reads the discovery document of one on loopback.
    let text = std::fs::read_to_string(built.join("template.json")).unwrap();
    let local = format!("http://127.0.0.1:{identity}");
    std::fs::write(
        built.join("template.json"),
        text.replace("https://id.example", &local),
    )
    .unwrap();
    let template = read_json(&built.join("template.json"));
    emulator.secret("cheap/carol-password", "correct horse");
    let api = emulator.deploy("cheap", &template);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        emulator.ask(&api, "prod", method, path, headers)
    };
    forwarded(&ask);
    fixed(&ask);
    admitted(&ask, &issuer, &local);
    for what in [
        "cross-origin rules: MiniStack 1.5.33 refuses every preflight of an API made by CloudFormation",
        "throttles of routes: MiniStack 1.5.33 stores none of a stage made by CloudFormation",
        "timeouts: MiniStack 1.5.33 waits for ever",
    ] {
        eprintln!("skipped on MiniStack: {what}");
    }
}

type Ask<'a> = &'a dyn Fn(&str, &str, &[(&str, &str)]) -> Answer;

fn forwarded(ask: Ask<'_>) {
    let target = |method: &str, path: &str| {
        let answer = ask(method, path, &[]);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()["target"].as_str().unwrap().to_owned()
    };
    assert_eq!(target("GET", "/plain?a=1"), "/plain?a=1");
    assert_eq!(target("GET", "/users/7"), "/base/people/7/card");
    assert_eq!(target("PUT", "/files"), "/base/files");
    assert_eq!(target("PUT", "/files/a/b"), "/base/files/a/b");
    let seen = ask(
        "GET",
        "/plain",
        &[
            ("X-Gone", "here"),
            ("X-Set", "client"),
            ("X-Request-ID", "mine"),
        ],
    )
    .json();
    let header = |name: &str| {
        seen["headers"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(header("x-set"), "spec");
    assert_eq!(header("x-gone"), "");
    assert!(!["", "mine"].contains(&header("x-request-id").as_str()));
}

fn fixed(ask: Ask<'_>) {
    let gone = ask("GET", "/files/fixed", &[]);
    assert_eq!(
        (gone.status, gone.json()["message"].as_str().unwrap()),
        (410, "gone")
    );
    // It does not fall to `/files/*`, which takes every method.
    let other = ask("POST", "/files/fixed", &[]);
    assert_eq!(
        (other.status, other.header("Allow")),
        (405, Some("GET, HEAD"))
    );
    assert_eq!(ask("POST", "/plain", &[]).status, 405);
    assert_eq!(
        ask("GET", "/healthz", &[]).json(),
        json!({ "status": "ok" })
    );
    assert_eq!(ask("GET", "/nothing", &[]).status, 404);
    let moved = ask("GET", "/moved/a/b?c=d", &[]);
    assert_eq!(
        (moved.status, moved.header("Location")),
        (301, Some("https://www.example/moved/a/b?c=d"))
    );
}

fn admitted(ask: Ask<'_>, issuer: &tokens::Issuer, local: &str) {
    let claims = |more: Value| {
        let mut claims =
            json!({ "iss": local, "aud": "shop", "sub": "u1", "exp": tokens::now() + 300 });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        issuer.bearer(&claims)
    };
    let status = |method: &str, path: &str, token: &str| {
        ask(method, path, &[("Authorization", token)]).status
    };
    assert_eq!(ask("GET", "/mine", &[]).status, 401);
    assert_eq!(status("GET", "/mine", &claims(json!({}))), 200);
    assert_eq!(
        status("GET", "/mine", &claims(json!({ "aud": "other" }))),
        401
    );
    assert_eq!(
        status(
            "GET",
            "/mine",
            &claims(json!({ "exp": tokens::now() - 300 }))
        ),
        401
    );
    assert_eq!(status("GET", "/mine", "Bearer garbage"), 401);
    assert_eq!(status("POST", "/mine", &claims(json!({}))), 403);
    assert_eq!(
        status("POST", "/mine", &claims(json!({ "scope": "admin" }))),
        200
    );
    // The loss `own-answers`: a function of an HTTP API can admit or refuse, and a refusal is 403.
    let refused = [401, 403];
    assert!(refused.contains(&ask("GET", "/staff", &[]).status));
    assert_eq!(
        status("GET", "/staff", "Basic Y2Fyb2w6Y29ycmVjdCBob3JzZQ=="),
        200
    );
    assert!(refused.contains(&status("GET", "/staff", "Basic Y2Fyb2w6d3Jvbmc=")));
}
