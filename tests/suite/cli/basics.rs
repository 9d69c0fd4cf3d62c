//! Exit codes and streams of the commands that need no target.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use super::{exits, program, run, run_in, stderr, stdout};
use crate::generated::root;

const BROKEN: &str = "version: 1\nname: broken\nservices: { a: http://a:1 }\nroutes: { GET /: { to: b, auth: none } }\n";

#[test]
fn a_clean_spec_exits_0_and_leaves_stdout_empty() {
    let output = run(&["check", "examples/shop/gateway.yaml"]);
    exits(&output, 0);
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("no mistakes"));
}

#[test]
fn mistakes_in_a_spec_exit_1_and_input_that_can_not_be_read_exits_2() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("gateway.yaml");
    fs::write(&spec, BROKEN).unwrap();
    let output = run_in(dir.path(), &["check"]);
    exits(&output, 1);
    assert!(
        stderr(&output).contains("gateway.yaml:4"),
        "{}",
        stderr(&output)
    );
    fs::write(&spec, "a: [1").unwrap();
    exits(&run_in(dir.path(), &["check"]), 2);
    exits(&run_in(dir.path(), &["check", "missing.yaml"]), 2);
    fs::remove_file(&spec).unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    let output = run_in(dir.path(), &["check"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("gateway-gen init"));
}

#[test]
fn wrong_usage_exits_2_and_help_exits_0() {
    exits(&run(&["chekc"]), 2);
    exits(&run(&["check", "--format", "yaml"]), 2);
    exits(&run(&["check", "--service", "nothing"]), 2);
    exits(&run(&["check", "--format", "json", "--format", "sarif"]), 2);
    exits(
        &run(&["build", "-t", "ngnix", "examples/minimal/gateway.yaml"]),
        2,
    );
    exits(
        &run(&[
            "build",
            "--stdout",
            "--check",
            "examples/minimal/gateway.yaml",
        ]),
        2,
    );
    exits(&run(&["--help"]), 0);
    exits(&run(&["--version"]), 0);
}

#[test]
fn a_spec_may_come_from_stdin() {
    let output = program()
        .args(["check", "-"])
        .write_stdin(BROKEN)
        .output()
        .unwrap();
    exits(&output, 1);
    assert!(stderr(&output).contains("<stdin>:4"), "{}", stderr(&output));
    let output = program()
        .args(["check", "-"])
        .write_stdin(vec![0xff, 0xfe])
        .output()
        .unwrap();
    exits(&output, 2);
}

#[test]
fn services_are_pointed_elsewhere_and_unknown_ones_refused() {
    let service = |argument: &str| {
        run(&[
            "check",
            "examples/minimal/gateway.yaml",
            "--service",
            argument,
        ])
    };
    exits(&service("hello=http://127.0.0.1:9"), 0);
    exits(&service("helo=http://127.0.0.1:9"), 1);
    exits(&service("hello=not a url"), 1);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("gateway-gen"))
        .current_dir(root())
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn init_makes_a_spec_that_checks_clean_and_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    exits(&run_in(dir.path(), &["init", "new"]), 0);
    let new = dir.path().join("new");
    let output = run_in(&new, &["check"]);
    exits(&output, 0);
    assert!(stderr(&output).contains("no mistakes"));
    fs::write(new.join("gateway.yaml"), "mine").unwrap();
    fs::remove_file(new.join("gateway.schema.json")).unwrap();
    exits(&run_in(dir.path(), &["init", "new"]), 2);
    assert_eq!(
        fs::read_to_string(new.join("gateway.yaml")).unwrap(),
        "mine"
    );
    assert!(!new.join("gateway.schema.json").exists());
}

#[test]
fn what_a_code_means_is_explained_and_a_misspelt_one_is_guessed() {
    let output = run(&["explain", "spec/unknown-key"]);
    exits(&output, 0);
    assert!(stdout(&output).starts_with("# GG030"));
    let output = run(&["explain", "spec/unknwon-key"]);
    exits(&output, 2);
    assert!(stderr(&output).contains("did you mean `spec/unknown-key`"));
}

#[test]
fn completions_and_manual_pages_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell]);
        exits(&output, 0);
        assert!(stdout(&output).contains("gateway-gen"), "{shell}");
    }
    assert!(stdout(&run(&["man"])).contains(".TH gateway-gen"));
    assert!(stdout(&run(&["man", "build"])).contains("gateway-gen-build"));
    exits(&run(&["man", "nothing"]), 2);
}
