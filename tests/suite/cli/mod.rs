//! The program as scripts see it: exit codes, what goes to stdout and what to stderr, files.

mod basics;
mod build;
mod formats;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

use crate::generated::root;

/// The program, started in the repository's root without settings of the machine.
pub fn program() -> Command {
    let mut command = Command::cargo_bin("gateway-gen").unwrap();
    command
        .current_dir(root())
        .env_remove("NO_COLOR")
        .env("TERM", "dumb");
    command
}

/// Runs it.
pub fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// Runs it in another folder.
pub fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    program()
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Holds an exit code, and shows all that was said when it is another.
#[track_caller]
pub fn exits(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout:\n{}\nstderr:\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
