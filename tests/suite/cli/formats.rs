//! Machine formats: nothing but the document on stdout, and the document as its schema says.

use std::fs;

use serde_json::Value;

use super::{exits, run, run_in, stderr, stdout};

const WITH_MISTAKES: &str = "version: 1\nname: broken\nservises: {}\nroutes:\n  GET /: { to: b, auth: none }\n  GET /x: { to: b, auth: nobody }\n";

#[test]
fn json_is_alone_on_stdout_and_keeps_to_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gateway.yaml"), WITH_MISTAKES).unwrap();
    let output = run_in(dir.path(), &["check", "--format", "json"]);
    exits(&output, 1);
    assert_eq!(stderr(&output), "");
    let document: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let schema: Value = serde_json::from_str(&stdout(&run(&["schema", "report"]))).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(document["command"], "check");
    assert_eq!(document["spec"], "gateway.yaml");
    assert!(document["summary"]["errors"].as_u64().unwrap() >= 1);
    assert!(
        document.get("losses").is_none(),
        "check says nothing about losses"
    );
}

#[test]
fn several_formats_go_to_their_files_and_people_are_told_too() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gateway.yaml"), WITH_MISTAKES).unwrap();
    let output = run_in(
        dir.path(),
        &[
            "check",
            "--format",
            "sarif=out.sarif",
            "--format",
            "junit=out.xml",
        ],
    );
    exits(&output, 1);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("servises"));
    let sarif: Value =
        serde_json::from_slice(&fs::read(dir.path().join("out.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(
        fs::read_to_string(dir.path().join("out.xml"))
            .unwrap()
            .contains("<testsuite")
    );
}

#[test]
fn colours_are_only_used_where_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gateway.yaml"), WITH_MISTAKES).unwrap();
    assert!(!stderr(&run_in(dir.path(), &["check"])).contains('\u{1b}'));
    assert!(stderr(&run_in(dir.path(), &["check", "--color", "always"])).contains('\u{1b}'));
}

#[test]
fn every_format_prints_something_for_a_mistake() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("gateway.yaml"), WITH_MISTAKES).unwrap();
    for format in ["json", "sarif", "junit", "github", "markdown"] {
        let output = run_in(dir.path(), &["check", "--format", format]);
        exits(&output, 1);
        assert!(
            stdout(&output).contains("servises"),
            "{format}: {}",
            stdout(&output)
        );
    }
}
