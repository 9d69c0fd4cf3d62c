//! Edges in a real nginx: line breaks in answers, bodies without a length, keys in the query, slashes kept, metrics.

use super::{Spec, binaries};
use crate::support::client::{Response, exchange};
use crate::support::echo::Echo;
use crate::support::nginx::{Binary, Nginx};

/// An nginx for a spec that ends with its routes; the top stands in front.
fn start(binary: &Binary, spec: &str) -> Nginx {
    let spec = format!(
        "version: 1\nname: edges\n{spec}\ntargets: {{ nginx: {{ version: \"{}\" }} }}\n",
        binary.version
    );
    let made = Spec::new(&spec).build();
    Nginx::start(binary, &made.folder, &[])
}

fn send(nginx: &Nginx, head: &str, body: &str) -> Response {
    let request = format!("{head}\r\nHost: x\r\nConnection: close\r\n\r\n{body}");
    exchange(nginx.http, request.as_bytes())
}

#[test]
fn a_fixed_answer_keeps_its_line_breaks_tabs_and_quotes() {
    for binary in binaries() {
        let nginx = start(
            &binary,
            "routes:\n  GET /a: { auth: none, respond: { status: 200, body: \"a\\r\\n\\tb \\\\n \\\"c\\\" 'd' $e\\n\" } }\n  GET /b:\n    auth: none\n    respond:\n      status: 200\n      body: |\n        User-agent: *\n        Disallow: /",
        );
        let answer = send(&nginx, "GET /a HTTP/1.1", "");
        assert_eq!(
            String::from_utf8_lossy(&answer.body),
            "a\r\n\tb \\n \"c\" 'd' $e\n"
        );
        let answer = send(&nginx, "GET /b HTTP/1.1", "");
        assert_eq!(
            String::from_utf8_lossy(&answer.body),
            "User-agent: *\nDisallow: /\n"
        );
    }
}

#[test]
fn a_fixed_answer_counts_a_body_in_chunks() {
    for binary in binaries() {
        let nginx = start(
            &binary,
            "routes:\n  POST /a: { auth: none, max_body: 4, respond: { status: 410, body: gone }, response_headers: { set: { X-Kind: fixed } } }",
        );
        let chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked";
        assert_eq!(send(&nginx, chunked, "4\r\nabcd\r\n0\r\n\r\n").status, 410);
        for answer in [
            send(&nginx, chunked, "5\r\nabcde\r\n0\r\n\r\n"),
            send(&nginx, "POST /a HTTP/1.1\r\nContent-Length: 5", "abcde"),
        ] {
            assert_eq!(
                (answer.status, answer.header("x-kind")),
                (413, Some("fixed"))
            );
        }
    }
}

#[test]
fn no_body_is_let_through_where_none_is_allowed() {
    for binary in binaries() {
        let echo = Echo::start();
        let nginx = start(
            &binary,
            &format!(
                "services: {{ echo: \"http://{}\" }}\nroutes:\n  POST /a: {{ to: echo, auth: none, max_body: 0 }}",
                echo.address
            ),
        );
        assert_eq!(
            send(&nginx, "POST /a HTTP/1.1\r\nContent-Length: 0", "").status,
            200
        );
        echo.seen();
        assert_eq!(
            send(&nginx, "POST /a HTTP/1.1\r\nContent-Length: 1", "a").status,
            413
        );
        let chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked";
        assert_eq!(send(&nginx, chunked, "1\r\na\r\n0\r\n\r\n").status, 413);
        assert!(echo.seen().is_empty());
    }
}

#[test]
fn a_route_takes_its_own_key_out_of_the_query_and_no_other() {
    for binary in binaries() {
        let echo = Echo::start();
        let nginx = start(
            &binary,
            &format!(
                "auth: {{ one: {{ api_key: {{ query: one }} }}, two: {{ api_key: {{ query: two }} }} }}\nconsumers: {{ acme: {{ api_key: the-key }} }}\nservices: {{ echo: \"http://{}\" }}\nroutes:\n  GET /one: {{ to: echo, auth: one }}\n  GET /two: {{ to: echo, auth: two }}\n  GET /both: {{ to: echo, auth: {{ any: [one, two] }} }}",
                echo.address
            ),
        );
        for (target, sent) in [
            ("/one?a=1&one=the-key&two=other", "/one?a=1&two=other"),
            ("/two?one=kept&two=the-key", "/two?one=kept"),
            ("/both?one=the-key&two=the-key&b", "/both?b"),
        ] {
            assert_eq!(
                send(&nginx, &format!("GET {target} HTTP/1.1"), "").status,
                200
            );
            assert_eq!(echo.seen(), [format!("GET {sent}")]);
        }
    }
}

#[test]
fn an_encoded_slash_is_kept_within_its_segment_where_the_gateway_says_so() {
    for binary in binaries() {
        let echo = Echo::start();
        let nginx = start(
            &binary,
            &format!(
                "gateway: {{ encoded_slash: keep }}\nservices: {{ echo: \"http://{}\" }}\nroutes:\n  GET /files/{{name}}: {{ to: echo, auth: none }}\n  GET /moved/{{name}}: {{ to: echo, auth: none, rewrite: \"/f/{{name}}/meta\" }}",
                echo.address
            ),
        );
        for (asked, sent) in [
            ("/files/a%2fb", "/files/a%2Fb"),
            ("/moved/a%2Fb%20c", "/f/a%2Fb%20c/meta"),
        ] {
            assert_eq!(
                send(&nginx, &format!("GET {asked} HTTP/1.1"), "").status,
                200,
                "{asked}"
            );
            assert_eq!(echo.seen(), [format!("GET {sent}")]);
        }
        for walking in ["..%2Fetc", "..%2F..%2Fetc"] {
            let answer = send(&nginx, &format!("GET /files/{walking} HTTP/1.1"), "");
            assert_eq!(answer.status, 400, "{walking}");
        }
        assert_eq!(send(&nginx, "GET /files/a/b HTTP/1.1", "").status, 404);
        assert_eq!(send(&nginx, "GET /files/a%5Cb HTTP/1.1", "").status, 400);
        assert_eq!(send(&nginx, "GET /files%2Fa HTTP/1.1", "").status, 404);
    }
}

#[test]
fn metrics_count_connections_for_this_machine_alone() {
    for binary in binaries() {
        let spec = format!(
            "version: 1\nname: metrics\ngateway: {{ metrics: prometheus }}\nroutes:\n  GET /a: {{ auth: none, respond: {{ status: 204 }} }}\ntargets: {{ nginx: {{ version: \"{}\" }} }}\n",
            binary.version
        );
        let made = Spec::new(&spec).build();
        let text = std::fs::read_to_string(made.folder.join("nginx.conf")).unwrap();
        assert!(text.contains("listen 127.0.0.1:9145;"), "{text}");
        let nginx = Nginx::start(&binary, &made.folder, &[]);
        let metrics = nginx.https.expect("the second port is that of metrics");
        let answer = exchange(
            metrics,
            b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        );
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{text}");
        let gauges = text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(gauges.count(), 4, "{text}");
        assert_eq!(send(&nginx, "GET /metrics HTTP/1.1", "").status, 404);
    }
}
