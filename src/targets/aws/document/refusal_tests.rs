//! The mistakes that template checkers let pass, one test each: refused, or not to be written down at all.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Template;
use super::firewall::{Count, Evaluation};
use super::integration::{Connection, Integration, Mock, Proxy, RestTimeout, Uri, UriPiece, Verb};
use super::mapping::{Destination, Fixed, HeaderName, Source};
use super::path::{PathId, PathPart, Paths};
use super::plan::{KeyValue, MethodKey, Period, PlanQuota, Throttle};
use super::rest::{Authorization, Authorizer, GatewayResponse, Method, ResponseType, RestApi};
use super::stage::{MethodPath, Stage, StageName};

fn mock() -> Integration {
    Integration::Mock(Mock {
        status: 405,
        headers: BTreeMap::from([(
            HeaderName::new("Allow").unwrap(),
            Fixed::new("GET").unwrap(),
        )]),
        template: "{}".into(),
        takes_bodies: false,
    })
}

fn method(path: PathId, verb: Verb, integration: Integration) -> Method {
    Method {
        path,
        verb,
        authorization: Authorization::None,
        metered: false,
        integration,
        raw: Map::new(),
        raw_integration: Map::new(),
    }
}

fn proxy(
    parameters: BTreeMap<Destination, Source>,
    pieces: &[UriPiece],
) -> Result<Proxy, super::Refused> {
    Proxy::new(
        Verb::Get,
        Uri::new("http://h", pieces)?,
        Connection::Internet,
        RestTimeout::new(1000, false)?,
        parameters,
    )
}

fn printed(api: &RestApi) -> Map<String, Value> {
    let mut template = Template::default();
    let (id, parts) = api.print(&mut template);
    let stage = Stage {
        name: StageName::new("prod").unwrap(),
        throttle: None,
        methods: BTreeMap::new(),
        metrics: false,
        log: None,
    };
    stage.print(&id, parts, &mut template);
    let text = String::from_utf8(template.print()).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["Resources"].as_object().unwrap().clone()
}

fn of_type<'a>(resources: &'a Map<String, Value>, kind: &str) -> Vec<&'a Value> {
    resources.values().filter(|r| r["Type"] == kind).collect()
}

#[test]
fn a_rest_timeout_over_29_seconds_is_refused_until_it_is_raised() {
    assert!(RestTimeout::new(120_000, false).is_err());
    assert!(RestTimeout::new(49, false).is_err());
    assert!(RestTimeout::new(120_000, true).is_ok());
}

#[test]
fn a_method_that_aws_does_not_have_is_refused() {
    assert!(Verb::of("GETT").is_err());
    assert!(Verb::of("ANY").is_err());
    assert_eq!(Verb::of("GET"), Ok(Verb::Get));
}

#[test]
fn an_authorizer_goes_with_the_authorization_that_names_it() {
    // "JWT" on a REST API, "CUSTOM" without an authorizer and Cognito without a pool cannot be written:
    // `Authorization` has no such variant, and each variant holds the number of an authorizer that was added.
    let mut api = RestApi::default();
    let id = api.authorizer(Authorizer::Cognito {
        name: "pool".into(),
        pool: "arn:aws:cognito-idp:eu-west-1:1:userpool/x".into(),
    });
    let mut with = method(Paths::ROOT, Verb::Get, mock());
    with.authorization = Authorization::Cognito(id, Vec::new());
    api.method(with).unwrap();
    let resources = printed(&api);
    let method = of_type(&resources, "AWS::ApiGateway::Method")[0];
    assert_eq!(
        method["Properties"]["AuthorizationType"],
        "COGNITO_USER_POOLS"
    );
    assert_eq!(
        method["Properties"]["AuthorizerId"],
        json!({ "Ref": "AuthorizerPool" })
    );
    let authorizer = of_type(&resources, "AWS::ApiGateway::Authorizer")[0];
    assert_eq!(
        authorizer["Properties"]["ProviderARNs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_quota_has_one_of_three_periods_and_a_number_that_aws_holds() {
    assert!(PlanQuota::new(0, Period::Day).is_err());
    assert!(PlanQuota::new(1 << 31, Period::Month).is_err());
}

#[test]
fn a_short_key_is_refused_and_not_repeated() {
    let refused = KeyValue::known("short-secret").unwrap_err();
    assert!(!refused.0.contains("short-secret"));
    assert!(KeyValue::known(&"k".repeat(129)).is_err());
    assert!(KeyValue::known(&"k".repeat(20)).is_ok());
}

#[test]
fn an_answer_of_the_gateway_has_a_known_type_and_the_right_prefix() {
    let mut api = RestApi::default();
    api.responses.push(GatewayResponse {
        kind: ResponseType::Throttled,
        status: Some(429),
        body: "{}".into(),
        headers: BTreeMap::from([(
            HeaderName::new("Retry-After").unwrap(),
            Fixed::new("1").unwrap(),
        )]),
        request_id: Some(HeaderName::new("X-Request-ID").unwrap()),
    });
    let resources = printed(&api);
    let response = of_type(&resources, "AWS::ApiGateway::GatewayResponse")[0];
    assert_eq!(response["Properties"]["ResponseType"], "THROTTLED");
    let parameters = response["Properties"]["ResponseParameters"]
        .as_object()
        .unwrap();
    assert!(
        parameters
            .keys()
            .all(|key| key.starts_with("gatewayresponse.header."))
    );
}

#[test]
fn a_proxy_has_an_http_address_and_a_method() {
    assert!(Uri::new("", &[]).is_err());
    assert!(Uri::new("ftp://h", &[]).is_err());
    assert!(Uri::new("http://", &[]).is_err());
    let Integration::Proxy(made) = Integration::Proxy(proxy(BTreeMap::new(), &[]).unwrap()) else {
        unreachable!()
    };
    let printed = Integration::Proxy(made).print();
    assert_eq!(printed["IntegrationHttpMethod"], "GET");
    assert_eq!(printed["Uri"], "http://h");
}

#[test]
fn a_vpc_link_has_its_id_and_its_listener() {
    let made = Proxy::new(
        Verb::Get,
        Uri::new("http://h", &[]).unwrap(),
        Connection::Link {
            id: "link".into(),
            listener: "arn".into(),
        },
        RestTimeout::new(1000, false).unwrap(),
        BTreeMap::new(),
    );
    let printed = Integration::Proxy(made.unwrap()).print();
    assert_eq!(printed["ConnectionType"], "VPC_LINK");
    assert_eq!(printed["ConnectionId"], "link");
    assert_eq!(printed["IntegrationTarget"], "arn");
}

#[test]
fn a_path_parameter_that_is_read_is_declared_or_refused() {
    let read = || {
        let from = BTreeMap::from([(Destination::Path("id".into()), Source::Path("id".into()))]);
        Integration::Proxy(proxy(from, &[UriPiece::Place("id".into())]).unwrap())
    };
    let mut api = RestApi::default();
    assert!(api.method(method(Paths::ROOT, Verb::Get, read())).is_err());
    let path = api
        .paths
        .add(Paths::ROOT, PathPart::variable("id").unwrap())
        .unwrap();
    api.method(method(path, Verb::Get, read())).unwrap();
    let resources = printed(&api);
    let method = of_type(&resources, "AWS::ApiGateway::Method")[0];
    assert_eq!(
        method["Properties"]["RequestParameters"],
        json!({ "method.request.path.id": true })
    );
}

#[test]
fn a_place_of_the_address_that_nothing_fills_is_refused() {
    assert!(proxy(BTreeMap::new(), &[UriPiece::Place("id".into())]).is_err());
    let from = BTreeMap::from([(Destination::Path("id".into()), Source::RequestId)]);
    assert!(proxy(from, &[]).is_err());
}

#[test]
fn a_mapping_comes_from_a_known_source() {
    // `ctx.requestId` cannot be written: `Source` is a closed list, and fixed text cannot end its quotes.
    assert_eq!(Source::RequestId.print(), "context.requestId");
    assert!(Fixed::new("it's").is_err());
    assert!(Fixed::new("a\nb").is_err());
    assert!(HeaderName::new("X Bad").is_err());
    assert!(HeaderName::new("").is_err());
}

#[test]
fn a_header_of_a_mock_is_declared() {
    let mut api = RestApi::default();
    api.method(method(Paths::ROOT, Verb::Any, mock())).unwrap();
    let resources = printed(&api);
    let properties = &of_type(&resources, "AWS::ApiGateway::Method")[0]["Properties"];
    assert_eq!(
        properties["MethodResponses"],
        json!([{ "StatusCode": "405", "ResponseParameters": { "method.response.header.Allow": true } }])
    );
    let integration = &properties["Integration"];
    assert_eq!(integration["IntegrationResponses"][0]["StatusCode"], "405");
}

#[test]
fn siblings_are_told_apart() {
    let mut paths = Paths::default();
    let literal = || PathPart::literal("a").unwrap();
    let a = paths.add(Paths::ROOT, literal()).unwrap();
    assert!(paths.add(Paths::ROOT, literal()).is_err());
    paths.add(a, PathPart::variable("id").unwrap()).unwrap();
    assert!(paths.add(a, PathPart::variable("name").unwrap()).is_err());
    assert!(paths.add(a, PathPart::Greedy).is_err());
}

#[test]
fn a_part_of_a_path_holds_no_slash_and_nothing_stands_below_a_greedy_one() {
    for bad in ["a/b", "a b", "", "a%20b", "{id}"] {
        assert!(PathPart::literal(bad).is_err(), "{bad}");
        assert!(PathPart::variable(bad).is_err(), "{bad}");
    }
    let mut paths = Paths::default();
    let greedy = paths.add(Paths::ROOT, PathPart::Greedy).unwrap();
    assert!(paths.add(greedy, PathPart::literal("a").unwrap()).is_err());
}

#[test]
fn a_method_stands_once_on_a_path() {
    let mut api = RestApi::default();
    api.method(method(Paths::ROOT, Verb::Get, mock())).unwrap();
    assert!(api.method(method(Paths::ROOT, Verb::Get, mock())).is_err());
}

#[test]
fn a_deployment_comes_after_every_method_and_follows_their_content() {
    let deployment = |verbs: &[Verb]| {
        let mut api = RestApi::default();
        for verb in verbs {
            api.method(method(Paths::ROOT, *verb, mock())).unwrap();
        }
        let resources = printed(&api);
        let found = resources
            .iter()
            .find(|(_, r)| r["Type"] == "AWS::ApiGateway::Deployment");
        let (id, deployment) = found.unwrap();
        (
            id.clone(),
            deployment["DependsOn"].as_array().unwrap().len(),
        )
    };
    let (first, needs) = deployment(&[Verb::Get]);
    let (second, more) = deployment(&[Verb::Get, Verb::Any]);
    assert_eq!((needs, more), (1, 2));
    assert_ne!(first, second);
    assert_eq!(deployment(&[Verb::Get]).0, first);
}

#[test]
fn a_stage_has_a_name_that_aws_takes() {
    for bad in ["", "a b", "pröd", "a/b"] {
        assert!(StageName::new(bad).is_err(), "{bad}");
    }
    assert!(StageName::new(&"s".repeat(129)).is_err());
}

#[test]
fn the_path_of_a_method_setting_is_escaped() {
    let path = MethodPath::new("/api/orders/{id}", Verb::Get);
    assert_eq!(path.as_str(), "/~1api~1orders~1{id}");
    assert_eq!(MethodPath::new("/", Verb::Get).as_str(), "/");
    // A usage plan's key is not escaped.
    let key = format!("{:?}", MethodKey::new("/api/orders", Verb::Get));
    assert!(key.contains("/api/orders/GET"));
}

#[test]
fn a_throttle_is_positive_and_fits() {
    assert!(Throttle::new(0.0, 1).is_err());
    assert!(Throttle::new(f64::INFINITY, 1).is_err());
    assert!(Throttle::new(1.0, 1 << 31).is_err());
}

#[test]
fn a_firewall_counts_in_windows_that_it_has() {
    assert!(Count::new(9, Evaluation::S60).is_err());
    assert!(Count::new(10, Evaluation::S60).is_ok());
    assert!(Count::new(2_000_000_001, Evaluation::S60).is_err());
}
