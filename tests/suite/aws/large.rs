//! 250 routes with CORS: more parts than a template may have resources, so one resource with a body, deployed and asked.

use super::emulator::{localstack, without};
use super::localstack::NOT_THERE;
use super::{build_text, read_json, upstream};

fn spec(port: u16) -> String {
    let mut text = format!(
        "version: 1\nname: large\ngateway: {{ stage: prod, access_log: none }}\ndefaults: {{ auth: none, limit: none, cors: {{ origins: [\"https://a.example\", \"https://b.example\"], methods: [GET] }} }}\nservices: {{ echo: \"http://127.0.0.1:{port}\" }}\ntargets: {{ aws: {{ allow: {{ cors-answers: \"the service sends them\", resource-quota: \"raised\" }} }} }}\nroutes:\n"
    );
    for number in 0..250 {
        text.push_str(&format!("  GET /things/t{number}: {{ to: echo }}\n"));
    }
    text
}

#[test]
fn two_hundred_and_fifty_routes_with_cors_build_and_deploy() {
    let port = upstream::start();
    let folder = tempfile::tempdir().unwrap();
    let built = build_text(&spec(port), folder.path());
    let bytes = std::fs::metadata(built.join("template.json"))
        .unwrap()
        .len();
    assert!(bytes <= 1_000_000, "{bytes} bytes");
    let mut template = read_json(&built.join("template.json"));
    let resources = template["Resources"].as_object().unwrap();
    assert!(resources.len() <= 500, "{} resources", resources.len());
    let body = &resources["Api"]["Properties"]["Body"];
    assert_eq!(body["paths"].as_object().unwrap().len(), 250);
    let responses = &body["x-amazon-apigateway-gateway-responses"];
    assert_eq!(responses["MISSING_AUTHENTICATION_TOKEN"]["statusCode"], 404);
    let Some(emulator) = localstack() else { return };
    without(&mut template, &NOT_THERE, "LocalStack");
    let api = emulator.deploy("large", &template);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| {
        emulator.ask(&api, "prod", method, path, headers)
    };
    for number in [0, 7, 249] {
        let path = format!("/things/t{number}");
        let answer = ask("GET", &path, &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json()["target"], path.as_str());
        assert_eq!(ask("DELETE", &path, &[]).status, 405);
        let asked = [
            ("Origin", "https://b.example"),
            ("Access-Control-Request-Method", "GET"),
        ];
        let preflight = ask("OPTIONS", &path, &asked);
        assert_eq!(preflight.status, 204);
        assert_eq!(
            preflight.header("Access-Control-Allow-Origin"),
            Some("https://b.example")
        );
    }
    eprintln!(
        "skipped on LocalStack: gateway responses of a body: LocalStack 4.11.0 imports none, so 404 is its own 403"
    );
    assert_eq!(ask("GET", "/things/t250", &[]).status, 403);
}
