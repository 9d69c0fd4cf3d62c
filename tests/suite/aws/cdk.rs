//! The CDK's command line reads the cloud assembly of every example, without an application and without a network.

use std::path::Path;
use std::process::{Command, Output};

use super::{build_example, examples, read_json, tool};

fn cdk(arguments: &[&str], app: &Path, home: &Path) -> Option<Output> {
    let program = tool("cdk/node_modules/.bin/cdk")?;
    let run = Command::new(program)
        .args(arguments)
        .arg("--no-notices")
        .arg("--app")
        .arg(app)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("NODE_NO_WARNINGS", "1")
        .env("CDK_DISABLE_CLI_TELEMETRY", "true")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home)
        .output();
    Some(run.unwrap())
}

#[test]
fn every_assembly_is_listed_and_synthesised() {
    let folder = tempfile::tempdir().unwrap();
    for name in examples() {
        let app = build_example(&name, folder.path()).join("cdk.out");
        let manifest = read_json(&app.join("manifest.json"));
        assert_eq!(manifest["version"], "36.0.0");
        let Some(listed) = cdk(&["ls"], &app, folder.path()) else {
            return;
        };
        let stacks = String::from_utf8_lossy(&listed.stdout);
        assert!(listed.status.success(), "{name}");
        assert!(
            manifest["artifacts"][stacks.trim()].is_object(),
            "{name}: {stacks}"
        );
        let synthesised = cdk(&["synth", "-q"], &app, folder.path()).unwrap();
        let said = String::from_utf8_lossy(&synthesised.stderr);
        assert!(synthesised.status.success(), "{name}: {said}");
    }
}

#[test]
fn a_difference_is_seen_offline_and_none_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let built = build_example("minimal", folder.path());
    let app = built.join("cdk.out");
    let same = built.join("template.json");
    let difference = |template: &Path| {
        let template = template.to_string_lossy().into_owned();
        cdk(
            &["diff", "MinimalStack", "--fail", "--template", &template],
            &app,
            folder.path(),
        )
    };
    let Some(none) = difference(&same) else {
        return;
    };
    assert!(
        none.status.success(),
        "{}",
        String::from_utf8_lossy(&none.stderr)
    );
    let mut other = read_json(&same);
    other["Resources"]["Stage"]["Properties"]["StageName"] = "other".into();
    let changed = folder.path().join("changed.json");
    std::fs::write(&changed, other.to_string()).unwrap();
    assert!(!difference(&changed).unwrap().status.success());
}

#[test]
fn a_large_template_is_an_asset() {
    let folder = tempfile::tempdir().unwrap();
    let app = build_example("shop", folder.path()).join("cdk.out");
    let manifest = read_json(&app.join("manifest.json"));
    let stack = &manifest["artifacts"]["ShopStack"];
    assert_eq!(stack["dependencies"][0], "ShopStack.assets");
    let url = stack["properties"]["stackTemplateAssetObjectUrl"]
        .as_str()
        .unwrap();
    let assets = read_json(&app.join("ShopStack.assets.json"));
    let (digest, file) = assets["files"].as_object().unwrap().iter().next().unwrap();
    assert!(url.contains(digest.as_str()));
    assert_eq!(file["source"]["path"], "ShopStack.template.json");
}
