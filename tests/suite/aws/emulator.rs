//! Emulators of AWS on loopback: started on a free port, given a template, stopped by their process.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::wire::{Answer, form, send};
use super::{tool, wire};

/// A running emulator.
pub struct Emulator {
    child: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn start(mut command: Command, port: u16, health: &str, folder: tempfile::TempDir) -> Emulator {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .current_dir(folder.path());
    let emulator = Emulator {
        child: command.spawn().unwrap(),
        port,
        _folder: folder,
    };
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        if send(port, "GET", health, &[], "").is_ok_and(|answer| answer.status == 200) {
            return emulator;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("no answer from the emulator on port {port}");
}

fn bare(program: std::path::PathBuf, home: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("HOME", home);
    command
}

/// LocalStack: paths, mappings, templates, keys.
pub fn localstack() -> Option<Emulator> {
    let python = tool("localstack/bin/python")?;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut command = bare(python, folder.path());
    command
        .args(["-m", "localstack.runtime.main"])
        .env("GATEWAY_LISTEN", &listen)
        .env("LOCALSTACK_HOST", &listen)
        .env("FILESYSTEM_ROOT", folder.path().join("fs"));
    let settings = [
        ("DISABLE_EVENTS", "1"),
        ("SKIP_SSL_CERT_DOWNLOAD", "1"),
        ("DNS_ADDRESS", "0"),
        ("PERSISTENCE", "0"),
        ("EAGER_SERVICE_LOADING", "0"),
    ];
    command.envs(settings);
    Some(start(command, port, "/_localstack/health", folder))
}

/// MiniStack: authorizers, limits, the gateway's own answers, HTTP APIs.
pub fn ministack() -> Option<Emulator> {
    let program = tool("ministack/bin/ministack")?;
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = bare(program, folder.path());
    // By default it listens on every address, for MQTT too.
    let settings = [
        ("MINISTACK_HOST", "127.0.0.1"),
        ("BIND_HOST", "127.0.0.1"),
        ("IOT_MTLS_ENABLED", "0"),
        ("SFTP_ENABLED", "0"),
        ("LAMBDA_EXECUTOR", "local"),
        ("PERSIST_STATE", "0"),
    ];
    command.envs(settings).env("GATEWAY_PORT", port.to_string());
    Some(start(command, port, "/_ministack/health", folder))
}

impl Emulator {
    fn call(&self, service: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send(service, "POST", "/", headers, body)
    }

    fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        // Emulators route by the credential's scope and verify no signature.
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let mut all = vec![("Authorization", credential.as_str())];
        all.extend_from_slice(headers);
        send(self.port, method, path, &all, body).unwrap()
    }

    fn cloudformation(&self, pairs: &[(&str, &str)]) -> String {
        let media = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = self.call("cloudformation", &media, &form(pairs));
        answer.body
    }

    /// Calls a service that speaks JSON.
    pub fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", target),
        ];
        let answer = self.call(service, &headers, &body.to_string());
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        answer.json()
    }

    /// Puts a secret where dynamic references find it.
    pub fn secret(&self, name: &str, value: &str) {
        let token = format!("{:0>32}", name.len());
        let body = json!({ "Name": name, "SecretString": value, "ClientRequestToken": token });
        self.json("secretsmanager", "secretsmanager.CreateSecret", &body);
    }

    /// Creates a stack and waits for it; returns the API's ID.
    #[track_caller]
    pub fn deploy(&self, stack: &str, template: &Value) -> String {
        let text = template.to_string();
        // AWS, and the emulators with it, reads a template of more than 51 200 bytes from an address.
        let file = format!("/templates/{stack}.json");
        let url = format!("http://127.0.0.1:{}{file}", self.port);
        self.send("s3", "PUT", "/templates", &[], "");
        self.send("s3", "PUT", &file, &[], &text);
        let created = self.cloudformation(&[
            ("Action", "CreateStack"),
            ("Version", "2010-05-15"),
            ("StackName", stack),
            ("Capabilities.member.1", "CAPABILITY_IAM"),
            ("TemplateURL", &url),
        ]);
        assert!(
            created.contains("<StackId>"),
            "{}",
            created
                .chars()
                .rev()
                .take(500)
                .collect::<String>()
                .chars()
                .rev()
                .collect::<String>()
        );
        let until = Instant::now() + Duration::from_secs(240);
        loop {
            let named = [("Version", "2010-05-15"), ("StackName", stack)];
            let describe = [&[("Action", "DescribeStacks")], &named[..]].concat();
            let described = self.cloudformation(&describe);
            // LocalStack says that it is done a moment before the outputs are there.
            if described.contains("CREATE_COMPLETE") && described.contains("<OutputKey>") {
                let events = [&[("Action", "DescribeStackEvents")], &named[..]].concat();
                let events = self.cloudformation(&events);
                let faked = "deployed as a fallback";
                assert!(!events.contains(faked), "{faked}: {events}");
                return output(&described, "ApiId");
            }
            let failed = described.contains("FAILED") || described.contains("ROLLBACK");
            if failed || Instant::now() > until {
                let events = [&[("Action", "DescribeStackEvents")], &named[..]].concat();
                let reasons = reasons(&self.cloudformation(&events));
                panic!("{stack} was not created: {reasons}");
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Asks a deployed API.
    #[track_caller]
    pub fn ask(
        &self,
        api: &str,
        stage: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = format!("/_aws/execute-api/{api}/{stage}{path}");
        wire::send(self.port, method, &path, headers, "").unwrap()
    }
}

fn reasons(events: &str) -> String {
    let parts = events.split("<ResourceStatusReason>").skip(1);
    let text = parts
        .filter_map(|part| part.split('<').next())
        .collect::<Vec<_>>()
        .join("\n");
    text.chars().take(3000).collect()
}

fn output(described: &str, name: &str) -> String {
    let key = format!("<OutputKey>{name}</OutputKey>");
    let at = described
        .find(&key)
        .unwrap_or_else(|| panic!("no output {name}: {described}"));
    let member = described[..at].rfind("<member>").unwrap_or(0);
    let rest = &described[member..];
    let start = rest.find("<OutputValue>").unwrap() + "<OutputValue>".len();
    let end = rest[start..].find('<').unwrap();
    rest[start..start + end].to_owned()
}

/// Takes out what an emulator has not got, and what would need it; says so once for each type.
pub fn without(template: &mut Value, kinds: &[(&str, &str)], emulator: &str) {
    let Some(resources) = template["Resources"].as_object_mut() else {
        return;
    };
    let mut removed: Vec<String> = Vec::new();
    for (kind, why) in kinds {
        let of_kind: Vec<String> = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == **kind)
            .map(|(id, _)| id.clone())
            .collect();
        if !of_kind.is_empty() {
            eprintln!("skipped on {emulator}: {kind}: {why}");
        }
        removed.extend(of_kind);
    }
    resources.retain(|id, _| !removed.contains(id));
    for resource in resources.values_mut() {
        if let Some(after) = resource["DependsOn"].as_array_mut() {
            after.retain(|id| !removed.iter().any(|gone| id == gone.as_str()));
        }
        if resource["DependsOn"].is_null() {
            resource.as_object_mut().unwrap().remove("DependsOn");
        }
    }
}
