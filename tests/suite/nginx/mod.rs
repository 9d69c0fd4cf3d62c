//! Configurations for NGINX in a real nginx, of every version that is found.

mod answers;
mod edges;
mod gixy;
mod services;
mod snapshots;
mod spread;
mod tls;
mod upstream_tls;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::cases;
use crate::generated::root;
use crate::support::client::exchange;
use crate::support::echo::Echo;
use crate::support::nginx::{Nginx, binaries, check};
use crate::support::tokens;

/// Builds a spec for nginx and gives the folder that has to outlive its use.
fn build(
    spec: &Path,
    variables: &[(String, String)],
    inline: bool,
) -> (tempfile::TempDir, PathBuf) {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-gen"));
    command
        .arg("build")
        .arg(spec)
        .args(["-t", "nginx", "-o"])
        .arg(out.path());
    let secrets = spec.parent().unwrap().join("dev.secrets");
    if inline && secrets.exists() {
        command
            .args(["--secrets", "inline", "--secrets-file"])
            .arg(secrets);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        spec.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = out.path().join("nginx");
    (out, folder)
}

#[test]
fn every_request_of_the_table_is_answered_as_the_language_says() {
    for binary in binaries() {
        let echo = Echo::start();
        let (_out, folder) = build(
            &cases::folder().join("gateway.yaml"),
            &cases::variables(&echo, &binary.version),
            true,
        );
        let nginx = Nginx::start(&binary, &folder, &[]);
        let failures = cases::failures(nginx.http, &echo);
        assert!(
            failures.is_empty(),
            "nginx {}: {} of {}:\n{}",
            binary.version,
            failures.len(),
            cases::table().len(),
            failures.join("\n")
        );
        let errors = nginx.errors();
        assert!(
            !errors.contains("exited on signal")
                && !errors.contains("[alert]")
                && !errors.contains("[crit]"),
            "{errors}"
        );
        eprintln!(
            "nginx {}: {} requests",
            binary.version,
            cases::table().len()
        );
    }
}

#[test]
fn secrets_left_as_references_are_read_from_the_environment() {
    for binary in binaries() {
        let echo = Echo::start();
        let (_out, folder) = build(
            &cases::folder().join("gateway.yaml"),
            &cases::variables(&echo, &binary.version),
            false,
        );
        let text = std::fs::read_to_string(folder.join("nginx.conf")).unwrap();
        assert!(
            text.contains("env ACME_KEY;") && !text.contains("acme-Key-1"),
            "{text}"
        );
        let secrets = [
            ("ACME_KEY", "acme-Key-1"),
            ("UPPER_KEY", "ACME-KEY-1"),
            ("SMALL_KEY", "small-key-1"),
            ("CAROL_PASSWORD", "p:a ss"),
            (
                "TOKEN_SECRET",
                "a-secret-of-the-test-table-that-is-long-enough",
            ),
        ];
        let nginx = Nginx::start(&binary, &folder, &secrets);
        let failures = cases::failures(nginx.http, &echo);
        assert!(
            failures.is_empty(),
            "nginx {}:\n{}",
            binary.version,
            failures.join("\n")
        );
    }
}

#[test]
fn a_gather_asks_all_parts_at_once_and_keeps_every_digit() {
    for binary in binaries() {
        let echo = Echo::start();
        let (_out, folder) = build(
            &cases::folder().join("gateway.yaml"),
            &cases::variables(&echo, &binary.version),
            true,
        );
        let nginx = Nginx::start(&binary, &folder, &[]);
        let token = tokens::with(&json!({ "sub": "u/1&x=y" }));
        let started = std::time::Instant::now();
        let request = format!(
            "GET /joined/a&b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let response = exchange(nginx.http, request.as_bytes());
        let body = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(response.status, 200, "{body}");
        assert!(
            started.elapsed().as_millis() < 1500,
            "{:?}",
            started.elapsed()
        );
        assert!(body.contains(r#""list":[1,{"b": 2,"a":12345678901234567890},"x,]"],"count":3,"failing":{"none":true},"late":null"#), "{body}");
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["user"]["target"], "/users/a%26b?as=u%2F1%26x%3Dy");
        assert_eq!(value["tenant"]["target"], "/tenants/t1");
        let names: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["user", "list", "count", "failing", "late", "tenant"]
        );
        let dots = tokens::with(&json!({ "tenant": ".." }));
        let request = format!(
            "GET /joined/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {dots}\r\n\r\n"
        );
        assert_eq!(
            exchange(nginx.http, request.as_bytes()).json()["tenant"],
            "nobody",
            "a claim cannot walk out of its place in the path"
        );
    }
}

#[test]
fn the_access_log_is_one_json_object_a_line() {
    for binary in binaries() {
        let echo = Echo::start();
        let (_out, folder) = build(
            &cases::folder().join("gateway.yaml"),
            &cases::variables(&echo, &binary.version),
            true,
        );
        let nginx = Nginx::start(&binary, &folder, &[]);
        exchange(nginx.http, b"GET /keyed?a=\"b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: acme-Key-1\r\nX-Request-ID: one\r\n\r\n");
        exchange(
            nginx.http,
            b"GET /keyed HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: two\r\n\r\n",
        );
        std::thread::sleep(std::time::Duration::from_millis(100));
        let lines: Vec<Value> = nginx
            .access()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        // Workers write when they like.
        let line = |id: &str| {
            lines
                .iter()
                .find(|line| line["request_id"] == id)
                .unwrap()
                .clone()
        };
        let (one, two) = (line("one"), line("two"));
        assert_eq!(one["route"], "GET /keyed");
        assert_eq!(one["consumer"], "acme");
        assert!(one["duration_ms"].is_u64(), "{one}");
        assert_eq!(two["status"], 401);
        assert_eq!(two["reason"], "credentials");
    }
}

#[test]
fn nginx_accepts_what_is_made_of_every_example() {
    for binary in binaries() {
        for entry in std::fs::read_dir(root().join("examples")).unwrap() {
            let spec = entry.unwrap().path().join("gateway.yaml");
            let Some(folder) = try_build(&spec, true) else {
                continue;
            };
            if let Err(text) = check(&binary, &folder.path().join("nginx")) {
                panic!(
                    "nginx {} refuses {}:\n{text}",
                    binary.version,
                    spec.display()
                );
            }
        }
    }
}

/// None where the spec has losses that it does not allow.
fn try_build(spec: &Path, inline: bool) -> Option<tempfile::TempDir> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-gen"));
    command
        .arg("build")
        .arg(spec)
        .args(["-t", "nginx", "-o"])
        .arg(out.path());
    let secrets = spec.parent().unwrap().join("dev.secrets");
    if inline && secrets.exists() {
        command
            .args(["--secrets", "inline", "--secrets-file"])
            .arg(secrets);
    }
    command.output().unwrap().status.success().then_some(out)
}

/// A small spec in a folder of its own.
struct Spec {
    folder: tempfile::TempDir,
}

/// What was made of a spec.
struct Made {
    folder: PathBuf,
    _spec: tempfile::TempDir,
    _out: tempfile::TempDir,
}

impl Spec {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gateway.yaml"), text).unwrap();
        Self { folder }
    }

    /// With `tls/gateway.crt` and `tls/gateway.key` for `api.example`.
    fn with_certificate(text: &str) -> Self {
        let spec = Self::new(text);
        let made = rcgen::generate_simple_self_signed(["api.example".to_owned()]).unwrap();
        let tls = spec.folder.path().join("tls");
        std::fs::create_dir(&tls).unwrap();
        std::fs::write(tls.join("gateway.crt"), made.cert.pem()).unwrap();
        std::fs::write(tls.join("gateway.key"), made.signing_key.serialize_pem()).unwrap();
        spec
    }

    fn build(self) -> Made {
        let (out, folder) = build(&self.folder.path().join("gateway.yaml"), &[], true);
        Made {
            folder,
            _spec: self.folder,
            _out: out,
        }
    }
}
