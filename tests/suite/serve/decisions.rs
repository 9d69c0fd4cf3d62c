//! The engine alone, in virtual time: the order of checks, traces, quotas of a month in milliseconds.

use gateway_gen::engine::{
    Counters, Decision, End, Engine, Knowledge, Memory, Request, Timestamp, Verdict,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::rig::gateway;

const SPEC: &str = "
version: 1
name: t
gateway: { trusted_proxies: [10.0.0.0/8], max_body: 1KB, ip: { deny: [6.6.6.0/24] } }
auth: { k: { api_key: { header: X-API-Key } }, b: { basic: { realm: r } } }
plans: { p: { limit: { rate: 1/h, burst: 100 }, quota: 5/month } }
consumers: { c: { plan: p, groups: [g], api_key: ['secret://c', 'secret://c2'] }, d: { api_key: 'secret://d', basic: { username: d, password: 'secret://dp' } } }
services: { s: 'http://127.0.0.1:1/base' }
defaults: { cors: { origins: ['https://shop.example'], methods: [GET, POST] } }
routes:
  POST /a/{id}: { to: s, auth: k, groups: [g], limit: { rate: 1/min, burst: 2, per: client_ip }, rewrite: '/r/{id}' }
  GET /both: { to: s, auth: { all: [k, b] } }
  GET /free: { to: s, auth: none }
";

struct Asked<'a> {
    request: &'a str,
    headers: &'a [(&'a str, &'a str)],
    length: Option<u64>,
}

fn decide(engine: &Engine, counters: &dyn Counters, now: u64, asked: &Asked<'_>) -> Decision {
    let (method, target) = asked.request.split_once(' ').unwrap();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    let mut headers = HeaderMap::new();
    for (name, value) in asked.headers {
        headers.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let request = Request {
        method,
        authority: "a.example",
        path,
        query,
        headers: &headers,
        peer: [10, 0, 0, 1].into(),
        tls: false,
        length: asked.length,
    };
    engine.decide(
        &request,
        &Knowledge::default(),
        counters,
        Timestamp::from_seconds(now),
    )
}

fn status(decision: &Decision) -> u16 {
    match &decision.end {
        End::Answer(answer) => answer.status,
        End::Forward { .. } | End::Gather(_) => 200,
        End::Unknown(why) => panic!("{why}"),
    }
}

const NOVEMBER: u64 = 1_795_000_000;

#[test]
fn a_request_that_fails_several_checks_gets_the_answer_of_the_first() {
    let engine = Engine::new(gateway(SPEC)).unwrap();
    let memory = Memory::default();
    let denied = ("X-Forwarded-For", "6.6.6.6");
    let (wrong, other, known) = (
        ("X-API-Key", "x"),
        ("X-API-Key", "d-value"),
        ("X-API-Key", "c-value"),
    );
    let ask = |request, headers: &[(&str, &str)], length| {
        let decision = decide(
            &engine,
            &memory,
            NOVEMBER,
            &Asked {
                request,
                headers,
                length,
            },
        );
        // The last entry of the trace tells the same story as the answer.
        let refused = decision
            .steps
            .iter()
            .filter(|step| step.verdict == Verdict::Refused)
            .count();
        assert_eq!(
            refused > 0,
            status(&decision) >= 400,
            "{:?}",
            decision.steps
        );
        status(&decision)
    };
    let large = Some(2000);
    assert_eq!(ask("POST /a/%zz", &[denied, wrong], large), 400);
    assert_eq!(ask("POST /none", &[denied, wrong], large), 404);
    assert_eq!(ask("PUT /a/1", &[denied, wrong], large), 405);
    assert_eq!(
        ask(
            "OPTIONS /a/1",
            &[
                denied,
                ("Origin", "https://shop.example"),
                ("Access-Control-Request-Method", "POST")
            ],
            large
        ),
        204
    );
    assert_eq!(ask("POST /a/1", &[denied, wrong], large), 403);
    assert_eq!(ask("POST /a/1", &[wrong], large), 401);
    assert_eq!(ask("POST /a/1", &[other], large), 403);
    assert_eq!(ask("POST /a/1", &[known], large), 413);
    assert_eq!(ask("POST /a/1", &[known], Some(3)), 200);
    assert_eq!(ask("POST /a/1", &[("X-API-Key", "c2-value")], None), 200);
    assert_eq!(ask("POST /a/1", &[known], None), 429);
    // Nothing that was refused before took a token: the burst of two was there in full.
}

#[test]
fn a_quota_of_a_month_ends_at_its_number_and_begins_again_on_the_first() {
    let engine = Engine::new(gateway(SPEC)).unwrap();
    let memory = Memory::default();
    let at = |now| {
        let headers = &[("X-API-Key", "c-value")];
        decide(
            &engine,
            &memory,
            now,
            &Asked {
                request: "POST /a/1",
                headers,
                length: None,
            },
        )
    };
    for minute in 0..5 {
        assert_eq!(status(&at(NOVEMBER + 60 * minute)), 200);
    }
    let over = at(NOVEMBER + 600);
    assert_eq!(status(&over), 429);
    let End::Answer(answer) = &over.end else {
        panic!()
    };
    // 2026-12-01T00:00:00Z is 1796083200.
    assert_eq!(
        answer.headers["retry-after"],
        (1_796_083_200 - (NOVEMBER + 600)).to_string()
    );
    let last = over.steps.last().unwrap();
    assert_eq!(last.pointer.as_str(), "/plans/p/quota", "{last:?}");
    assert_eq!(status(&at(1_796_083_199)), 429);
    assert_eq!(status(&at(1_796_083_200)), 200);
}

#[test]
fn what_is_sent_is_the_normalised_path_below_the_base_and_all_schemes_must_agree() {
    let engine = Engine::new(gateway(SPEC)).unwrap();
    let ask = |request, headers: &[(&str, &str)]| {
        decide(
            &engine,
            &Memory::default(),
            NOVEMBER,
            &Asked {
                request,
                headers,
                length: None,
            },
        )
    };
    let sent = ask(
        "POST /x/../a/%61%20b?q=%2e%2e&x",
        &[("X-API-Key", "c-value")],
    );
    assert_eq!(
        sent.end,
        End::Forward {
            service: "s".into(),
            path: "/base/r/a%20b?q=%2e%2e&x".into()
        }
    );
    let basic = ("Authorization", "Basic ZDpkcC12YWx1ZQ==");
    assert_eq!(
        status(&ask("GET /both", &[("X-API-Key", "d-value"), basic])),
        200
    );
    assert_eq!(status(&ask("GET /both", &[("X-API-Key", "d-value")])), 401);
    assert_eq!(status(&ask("GET /both", &[basic])), 401);
}

#[test]
fn answers_of_the_gateway_carry_cors_headers_like_any_other() {
    let engine = Engine::new(gateway(SPEC)).unwrap();
    let headers = &[("Origin", "https://shop.example")];
    let refused = decide(
        &engine,
        &Memory::default(),
        NOVEMBER,
        &Asked {
            request: "POST /a/1",
            headers,
            length: None,
        },
    );
    let End::Answer(answer) = &refused.end else {
        panic!()
    };
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "https://shop.example"
    );
    assert_eq!(answer.headers["www-authenticate"], "ApiKey");
}
