//! The commands around serve: mocks, development tokens, the console, and what happens to a request in words.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use gateway_gen::serve::Options;

use super::rig::{Rig, Service, options, send};
use crate::generated::root;

/// The program, run from the repository's root.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-gen"));
    command.current_dir(root());
    command
}

/// A running program, ended when it is dropped.
pub struct Program(Child);

impl Program {
    /// Starts serve and waits for the address that it says.
    pub fn start(mut serve: Command) -> (Self, std::net::SocketAddr) {
        serve.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut started = Self(serve.spawn().unwrap());
        let mut said = String::new();
        let mut lines = BufReader::new(started.0.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("serve ended: {said}"))
                .unwrap();
            if let Some(address) = line.trim().strip_prefix("http://") {
                break address.parse().unwrap();
            }
            said.push_str(&line);
        };
        // Read on, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        (started, address)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_shop_runs_on_a_fresh_machine_and_its_curl_lines_work() {
    let home = tempfile::tempdir().unwrap();
    let mut serve = program();
    serve.args([
        "serve",
        "examples/shop/gateway.yaml",
        "--mock",
        "--dev-keys",
        "--listen",
        "127.0.0.1:0",
        "--console",
        "127.0.0.1:0",
    ]);
    serve
        .env("XDG_CONFIG_HOME", home.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut serve = Program(serve.spawn().unwrap());
    let mut said = String::new();
    for line in BufReader::new(serve.0.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        said.push_str(&line);
        said.push('\n');
        if line.contains("POST") && line.contains("curl") {
            break;
        }
    }
    let lines: Vec<&str> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("curl "))
        .collect();
    assert!(lines.len() >= 8, "{said}");
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_gateway-gen"))
        .parent()
        .unwrap()
        .display()
        .to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    for line in lines {
        let mut shell = Command::new("sh");
        shell
            .current_dir(root().join("examples/shop"))
            .env("PATH", &path)
            .env("XDG_CONFIG_HOME", home.path());
        let output = shell
            .args([
                "-c",
                &format!("curl -s -o /dev/null -w '%{{http_code}}' {line}"),
            ])
            .output()
            .unwrap();
        let status = String::from_utf8_lossy(&output.stdout).into_owned();
        // One route of the shop is for a network that this machine is not in.
        let expected: &[&str] = if line.contains("/partners/stock") {
            &["403"]
        } else {
            &["200"]
        };
        assert!(
            expected.contains(&status.trim_start_matches("HTTP/")) || status.ends_with(expected[0]),
            "{line}: {status}"
        );
    }
}

#[test]
fn a_development_token_is_worth_nothing_without_the_flag() {
    let service = Service::ok();
    let spec = format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: '{}' }}\nroutes: {{ GET /x: {{ to: s, auth: t }} }}\n\
         auth: {{ t: {{ jwt: {{ issuer: 'https://id.example/', keys: {{ secret: 'secret://t' }}, algorithms: [HS256] }} }} }}\n",
        service.url()
    );
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("gateway.yaml");
    std::fs::write(&file, &spec).unwrap();
    let made = program()
        .args(["token", "t", "--spec"])
        .arg(&file)
        .env("XDG_CONFIG_HOME", home.path())
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let header = format!(
        "Authorization: Bearer {}",
        String::from_utf8_lossy(&made.stdout).trim()
    );
    let key = std::fs::read(home.path().join("gateway-gen/development.key")).unwrap();
    let with = Rig::with(
        &spec,
        &Options {
            development_key: Some(key),
            ..options()
        },
        None,
    );
    assert_eq!(with.get_with("/x", &[&header]).status, 200);
    let other = Rig::with(
        &spec,
        &Options {
            development_key: Some(vec![7; 32]),
            ..options()
        },
        None,
    );
    assert_eq!(other.get_with("/x", &[&header]).status, 401);
    assert_eq!(Rig::new(&spec).get_with("/x", &[&header]).status, 401);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(home.path().join("gateway-gen/development.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o77, 0, "{mode:o}");
}

#[test]
fn the_console_shows_why_and_no_secret_and_only_to_this_machine() {
    let service = Service::ok();
    let spec = format!(
        "version: 1\nname: shown\ngateway: {{ access_log: none, metrics: prometheus }}\nservices: {{ s: '{}' }}\nauth: {{ k: {{ api_key: {{ header: X-API-Key }} }} }}\n\
         consumers: {{ c: {{ api_key: 'secret://hidden' }} }}\nroutes: {{ GET /x: {{ to: s, auth: k, limit: {{ rate: 1/h, burst: 1, per: consumer }} }} }}\n",
        service.url()
    );
    let rig = Rig::with(
        &spec,
        &Options {
            console: Some(([127, 0, 0, 1], 0).into()),
            ..options()
        },
        None,
    );
    for _ in 0..2 {
        rig.get_with("/x?token=in-the-query", &["X-API-Key: hidden-value"]);
    }
    let ask = |path: &str, host: &str| {
        send(
            rig.console(),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    };
    let host = rig.console().to_string();
    let requests = ask("/api/requests", &host);
    let seen: serde_json::Value = serde_json::from_str(requests.body()).unwrap();
    assert_eq!(seen[0]["status"], 200);
    assert_eq!(seen[1]["status"], 429);
    let last = seen[1]["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["phase"], &last["verdict"]),
        (&"limits".into(), &"refused".into()),
        "{last}"
    );
    assert_eq!(last["pointer"], "/routes/GET ~1x/limit");
    let state = ask("/api/state", &host);
    assert!(state.body().contains("consumer c"), "{}", state.body());
    let metrics = ask("/metrics", &host);
    assert!(
        metrics
            .body()
            .contains("gateway_requests_total{route=\"GET /x\",status=\"429\"} 1"),
        "{}",
        metrics.body()
    );
    for text in [
        requests.text,
        state.text,
        metrics.text,
        ask("/", &host).text,
    ] {
        assert!(
            !text.contains("hidden-value") && !text.contains("in-the-query"),
            "{text}"
        );
    }
    assert_eq!(ask("/api/state", "evil.example").status, 421);
    assert_eq!(ask("/", "evil.example").status, 421);
}

#[test]
fn explain_says_which_route_why_not_the_others_and_what_each_policy_says() {
    let home = tempfile::tempdir().unwrap();
    let explain = |arguments: &[&str]| {
        let mut command = program();
        command
            .arg("explain")
            .args(arguments)
            .args(["--spec", "examples/shop/gateway.yaml"])
            .env("XDG_CONFIG_HOME", home.path());
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let refused = explain(&["POST /api/orders"]);
    assert!(
        refused.contains("is taken by `POST /api/orders`") && refused.contains("answer 401"),
        "{refused}"
    );
    assert!(
        refused.contains("not by `GET /api/orders`: it does not take the method"),
        "{refused}"
    );
    let admitted = explain(&["GET /partners/report", "--consumer", "acme"]);
    assert!(
        admitted.contains("it is consumer `acme`") && admitted.contains("forwarded to `orders`"),
        "{admitted}"
    );
    let unknown = explain(&["GET /nothing/here"]);
    assert!(
        unknown.contains("is taken by no route") && unknown.contains("answer 404"),
        "{unknown}"
    );
}
