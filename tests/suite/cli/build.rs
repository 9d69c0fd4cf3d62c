//! `build`: what is written, what is not, and that it is the same every time.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{exits, program, run, run_in, stderr, stdout};
use crate::generated::root;

const SPEC: &str = "\
version: 1
name: small
services: { a: { url: http://127.0.0.1:3000, breaker: { failures: 2, open: 1s, when: [5xx] } } }
routes: { GET /a: { to: a, auth: none, limit: none } }
targets: { nginx: { allow: { breaker-5xx: fine } } }
";

fn folder(spec: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gateway.yaml"), spec).unwrap();
    dir
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_same_spec_gives_the_same_bytes_from_wherever_it_is_built() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let spec = root().join("examples/shop/gateway.yaml");
    exits(
        &run(&[
            "build",
            "examples/shop/gateway.yaml",
            "-o",
            &one.path().to_string_lossy(),
        ]),
        0,
    );
    exits(
        &run_in(two.path(), &["build", &spec.to_string_lossy(), "-o", "."]),
        0,
    );
    let (one, two) = (tree(one.path()), tree(two.path()));
    assert!(one.len() > 5, "{} files", one.len());
    assert!(one == two, "the two differ");
}

#[test]
fn the_report_lists_every_file_with_its_digest_and_keeps_to_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    exits(
        &run(&[
            "build",
            "examples/shop/gateway.yaml",
            "-o",
            &dir.path().to_string_lossy(),
        ]),
        0,
    );
    let files = tree(dir.path());
    let report = &files
        .iter()
        .find(|(name, _)| name == "report.json")
        .unwrap()
        .1;
    let report: Value = serde_json::from_slice(report).unwrap();
    let schema: Value = serde_json::from_str(&stdout(&run(&["schema", "report"]))).unwrap();
    assert!(jsonschema::is_valid(&schema, &report));
    let listed = report["artefacts"].as_array().unwrap();
    for (name, content) in files.iter().filter(|(name, _)| name != "report.json") {
        let line = listed.iter().find(|line| line["path"] == name.as_str());
        let line = line.unwrap_or_else(|| panic!("`{name}` is not listed"));
        assert_eq!(line["bytes"], content.len());
    }
    assert!(!report["losses"].as_array().unwrap().is_empty());
}

#[test]
fn a_loss_that_is_not_accepted_leaves_the_target_out_and_removes_what_was_there() {
    let dir = folder(SPEC);
    exits(&run_in(dir.path(), &["build", "-t", "nginx,kong"]), 0);
    assert!(dir.path().join("dist/nginx/nginx.conf").is_file());
    fs::write(
        dir.path().join("gateway.yaml"),
        SPEC.replace("breaker-5xx: fine", ""),
    )
    .unwrap();
    let output = run_in(dir.path(), &["build", "-t", "nginx,kong"]);
    exits(&output, 1);
    let said = stderr(&output);
    assert!(said.contains("breaker-5xx: \"why this is fine\""), "{said}");
    assert!(!dir.path().join("dist/nginx").exists());
    assert!(dir.path().join("dist/kong").is_dir());
}

#[test]
fn deny_makes_every_loss_that_is_not_accepted_an_error() {
    let dir = folder(SPEC);
    exits(&run_in(dir.path(), &["build", "--loss", "deny"]), 1);
    assert!(!dir.path().join("dist/nginx").exists());
}

#[test]
fn a_mistake_in_the_spec_writes_and_removes_nothing() {
    let dir = folder(SPEC);
    exits(&run_in(dir.path(), &["build"]), 0);
    let before = tree(&dir.path().join("dist"));
    fs::write(
        dir.path().join("gateway.yaml"),
        SPEC.replace("to: a", "to: b"),
    )
    .unwrap();
    exits(&run_in(dir.path(), &["build"]), 1);
    assert_eq!(tree(&dir.path().join("dist")), before);
}

#[test]
fn what_is_accepted_must_exist_and_be_needed() {
    let dir = folder(&SPEC.replace(
        "breaker-5xx: fine",
        "breaker-5xx: fine, breaker-5x: fine, quota-window: fine",
    ));
    let output = run_in(dir.path(), &["build"]);
    exits(&output, 1);
    assert!(
        stderr(&output).contains("did you mean `breaker-5xx`?"),
        "{}",
        stderr(&output)
    );
    let dir = folder(&SPEC.replace(", breaker: { failures: 2, open: 1s, when: [5xx] }", ""));
    let output = run_in(dir.path(), &["build"]);
    exits(&output, 0);
    assert!(
        stderr(&output).contains("build/unused-allow"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn check_says_whether_the_folder_is_what_would_be_written() {
    let dir = folder(SPEC);
    exits(&run_in(dir.path(), &["build", "--check"]), 1);
    assert!(!dir.path().join("dist").exists());
    exits(&run_in(dir.path(), &["build"]), 0);
    exits(&run_in(dir.path(), &["build", "--check"]), 0);
    fs::write(dir.path().join("dist/nginx/nginx.conf"), "changed").unwrap();
    let output = run_in(dir.path(), &["build", "--check"]);
    exits(&output, 1);
    assert!(stderr(&output).contains("`nginx/nginx.conf` is not what would be written"));
}

#[test]
fn stdout_gets_one_artefact_and_nothing_is_written() {
    let dir = folder(SPEC);
    let output = run_in(dir.path(), &["build", "-t", "nginx", "--stdout"]);
    exits(&output, 0);
    assert!(stdout(&output).contains("http {"));
    assert!(!dir.path().join("dist").exists());
    exits(
        &run_in(dir.path(), &["build", "-t", "nginx,kong", "--stdout"]),
        2,
    );
}

#[test]
fn targets_built_one_after_another_stay_side_by_side() {
    let dir = folder(SPEC);
    exits(&run_in(dir.path(), &["build", "-t", "nginx"]), 0);
    exits(&run_in(dir.path(), &["build", "-t", "kong"]), 0);
    exits(&run_in(dir.path(), &["build", "-t", "nginx"]), 0);
    let report: Value =
        serde_json::from_slice(&fs::read(dir.path().join("dist/report.json")).unwrap()).unwrap();
    let targets: Vec<&str> = report["artefacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["target"].as_str().unwrap())
        .collect();
    assert!(
        targets.contains(&"kong") && targets.contains(&"nginx"),
        "{targets:?}"
    );
}

#[test]
fn secrets_are_named_unless_they_are_asked_for_and_never_said() {
    let text = |arguments: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().to_string_lossy().into_owned();
        let spec = [
            "build",
            "examples/api-keys-and-plans/gateway.yaml",
            "-o",
            &out,
        ];
        let output = program().args(spec).args(arguments).output().unwrap();
        let said = stdout(&output) + &stderr(&output);
        let files = tree(dir.path())
            .into_iter()
            .map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
        let report = fs::read_to_string(dir.path().join("report.json")).unwrap_or_default();
        (output, said + &report, files.collect::<String>())
    };
    let secret = "dev-globex-key";
    let (output, said, files) = text(&[]);
    exits(&output, 0);
    assert!(!said.contains(secret) && !files.contains(secret));
    let file = "examples/api-keys-and-plans/dev.secrets";
    let (output, said, files) =
        text(&["-t", "kong", "--secrets", "inline", "--secrets-file", file]);
    exits(&output, 0);
    assert!(!said.contains(secret), "{said}");
    assert!(files.contains(secret), "Kong's file holds keys in clear");
    let (output, said, _) = text(&["-t", "kong", "--secrets", "inline"]);
    exits(&output, 1);
    assert!(said.contains("GLOBEX_KEY"), "{said}");
}
