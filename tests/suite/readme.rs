//! The README: its blocks are what the program says today, and its commands do what it says.

use std::fs;

use gateway_gen::cli::targets;

use crate::cli::{exits, run, run_in, stderr};
use crate::generated::{block, root};

const README: &str = "README.md";

#[test]
fn the_first_example_is_the_one_that_is_shipped() {
    let text = fs::read_to_string(root().join("examples/minimal/gateway.yaml")).unwrap();
    // What stands above is for editors and for the list of examples.
    let (_, spec) = text.split_once("version: 1").unwrap();
    block(README, "minimal", &format!("```yaml\nversion: 1{spec}```"));
}

#[test]
fn the_mistakes_shown_are_what_check_says() {
    let folder = root().join("tests/cases/readme");
    let spec = fs::read_to_string(folder.join("mistakes.yaml")).unwrap();
    let output = run_in(&folder, &["check", "mistakes.yaml"]);
    exits(&output, 1);
    assert!(spec.lines().count() < 30);
    let said = stderr(&output);
    block(
        README,
        "mistake",
        &format!(
            "```text\n$ gateway-gen check mistakes.yaml\n{}\n```",
            said.trim_end()
        ),
    );
}

#[test]
fn the_losses_shown_are_what_build_says() {
    let folder = root().join("tests/cases/readme");
    let out = tempfile::tempdir().unwrap();
    let output = run_in(
        &folder,
        &[
            "build",
            "losses.yaml",
            "-t",
            "nginx",
            "-o",
            &out.path().to_string_lossy(),
        ],
    );
    exits(&output, 1);
    let spec = fs::read_to_string(folder.join("losses.yaml")).unwrap();
    let (_, spec) = spec.split_once("plans:").unwrap();
    let text = format!(
        "```yaml\nplans:{}\n```\n\n```text\n$ gateway-gen build losses.yaml -t nginx\n{}\n```",
        spec.trim_end(),
        stderr(&output).trim_end()
    );
    block(README, "loss", &text);
}

#[test]
fn the_support_table_is_what_the_targets_answer() {
    let rows = targets::matrix().unwrap();
    block(README, "support", &targets::markdown(&rows));
}

#[test]
fn the_main_command_does_what_the_readme_says() {
    let text = fs::read_to_string(root().join(README)).unwrap();
    let command = text
        .lines()
        .find_map(|line| line.strip_prefix("cargo run --release -- "))
        .unwrap();
    let out = tempfile::tempdir().unwrap();
    let dist = out.path().to_string_lossy().into_owned();
    let arguments: Vec<&str> = command
        .split(' ')
        .map(|word| if word == "dist" { dist.as_str() } else { word })
        .collect();
    exits(&run(&arguments), 0);
    assert!(out.path().join("nginx/nginx.conf").is_file());
}

#[test]
fn links_to_files_lead_somewhere() {
    for name in [
        README,
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "examples/README.md",
    ] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        let folder = root().join(name).parent().unwrap().to_owned();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if !link.contains("://") && !link.starts_with('#') {
                assert!(folder.join(link).exists(), "{name} links to `{link}`");
            }
        }
    }
}
