//! What is read back from Kong's files: every exact fact, the same file again, and every edit.

use std::path::Path;

use gateway_gen::targets::{Artefact, Target, by_id};

use crate::cli::{exits, run, stdout};
use crate::generated::examples;

fn kong() -> &'static Target {
    by_id("kong").unwrap()
}

/// The lines of changes and leftovers, without requests and counts.
fn lines(text: &str) -> Vec<&str> {
    let classes = [
        "  breaking ",
        "  weakens-security ",
        "  operational ",
        "  cosmetic ",
    ];
    let known = |line: &&str| classes.iter().any(|class| line.starts_with(class));
    text.lines().filter(known).collect()
}

#[test]
fn every_difference_between_an_example_and_its_file_is_declared() {
    let mut undeclared = Vec::new();
    let mut compared = 0;
    for spec in examples() {
        let spec = spec.display().to_string();
        let built = run(&["build", &spec, "-t", "kong", "--stdout"]);
        if built.status.code() != Some(0) {
            continue;
        }
        compared += 1;
        let output = run(&["diff", "spec", "kong", "--spec", &spec]);
        let text = stdout(&output);
        assert!(!text.contains("other code"), "{spec}: {text}");
        let code = if text.ends_with("no difference\n") {
            0
        } else {
            1
        };
        exits(&output, code);
        let lines = lines(&text)
            .into_iter()
            .filter(|line| !line.contains("declared: kong "));
        undeclared.extend(lines.map(|line| format!("{spec}: {line}")));
    }
    assert!(compared > 20, "{compared}");
    assert!(undeclared.is_empty(), "{undeclared:#?}");
}

/// A spec, a text of its file, what takes its place, and what must be said.
type Edit = (&'static str, &'static str, &'static str, &'static str);

const EDITS: &[Edit] = &[
    // Numbers.
    ("limits", "second: 10\n", "second: 100\n", "limit.rate"),
    (
        "limits",
        "allowed_payload_size: 65536",
        "allowed_payload_size: 6553",
        "max_body",
    ),
    (
        "limits",
        "allowed_payload_size: 65536",
        "allowed_payload_size: 6553600",
        "different sizes",
    ),
    (
        "limits",
        "read_timeout: 30000",
        "read_timeout: 3000",
        "timeout.response",
    ),
    (
        "limits",
        "connect_timeout: 1000",
        "connect_timeout: 100",
        "timeout.connect",
    ),
    ("limits", "retries: 0", "retries: 4", "retries.attempts"),
    ("limits", "port: 3000", "port: 3001", "targets"),
    ("balancing", "weight: 1\n", "weight: 7\n", "weight"),
    (
        "balancing",
        "algorithm: least-connections",
        "algorithm: round-robin",
        "balance",
    ),
    ("cors", "max_age: ", "max_age: 1", "cors.max_age"),
    ("quotas", "quota = 1000,", "quota = 9000,", "quota"),
    ("limits", "burst = 8", "burst = 80", "limit.burst"),
    // What is let in.
    (
        "cors",
        "credentials: true",
        "credentials: false",
        "cors.credentials",
    ),
    (
        "cors",
        "origins:\n",
        "origins:\n                - \"*\"\n",
        "cors.origins",
    ),
    ("ip-rules", "198.51.100.0/24", "198.51.0.0/16", "ip."),
    (
        "ip-rules",
        "- name: ip-restriction\n",
        "- name: ip-restriction\n            enabled: false\n",
        "ip.",
    ),
    (
        "limits",
        "- name: rate-limiting\n",
        "- name: rate-limiting\n            enabled: false\n",
        "limit",
    ),
    ("limits", "limit_by: ip", "limit_by: service", "limit.per"),
    (
        "api-keys-and-plans",
        "- name: key-auth\n",
        "- name: key-auth\n            enabled: false\n",
        "auth ",
    ),
    (
        "api-keys-and-plans",
        "key_in_header: true",
        "key_in_header: false",
        "auth ",
    ),
    (
        "basic-and-groups",
        "- name: acl\n",
        "- name: acl\n            enabled: false\n",
        "groups",
    ),
    ("basic-and-groups", "realm: wiki", "realm: other", "auth "),
    (
        "jwt",
        "- name: jwt\n",
        "- name: jwt\n            enabled: false\n",
        "auth ",
    ),
    ("jwt", "audience = { \"", "audience = { \"x", "jwt.audience"),
    ("jwt", "issuer = \"", "issuer = \"x", "jwt.issuer"),
    // Paths, methods and hosts.
    ("minimal", "~/hello(?:/|$)", "~/hello/?$", "routes"),
    ("minimal", "~/hello(?:/|$)", "~/help(?:/|$)", "routes"),
    (
        "minimal",
        "          - GET\n          - HEAD\n",
        "          - GET\n          - HEAD\n          - POST\n",
        "methods",
    ),
    ("minimal", "~/healthz/?$", "~/health/?$", "gateway.health"),
    (
        "rewrite",
        "strip_path: true",
        "strip_path: false",
        "rewrite",
    ),
    (
        "hosts",
        "preserve_host: false",
        "preserve_host: true",
        "preserve_host",
    ),
    (
        "headers",
        "- X-Powered-By\n",
        "- Via\n",
        "response_headers.remove",
    ),
    (
        "respond",
        "status_code: 410",
        "status_code: 404",
        "respond.status",
    ),
    (
        "websocket",
        "websocket = true",
        "websocket = false",
        "upgrade",
    ),
    (
        "upstream-tls",
        "tls_verify: true",
        "tls_verify: false",
        "tls.verify",
    ),
    (
        "tls",
        "https_redirect_status_code: 308",
        "tags: [x]",
        "one protocol",
    ),
    // What no key of the language says.
    ("minimal", "~/hello(?:/|$)", "~/hell[aeiou]", "no pattern"),
    (
        "minimal",
        "    retries: 0\n",
        "    retries: 0\n    enabled: false\n",
        "`enabled`",
    ),
    (
        "rewrite",
        "regex_priority: ",
        "regex_priority: 99",
        "tried before",
    ),
];

fn edited(folder: &Path, spec: &str, from: &str, to: &str) -> Option<String> {
    let spec = format!("examples/{spec}/gateway.yaml");
    let out = folder.join("dist");
    let _ = std::fs::remove_dir_all(&out);
    let built = run(&["build", &spec, "-t", "kong", "-o", out.to_str().unwrap()]);
    exits(&built, 0);
    let file = out.join("kong/kong.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    if !text.contains(from) {
        return None;
    }
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    let side = format!("kong:{}", file.display());
    let output = run(&["diff", "spec", &side, "--spec", &spec]);
    Some(format!(
        "{}{}",
        stdout(&output),
        crate::cli::stderr(&output)
    ))
}

/// A line without the places in it, which edits move.
fn unplaced(line: &str) -> String {
    let placed = |word: &&str| !word.contains("kong.yaml:") && !word.starts_with("examples/");
    line.split_whitespace()
        .filter(placed)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_edit_of_a_file_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut missed = Vec::new();
    for (spec, from, to, wanted) in EDITS {
        let Some(text) = edited(folder.path(), spec, from, to) else {
            missed.push(format!("{spec}: `{from}` is not in the file"));
            continue;
        };
        let plain = run(&[
            "diff",
            "spec",
            "kong",
            "--spec",
            &format!("examples/{spec}/gateway.yaml"),
        ]);
        let before: Vec<String> = stdout(&plain).lines().map(unplaced).collect();
        let mut new = text
            .lines()
            .map(unplaced)
            .filter(|line| !before.contains(line));
        let found = new.any(|line| line.contains(wanted));
        if !found {
            missed.push(format!(
                "{spec}: `{from}` -> `{to}`: `{wanted}` is not in\n{text}"
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn what_is_no_declarative_file_is_refused_with_its_reason() {
    let read = kong().read.unwrap();
    let refused = |text: &str| {
        let artefact = Artefact {
            path: "kong.yaml".into(),
            content: text.into(),
        };
        read(&[artefact]).unwrap_err().to_string()
    };
    assert!(refused("a: [").starts_with("kong.yaml") || !refused("a: [").is_empty());
    assert!(refused("routes: []").contains("_format_version"));
    assert!(refused("_format_version: \"3.0\"\n_format_version: \"3.0\"").contains("kong.yaml:2:"));
    assert!(read(&[]).is_err());
    let binary = Artefact {
        path: "kong.yaml".into(),
        content: vec![0xff, 0xfe],
    };
    assert!(read(&[binary]).is_err());
}
