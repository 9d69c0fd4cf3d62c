//! Fixed answers: their bodies arrive byte for byte, and those that nginx can't read are refused before it does.

use std::process::Command;

use super::Spec;
use crate::support::client::exchange;
use crate::support::nginx::{Nginx, binaries};

fn spec(body: &str, version: &str) -> String {
    let body = serde_json::to_string(body).unwrap();
    format!(
        "version: 1\nname: fixed\nservices: {{}}\nroutes:\n  GET /a: {{ auth: none, respond: {{ status: 200, body: {body} }} }}\ntargets: {{ nginx: {{ version: \"{version}\" }} }}\n"
    )
}

#[test]
fn lines_and_dollars_of_a_fixed_body_arrive_as_they_are_written() {
    let body = "User-agent: *\nDisallow: /$host\r\n\t\"q\" 'z' \\n \\ ${x} {y} #; \u{e9}\\";
    for binary in binaries() {
        let made = Spec::new(&spec(body, &binary.version)).build();
        let nginx = Nginx::start(&binary, &made.folder, &[]);
        let answer = exchange(
            nginx.http,
            b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        );
        assert_eq!(String::from_utf8_lossy(&answer.body), body);
    }
}

#[test]
fn a_body_that_nginx_cannot_read_stops_the_build() {
    let build = |length: usize| {
        let made = Spec::new(&spec(&"a b\n".repeat(length / 4), "1.22"));
        let output = Command::new(env!("CARGO_BIN_EXE_gateway-gen"))
            .args(["build", "gateway.yaml", "-t", "nginx"])
            .current_dir(made.folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            text,
            made.folder.path().join("dist/nginx").exists(),
        )
    };
    let (code, text, written) = build(4096);
    assert_eq!((code, written), (Some(1), false), "{text}");
    assert!(text.contains("GG361") && text.contains("4095"), "{text}");
    let (code, text, written) = build(3200);
    assert_eq!((code, written), (Some(0), true), "{text}");
}
