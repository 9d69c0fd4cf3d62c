//! The AWS target against template checkers, the CDK's command line, Node and two emulators.

mod cdk;
mod emulator;
mod functions;
mod http_api;
mod large;
mod localstack;
mod ministack;
mod snapshots;
mod templates;
mod tokens;
mod upstream;
mod wire;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::generated::root;

/// Where `.ci/aws-tools.sh` put the checkers and emulators.
fn tools() -> PathBuf {
    if let Ok(named) = std::env::var("AWS_TOOLS") {
        return PathBuf::from(named);
    }
    let home = std::env::var("HOME").unwrap_or_default();
    Path::new(&home).join(".cache/gateway-gen/aws-tools")
}

/// A tool's program; none where it is not installed, which is a failure in CI.
fn tool(path: &str) -> Option<PathBuf> {
    let program = tools().join(path);
    if program.exists() {
        return Some(program);
    }
    skip(&format!(
        "{} not found, run .ci/aws-tools.sh",
        program.display()
    ));
    None
}

/// Says that something was not tested; in CI that is a failure.
fn skip(why: &str) {
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "must not be skipped in CI: {why}"
    );
    eprintln!("skipped: {why}");
}

/// Every example's name.
fn examples() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("gateway.yaml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 10);
    names
}

/// Builds a spec for AWS and returns the folder `aws` of what was written.
#[track_caller]
fn build(spec: &Path, out: &Path) -> PathBuf {
    let run = Command::new(env!("CARGO_BIN_EXE_gateway-gen"))
        .args(["build", "-t", "aws", "-o"])
        .arg(out)
        .arg(spec)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{}: {said}", spec.display());
    out.join("aws")
}

#[track_caller]
fn build_example(name: &str, out: &Path) -> PathBuf {
    let spec = root().join("examples").join(name).join("gateway.yaml");
    build(&spec, &out.join(name))
}

/// Builds a spec given as text.
#[track_caller]
fn build_text(spec: &str, folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join("gateway.yaml");
    std::fs::write(&file, spec).unwrap();
    build(&file, &folder.join("dist"))
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
