//! gixy-ng over what is made of every example: each finding is mended, or explained in `gixy.allow`.

use std::process::Command;

use serde_json::Value;

use super::try_build;
use crate::generated::root;

#[test]
fn gixy_finds_nothing_that_is_not_explained() {
    let gixy = std::env::var("GATEWAY_GEN_GIXY").unwrap_or_else(|_| "gixy".to_owned());
    if Command::new(&gixy).arg("--version").output().is_err() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "gixy not found, and in CI that is a failure"
        );
        eprintln!("skipped: gixy not found");
        return;
    }
    let allowed: Vec<(&str, &str)> = include_str!("gixy.allow")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('|'))
        .map(|(plugin, rest)| {
            (
                plugin.trim(),
                rest.split('|').next().unwrap_or_default().trim(),
            )
        })
        .collect();
    let mut unexplained = Vec::new();
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let spec = entry.unwrap().path().join("gateway.yaml");
        let Some(folder) = try_build(&spec, true) else {
            continue;
        };
        let output = Command::new(&gixy)
            .args(["--format", "json"])
            .arg(folder.path().join("nginx/nginx.conf"))
            .output()
            .unwrap();
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        for finding in findings {
            let (plugin, reason) = (
                finding["plugin"].as_str().unwrap(),
                finding["reason"].as_str().unwrap_or_default(),
            );
            if !allowed
                .iter()
                .any(|(name, part)| *name == plugin && reason.contains(part))
            {
                unexplained.push(format!("{}: {plugin}: {reason}", spec.display()));
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
}
