//! Random bytes in the shape of requests: nothing panics, nothing closed is reached, and the gateway still answers afterwards.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::rig::{Rig, Service};

fn requests() -> impl Strategy<Value = String> {
    let method = prop_oneof!["GET", "POST", "HEAD", "OPTIONS", "[A-Za-z!#]{1,8}"];
    let path = "(/|%2[eEfF]|\\.|;|open|closed|%[0-9a-f]{2}|[ -~]|//|\\\\){1,12}";
    let header = prop_oneof![
        "Host: [a-z.:@ ]{0,12}",
        "Content-Length: [0-9+, -]{0,4}",
        "Transfer-Encoding: (chunked|identity|x|,| ){0,3}",
        "Connection: (close|keep-alive|upgrade|Host|X-API-Key|, ){0,4}",
        "X-API-Key: [ -~]{0,20}",
        "Authorization: (Basic|Bearer|basic) [ -~]{0,30}",
        "Origin: [ -~]{0,20}",
        "Access-Control-Request-Method: [A-Z]{0,6}",
        "[!-~]{1,10}: [ -~]{0,20}",
        "[ -~]{0,30}",
        "Expect: 100-continue",
        "Upgrade: websocket",
        "Cookie: [ -~]{0,20}",
    ];
    let end = prop_oneof!["\r\n", "\n"];
    (
        method,
        path,
        proptest::collection::vec(header, 0..6),
        end,
        "[ -~\r\n]{0,40}",
    )
        .prop_map(|(method, path, headers, end, body)| {
            format!(
                "{method} /{path} HTTP/1.1{end}Host: a{end}{}{end}{end}{body}",
                headers.join(end.as_str())
            )
        })
}

#[test]
fn no_tangle_of_bytes_reaches_a_closed_route_or_stops_the_gateway() {
    let service = Service::ok();
    let rig = Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none, metrics: prometheus }}\nservices: {{ s: '{}' }}\n\
         auth: {{ k: {{ api_key: {{ header: X-API-Key }} }}, b: {{ basic: {{ realm: r }} }} }}\n\
         consumers: {{ c: {{ api_key: 'secret://c', basic: {{ username: u, password: 'secret://p' }} }} }}\n\
         routes:\n  ANY /open/*: {{ to: s, auth: none, cors: {{ origins: ['https://o.example'], methods: [GET] }}, limit: {{ rate: 1000/s, per: {{ header: X-A }} }} }}\n\
         \x20 ANY /closed/*: {{ to: s, auth: {{ any: [k, b] }} }}\n",
        service.url()
    ));
    let cases = std::env::var("TANGLES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(300);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&requests(), |request| {
            let mut stream = std::net::TcpStream::connect(rig.address).unwrap();
            use std::io::{Read, Write};
            stream
                .set_read_timeout(Some(std::time::Duration::from_millis(40)))
                .unwrap();
            let _ = stream.write_all(request.as_bytes());
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).unwrap_or(0);
            prop_assert!(count == 0 || buffer.starts_with(b"HTTP/1.1 "));
            Ok(())
        })
        .unwrap();
    assert!(
        service.seen().iter().all(|seen| !seen.contains(" /closed")),
        "{:?}",
        service.seen()
    );
    assert_eq!(rig.get("/open/x").status, 200);
    assert_eq!(rig.get("/closed/x").status, 401);
}
