//! Forwarding: services that refuse, hang, lie and break off; retries, breakers, health, upgrades, gathers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::rig::{Rig, Service, reply, send, until};

fn one(service: &str, more: &str) -> Rig {
    Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: {service} }}\n\
         routes: {{ 'ANY /*': {{ to: s, auth: none, timeout: {{ connect: 300ms, response: 300ms }} {more} }} }}\n"
    ))
}

fn nobody() -> String {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    format!("http://{free}")
}

#[test]
fn a_service_that_is_not_there_is_502_and_one_that_hangs_504() {
    assert_eq!(one(&nobody(), "").get("/x").status, 502);
    let silent = Service::new(|_, stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    let started = Instant::now();
    assert_eq!(one(&silent.url(), "").get("/x").status, 504);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn what_is_not_http_or_breaks_off_before_its_head_is_502() {
    for nonsense in [
        "",
        "SSH-2.0-x\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        let service = Service::new(move |_, stream| {
            let _ = stream.write_all(nonsense.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        assert_eq!(
            one(&service.url(), "").get("/x").status,
            502,
            "{nonsense:?}"
        );
    }
}

#[test]
fn a_body_that_ends_early_is_never_passed_off_as_whole() {
    let service = Service::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let whole = one(&service.url(), "").get("/x");
    assert!(whole.header("content-length") == Some("100") && whole.body().len() < 100);
    let chunked = Service::new(|_, stream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let broken = one(&chunked.url(), "").get("/x");
    assert!(!broken.text.ends_with("0\r\n\r\n"), "{}", broken.text);
    // And one that stops without closing.
    let stalled = Service::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        std::thread::sleep(Duration::from_secs(3));
    });
    let started = Instant::now();
    assert!(one(&stalled.url(), "").get("/x").body().len() < 100);
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn bytes_after_a_body_do_not_become_the_next_answer() {
    let service = Service::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    });
    let rig = one(&service.url(), "");
    for _ in 0..5 {
        let reply = rig.get("/x");
        assert!(!reply.text.contains("evil"), "{}", reply.text);
    }
}

#[test]
fn an_idle_connection_that_the_service_closed_is_not_the_clients_loss() {
    let service = Service::new(|_, stream| {
        reply(stream, "200 OK", "ok");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    });
    let rig = one(&service.url(), "");
    for _ in 0..20 {
        assert_eq!(rig.get("/x").status, 200);
    }
}

#[test]
fn a_retry_goes_to_the_other_target_and_posts_are_not_sent_twice() {
    let bad = Service::new(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let good = Service::ok();
    let targets = format!("{{ targets: ['{}', '{}'] }}", bad.url(), good.url());
    let rig = one(&targets, ", retries: { attempts: 1, when: [connect] }");
    for _ in 0..6 {
        assert_eq!(rig.get("/x").status, 200);
    }
    let before = good.seen().len();
    let statuses: Vec<u16> = (0..4)
        .map(|_| {
            rig.send(
                "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )
            .status
        })
        .collect();
    assert_eq!(
        good.seen().len() - before,
        statuses.iter().filter(|s| **s == 200).count()
    );
    assert!(statuses.contains(&502), "{statuses:?}");
    // A refused connection has sent nothing, so any method may go on.
    let targets = format!("{{ targets: ['{}', '{}'] }}", nobody(), good.url());
    let rig = one(&targets, ", retries: { attempts: 1, when: [connect] }");
    for _ in 0..4 {
        let reply = rig.send(
            "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        );
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

#[test]
fn a_breaker_spares_a_service_and_tries_again() {
    let well = Arc::new(AtomicUsize::new(0));
    let state = well.clone();
    let service = Service::new(move |_, stream| match state.load(Ordering::SeqCst) {
        0 => drop(stream.shutdown(std::net::Shutdown::Both)),
        _ => reply(stream, "200 OK", "ok"),
    });
    let rig = one(
        &format!(
            "{{ url: '{}', breaker: {{ failures: 3, open: 1s }} }}",
            service.url()
        ),
        "",
    );
    let statuses: Vec<u16> = (0..6).map(|_| rig.get("/x").status).collect();
    assert_eq!(statuses, [502, 502, 502, 503, 503, 503]);
    assert_eq!(service.seen().len(), 3);
    assert_eq!(rig.get("/x").header("retry-after"), Some("1"));
    well.store(1, Ordering::SeqCst);
    until("the trial", || rig.get("/x").status == 200);
    assert_eq!(rig.get("/x").status, 200);
}

#[test]
fn probes_take_a_target_out_and_bring_it_back() {
    let well = Arc::new(AtomicUsize::new(1));
    let state = well.clone();
    let service = Service::new(move |head, stream| {
        match (
            head.starts_with("GET /health"),
            state.load(Ordering::SeqCst),
        ) {
            (true, 0) => reply(stream, "500 Internal Server Error", ""),
            _ => reply(stream, "200 OK", "ok"),
        }
    });
    let health = "health: { path: /health, every: 100ms, timeout: 100ms, healthy_after: 1, unhealthy_after: 2 }";
    let rig = one(&format!("{{ url: '{}', {health} }}", service.url()), "");
    assert_eq!(rig.get("/x").status, 200);
    well.store(0, Ordering::SeqCst);
    until("503", || rig.get("/x").status == 503);
    well.store(1, Ordering::SeqCst);
    until("200", || rig.get("/x").status == 200);
}

#[test]
fn a_large_body_flows_both_ways_without_being_held() {
    let service = Service::new(|head, stream| {
        if head.starts_with("GET") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
            let piece = vec![b'x'; 1 << 20];
            let mut left = 50_000_000;
            while left > 0 {
                let count = left.min(piece.len());
                if stream.write_all(&piece[..count]).is_err() {
                    return;
                }
                left -= count;
            }
        } else {
            reply(stream, "200 OK", "ok");
        }
    });
    let rig = one(&service.url(), "");
    assert_eq!(rig.get("/x").body().len(), 50_000_000);
    let body = "x".repeat(8_000_000);
    let sent = rig.send(&format!(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(sent.status, 200);
    // A client that does not read holds its service back.
    let pushed = Arc::new(AtomicUsize::new(0));
    let count = pushed.clone();
    let endless = Service::new(move |_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n");
        let piece = vec![b'x'; 1 << 16];
        while stream.write_all(&piece).is_ok() {
            count.fetch_add(piece.len(), Ordering::SeqCst);
        }
    });
    let rig = one(&endless.url(), "");
    let mut stream = TcpStream::connect(rig.address).unwrap();
    stream
        .write_all(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let held = pushed.load(Ordering::SeqCst);
    assert!(
        held < 100_000_000,
        "{held} bytes were taken from the service for a client that reads none"
    );
}

#[test]
fn a_websocket_passes_where_it_is_asked_for_and_nowhere_else() {
    let service = Service::new(|head, stream| {
        if head.to_ascii_lowercase().contains("upgrade: websocket") {
            let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n");
            let mut buffer = [0; 100];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        } else {
            reply(stream, "200 OK", "plain");
        }
    });
    let rig = one(&service.url(), ", upgrade: [websocket]");
    let mut stream = TcpStream::connect(rig.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let asked = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(asked.as_bytes()).unwrap();
    let mut buffer = [0; 1000];
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    assert!(text.starts_with("HTTP/1.1 101"), "{text}");
    stream.write_all(b"\x81\x05hello").unwrap();
    let mut echoed = [0; 7];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"\x81\x05hello");
    let refused = one(&service.url(), "")
        .send(&asked.replace("Connection: Upgrade", "Connection: Upgrade, close"));
    assert_eq!((refused.status, refused.body()), (200, "plain"));
}

#[test]
fn a_gather_survives_parts_that_fail_and_not_those_that_are_required() {
    let service = Service::new(|head, stream| {
        if head.starts_with("GET /slow") {
            std::thread::sleep(Duration::from_secs(2));
        }
        match head.split(' ').nth(1) {
            Some("/broken") => reply(stream, "500 Internal Server Error", "{}"),
            Some("/list?n=3") => reply(stream, "200 OK", "[1, 2, 12345678901234567890.5]"),
            _ => reply(stream, "200 OK", r#"{"b": 1, "a": {"c": [true]}}"#),
        }
    });
    let gather = |parts: &str| {
        Rig::new(&format!(
            "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: '{}' }}\nroutes: {{ 'GET /all/{{n}}': {{ auth: none, gather: {{ {parts} }} }} }}\n",
            service.url()
        ))
        .get("/all/3")
    };
    let all = gather(
        "x: { from: 's GET /x', required: true }, l: { from: 's GET /list?n={n}' }, k: { from: 's GET /list?n={n}', count: '' }, \
         p: { from: 's GET /x', pick: /a/c/0 }, w: { from: 's GET /broken', or: { none: 1 } }, t: { from: 's GET /slow', timeout: 100ms, or: 0 }",
    );
    assert_eq!(
        all.body(),
        r#"{"x":{"b": 1, "a": {"c": [true]}},"l":[1, 2, 12345678901234567890.5],"k":3,"p":true,"w":{"none":1},"t":0}"#
    );
    assert_eq!(
        gather("x: { from: 's GET /broken', required: true }").status,
        502
    );
    assert_eq!(
        gather("x: { from: 's GET /slow', required: true, timeout: 100ms }").status,
        504
    );
}

#[test]
fn an_authorizer_decides_and_anything_but_its_word_is_503() {
    let authorizer = Service::new(|head, stream| {
        let said = head
            .lines()
            .find_map(|line| line.strip_prefix("x-say: "))
            .unwrap_or("401 Unauthorized")
            .to_owned();
        let _ = write!(
            stream,
            "HTTP/1.1 {said}\r\nContent-Length: 2\r\nX-User: ann\r\nX-Other: no\r\nWWW-Authenticate: Own\r\n\r\nno"
        );
    });
    let service = Service::ok();
    let rig = Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nauth: {{ e: {{ external: {{ url: '{}/verify', forward: [X-User] }} }} }}\n\
         services: {{ s: '{}' }}\nroutes: {{ 'ANY /*': {{ to: s, auth: e }} }}\n",
        authorizer.url(),
        service.url()
    ));
    let statuses = [
        "200 OK",
        "204 No Content",
        "401 Unauthorized",
        "403 Forbidden",
        "302 Found",
        "500 Oops",
        "429 Slow",
    ]
    .map(|say| {
        rig.get_with("/a/./b?q=1", &[&format!("X-Say: {say}"), "X-User: root"])
            .status
    });
    assert_eq!(statuses, [200, 200, 401, 403, 503, 503, 503]);
    assert_eq!(rig.get("/x").header("www-authenticate"), Some("Own"));
    let asked = authorizer.seen()[0].to_ascii_lowercase();
    assert!(
        asked.contains("x-forwarded-method: get") && asked.contains("x-forwarded-uri: /a/b?q=1"),
        "{asked}"
    );
    let sent = service.seen()[0].to_ascii_lowercase();
    assert!(
        sent.contains("x-user: ann") && !sent.contains("root") && !sent.contains("x-other"),
        "{sent}"
    );
}

#[test]
fn both_versions_of_http_are_spoken_on_one_port() {
    let service = Service::ok();
    let rig = one(&service.url(), "");
    assert_eq!(rig.get("/x").status, 200);
    let url = format!("http://{}/x", rig.address);
    let output = std::process::Command::new("curl")
        .args([
            "-s",
            "--http2-prior-knowledge",
            "-w",
            "%{http_version} %{http_code}",
            &url,
        ])
        .output();
    match output {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "ok2 200"),
        Err(_) => eprintln!("skipped: curl not found"),
    }
    assert_eq!(
        send(rig.address, b"GET /x HTTP/1.0\r\nHost: a\r\n\r\n").body(),
        "ok"
    );
}
