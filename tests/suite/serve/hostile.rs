//! Clients that mean harm: slow heads, ambiguous framing, oversized heads; none of it reaches a service as two requests.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::rig::{Rig, Service, finish};

fn rig(service: &Service) -> Rig {
    Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none, max_body: 1KB }}\nservices: {{ s: '{}' }}\n\
         routes:\n  ANY /open/*: {{ to: s, auth: none }}\n  ANY /closed/*: {{ to: s, auth: k }}\n\
         auth: {{ k: {{ api_key: {{ header: X-API-Key }} }} }}\nconsumers: {{ c: {{ api_key: 'secret://c' }} }}\n",
        service.url()
    ))
}

#[test]
fn a_client_that_sends_its_head_slowly_is_let_go() {
    let service = Service::ok();
    let rig = rig(&service);
    let started = Instant::now();
    let mut stream = TcpStream::connect(rig.address).unwrap();
    for piece in ["G", "ET /open/x", " HTTP/1.1\r\n", "Host: a\r\n", "X: "] {
        let _ = stream.write_all(piece.as_bytes());
        std::thread::sleep(Duration::from_millis(150));
    }
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    finish(stream);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert!(service.seen().is_empty());
}

#[test]
fn a_client_that_begins_like_http2_and_stops_is_let_go() {
    let service = Service::ok();
    let rig = rig(&service);
    let started = Instant::now();
    let mut stream = TcpStream::connect(rig.address).unwrap();
    stream.write_all(b"PRI * HT").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    finish(stream);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_body_that_never_ends_is_given_up() {
    let service = Service::ok();
    let rig = rig(&service);
    let reply = rig.send(
        "POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc",
    );
    assert_eq!(reply.status, 408, "{}", reply.text);
}

/// Each of these could be read as two requests by somebody: a second one for the closed route must never get through.
#[test]
fn no_spelling_of_a_body_smuggles_a_second_request() {
    let inner = "GET /closed/secret HTTP/1.1\r\nHost: a\r\n\r\n";
    let heads = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 60\r\n",
        "Content-Length: 4, 60\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: 0x4\r\n",
        "Content-Length : 4\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 4\r\n",
        "Transfer-Encoding:\x0bchunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
        "X: y\n\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    ];
    for head in heads {
        for body in [
            "0\r\n\r\n",
            "abcd",
            "4;ext=\"a\r\nb\"\r\nabcd\r\n0\r\n\r\n",
            "-1\r\n",
            "0;\r\n\r\n",
            "0x4\r\nabcd\r\n0\r\n\r\n",
        ] {
            let service = Service::ok();
            let rig = rig(&service);
            let reply = rig.send(&format!(
                "POST /open/x HTTP/1.1\r\nHost: a\r\n{head}\r\n{body}{inner}GET /open/end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            ));
            for seen in service.seen() {
                assert!(
                    !seen.contains("/closed/"),
                    "{head:?} {body:?} reached the service: {seen}"
                );
                let lower = seen.to_ascii_lowercase();
                let both =
                    lower.contains("content-length:") && lower.contains("transfer-encoding:");
                assert!(
                    !both && lower.matches("content-length:").count() <= 1,
                    "{seen}"
                );
            }
            assert!(
                !reply.text.contains("HTTP/1.1 5"),
                "{head:?} {body:?}: {}",
                reply.text
            );
        }
    }
}

#[test]
fn what_is_not_http_is_refused() {
    let service = Service::ok();
    let rig = rig(&service);
    for request in [
        "GET /open/x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nConnection: close\r\n\r\n",
        "GET /open/x HTTP/1.1\r\nHost: a\r\nX\0: a\r\nConnection: close\r\n\r\n",
        "GET /open/x HTTP/1.1\r\nHost: a\r\nX: a\0b\r\nConnection: close\r\n\r\n",
        "GET /open/x HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "GET /open/x HTTP/1.1\r\nHost: a b\r\n : x\r\nConnection: close\r\n\r\n",
        "GET /open/ x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET\t/open/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /open/x HTTP/3.0\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /open/x\r\n\r\n",
    ] {
        let reply = rig.send(request);
        assert!(
            reply.status == 400 || reply.status == 505 || reply.text.is_empty(),
            "{request:?}: {}",
            reply.text
        );
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[test]
fn heads_are_bounded_in_bytes_and_number() {
    let service = Service::ok();
    let rig = rig(&service);
    let long = format!(
        "GET /open/x HTTP/1.1\r\nHost: a\r\nX: {}\r\nConnection: close\r\n\r\n",
        "a".repeat(200_000)
    );
    let many = format!(
        "GET /open/x HTTP/1.1\r\nHost: a\r\n{}Connection: close\r\n\r\n",
        "X: a\r\n".repeat(500)
    );
    let far = format!(
        "GET /open/{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "a".repeat(200_000)
    );
    for request in [long, many, far] {
        let reply = rig.send(&request);
        assert!([0, 400, 414, 431].contains(&reply.status), "{}", reply.text);
    }
    assert!(service.seen().is_empty());
    assert_eq!(rig.get("/open/x").status, 200);
}

#[test]
fn a_body_over_the_limit_is_refused_by_length_and_while_streaming() {
    let service = Service::ok();
    let rig = rig(&service);
    let by_length = rig.send(
        "POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(by_length.status, 413);
    assert!(service.seen().is_empty());
    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    let streaming = rig.send(&format!(
        "POST /open/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}1\r\nx\r\n0\r\n\r\n"
    ));
    assert_eq!(streaming.status, 413, "{}", streaming.text);
    let whole = format!(
        "POST /open/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\nConnection: close\r\n\r\n{}",
        "x".repeat(1024)
    );
    assert_eq!(rig.send(&whole).status, 200);
}
