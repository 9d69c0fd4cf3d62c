//! Generated functions, run by LuaJIT in a model of Kong's sandbox.

use std::process::Command;

use super::{build, root, yaml};

#[test]
fn generated_functions_check_what_no_plugin_does() {
    let Ok(version) = Command::new("luajit").arg("-v").output() else {
        assert!(std::env::var_os("CI").is_none(), "luajit not found");
        return eprintln!("skipped: luajit not found");
    };
    assert!(version.status.success());
    let folder = root().join("tests/suite/kong");
    let out = build(&folder.join("specs/functions.yaml")).expect("the spec is written for Kong");
    let document = yaml(&out.path().join("kong/kong.yaml"));
    let source = |plugin: &str, phase: &str| {
        let all = document["plugins"].as_array().unwrap();
        all.iter().find(|one| one["name"] == plugin).unwrap()["config"][phase][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let sources = [
        ("pre-function", "access"),
        ("post-function", "access"),
        ("post-function", "header_filter"),
        ("post-function", "body_filter"),
    ];
    let texts: Vec<String> = sources
        .iter()
        .map(|(plugin, phase)| format!("[====[\n{}]====]", source(plugin, phase)))
        .collect();
    let file = out.path().join("functions.lua");
    std::fs::write(&file, format!("return {{ {} }}", texts.join(", "))).unwrap();
    let run = Command::new("luajit")
        .arg(folder.join("sandbox.lua"))
        .arg(&file)
        .arg(folder.join("scenarios.lua"))
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&run.stdout).trim(),
        "all scenarios hold"
    );
}
