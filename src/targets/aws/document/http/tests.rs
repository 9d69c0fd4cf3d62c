//! The mistakes in HTTP APIs that template checkers let pass: refused, or not to be written down at all.
#![allow(clippy::unwrap_used)]

use serde_json::Map;

use super::super::integration::{Connection, Verb};
use super::super::path::{PathId, Paths};
use super::super::stage::StageName;
use super::super::{LogicalId, Template};
use super::{
    HttpApi, HttpAuthorization, HttpAuthorizer, HttpCors, HttpIntegration, HttpRoute, HttpTimeout,
    JwtIssuer, MappedHeader, SentPiece,
};
use crate::ir::{Cors, Origins};

#[test]
fn compression_and_payload_versions_cannot_be_given() {
    // Neither model has a field for a minimum size of compression; an HTTP API's payload is 1.0 or 2.0 by its kind.
    let mut api = http_api();
    api.route(http_route(Paths::ROOT, Verb::Get)).unwrap();
    let mut template = Template::default();
    api.print(&mut template);
    let text = String::from_utf8(template.print()).unwrap();
    assert!(!text.contains("MinimumCompressionSize"));
    assert!(!text.contains("ApiKeyRequired"));
    assert!(text.contains("\"PayloadFormatVersion\": \"1.0\""));
}

fn http_api() -> HttpApi {
    HttpApi::new(
        "x".into(),
        Paths::default(),
        StageName::new("prod").unwrap(),
    )
}

fn http_route(path: PathId, verb: Verb) -> HttpRoute {
    HttpRoute {
        path,
        verb,
        authorization: HttpAuthorization::None,
        integration: HttpIntegration::Proxy {
            base: "http://h".into(),
            path: vec![SentPiece::Text("/a".into())],
            connection: Connection::Internet,
            timeout: HttpTimeout::new(1000).unwrap(),
            changes: Vec::new(),
        },
        throttle: None,
        raw: Map::new(),
        raw_integration: Map::new(),
    }
}

#[test]
fn a_route_key_stands_once_and_is_a_verb_and_a_path() {
    let mut api = http_api();
    api.route(http_route(Paths::ROOT, Verb::Get)).unwrap();
    assert!(api.route(http_route(Paths::ROOT, Verb::Get)).is_err());
    let mut template = Template::default();
    api.print(&mut template);
    let text = String::from_utf8(template.print()).unwrap();
    assert!(text.contains("\"RouteKey\": \"GET /\""));
}

#[test]
fn an_http_mapping_reads_what_the_path_has_and_changes_what_aws_lets_it() {
    let mut api = http_api();
    let mut route = http_route(Paths::ROOT, Verb::Get);
    if let HttpIntegration::Proxy { path, .. } = &mut route.integration {
        path.push(SentPiece::Variable("id".into()));
    }
    assert!(api.route(route).is_err());
    for reserved in [
        "Host",
        "Authorization",
        "X-Amzn-Trace-Id",
        "access-control-allow-origin",
    ] {
        assert!(MappedHeader::new(reserved).is_err(), "{reserved}");
    }
}

#[test]
fn a_jwt_authorizer_has_an_https_issuer_and_an_audience() {
    let audience = vec!["shop".to_owned()];
    assert!(JwtIssuer::new("http://id.example", &audience).is_err());
    assert!(JwtIssuer::new("https://id.example", &[]).is_err());
    assert!(JwtIssuer::new("https://id.example", &audience).is_ok());
}

#[test]
fn a_jwt_is_asked_for_with_the_authorizer_that_verifies_it() {
    let mut api = http_api();
    let function = LogicalId::new(["AuthorizerFunction"]);
    let own = api.authorizer(HttpAuthorizer::Own {
        name: "own".into(),
        function,
    });
    let mut route = http_route(Paths::ROOT, Verb::Get);
    route.authorization = HttpAuthorization::Jwt(own, Vec::new());
    assert!(api.route(route).is_err());
}

#[test]
fn cross_origin_rules_do_not_mix_everybody_with_credentials_or_last_too_long() {
    let mut cors = Cors {
        origins: Origins::All,
        methods: vec!["GET".into()],
        headers: Vec::new(),
        expose: Vec::new(),
        credentials: true,
        max_age: None,
    };
    assert!(HttpCors::new(&cors).is_err());
    cors.credentials = false;
    assert!(HttpCors::new(&cors).is_ok());
    cors.max_age = Some("2d".parse().unwrap());
    assert!(HttpCors::new(&cors).is_err());
}

#[test]
fn an_http_timeout_over_30_seconds_is_refused() {
    assert!(HttpTimeout::new(31_000).is_err());
    assert!(HttpTimeout::new(30_000).is_ok());
}
