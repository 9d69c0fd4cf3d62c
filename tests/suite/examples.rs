//! Every example checks, builds for all targets and says first what it shows; together they use the whole language.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use gateway_gen::cli::schema;
use gateway_gen::source::{Input, ReadOptions, read};
use serde_json::{Value, json};

use crate::cli::{exits, run, stderr};
use crate::generated::{self, root};

fn name(spec: &Path) -> String {
    spec.parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

fn document(spec: &Path) -> Value {
    let options = ReadOptions {
        input: Input::File(spec.to_owned()),
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    read(&options).unwrap().decode::<Value>().value.unwrap()
}

fn first_sentence(spec: &Path) -> String {
    let text = fs::read_to_string(spec).unwrap();
    let first = text.lines().next().unwrap();
    first
        .strip_prefix("# ")
        .unwrap_or_else(|| panic!("{} starts with `{first}`", spec.display()))
        .to_owned()
}

#[test]
fn the_list_of_examples_says_what_each_one_shows() {
    let specs = generated::examples();
    let rows: Vec<String> = specs
        .iter()
        .map(|spec| {
            format!(
                "| [{0}]({0}/gateway.yaml) | {1} |",
                name(spec),
                first_sentence(spec)
            )
        })
        .collect();
    for spec in &specs {
        assert!(first_sentence(spec).ends_with('.'), "{}", spec.display());
    }
    generated::block(
        "examples/README.md",
        "examples",
        &format!("| example | shows |\n|---|---|\n{}", rows.join("\n")),
    );
}

#[test]
fn every_example_checks_without_a_word_and_builds_for_all_targets() {
    for spec in generated::examples() {
        let path = spec.to_string_lossy().into_owned();
        let output = run(&["check", &path]);
        exits(&output, 0);
        assert!(
            stderr(&output).contains("no mistakes"),
            "{path}: {}",
            stderr(&output)
        );
        let dist = tempfile::tempdir().unwrap();
        let out = dist.path().to_string_lossy().into_owned();
        let targets = if name(&spec) == "http-api" {
            "aws"
        } else {
            "aws,kong,nginx"
        };
        let output = run(&["build", &path, "-t", targets, "-o", &out]);
        exits(&output, 0);
        let said = stderr(&output);
        assert!(
            !said.contains("build/unused-allow") && !said.contains("GG951"),
            "{path}: {said}"
        );
    }
}

#[test]
fn every_example_builds_with_its_development_secrets() {
    for spec in generated::examples() {
        let secrets = spec.with_file_name("dev.secrets");
        let text = fs::read_to_string(&spec).unwrap()
            + &fs::read_to_string(spec.with_file_name("access.yaml")).unwrap_or_default();
        assert_eq!(
            text.contains("secret://"),
            secrets.is_file(),
            "{}",
            spec.display()
        );
        let dist = tempfile::tempdir().unwrap();
        let (path, out) = (spec.to_string_lossy(), dist.path().to_string_lossy());
        let mut arguments = vec![
            "build",
            &*path,
            "-t",
            "nginx",
            "-o",
            &*out,
            "--secrets",
            "inline",
        ];
        let file = secrets.to_string_lossy();
        if secrets.is_file() {
            arguments.extend(["--secrets-file", &*file]);
        }
        exits(&run(&arguments), 0);
    }
}

/// The shop with what it accepts taken away from all targets.
fn shop_without_allow() -> Value {
    let mut shop = document(&root().join("examples/shop/gateway.yaml"));
    for target in shop["targets"].as_object_mut().unwrap().values_mut() {
        target["allow"] = json!({});
    }
    shop
}

#[test]
fn the_shop_without_what_it_accepts_exits_1_and_names_each_loss() {
    let shop = document(&root().join("examples/shop/gateway.yaml"));
    let dir = tempfile::tempdir().unwrap();
    for folder in ["keys", "tls"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        for entry in fs::read_dir(root().join("examples/shop").join(folder)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(
                entry.path(),
                dir.path().join(folder).join(entry.file_name()),
            )
            .unwrap();
        }
    }
    let spec = dir.path().join("gateway.yaml");
    fs::write(&spec, shop_without_allow().to_string()).unwrap();
    let out = dir.path().join("dist");
    let output = run(&[
        "build",
        &spec.to_string_lossy(),
        "-o",
        &out.to_string_lossy(),
    ]);
    exits(&output, 1);
    let said = stderr(&output);
    for (target, settings) in shop["targets"].as_object().unwrap() {
        let (_, part) = said.split_once(&format!("{target}: ")).unwrap();
        assert!(
            part.lines().next().unwrap().ends_with("not written"),
            "{target}"
        );
        let (_, paste) = part
            .split_once(&format!("    {target}:\n      allow:\n"))
            .unwrap();
        let allowed: BTreeSet<&str> = settings["allow"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let named: BTreeSet<&str> = paste
            .lines()
            .map_while(|line| line.strip_prefix("        ")?.split(':').next())
            .collect();
        assert_eq!(
            named, allowed,
            "{target}: what is to be pasted is what the example says"
        );
        assert!(!out.join(target).exists());
    }
}

/// Every `(definition, key)` of the spec's schema.
fn keys_of_the_language() -> BTreeSet<String> {
    let schema = schema::gateway();
    let definitions = schema.get("$defs").unwrap().as_object().unwrap();
    let mut keys = BTreeSet::new();
    for definition in definitions.values().chain([schema.as_value()]) {
        collect(definition, &mut keys);
    }
    keys
}

fn collect(schema: &Value, keys: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if key == "properties" {
                    keys.extend(value.as_object().unwrap().keys().cloned());
                }
                collect(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn used(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                keys.insert(key.clone());
                used(value, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| used(item, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_examples_together_use_every_key_of_the_language() {
    let mut found = BTreeSet::from(["include".to_owned()]);
    for spec in generated::examples() {
        used(&document(&spec), &mut found);
    }
    let language = keys_of_the_language();
    assert!(language.len() > 90, "{} keys", language.len());
    let missing: Vec<&String> = language.difference(&found).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_shop_alone_uses_every_key_of_the_language() {
    let mut found = BTreeSet::from(["include".to_owned()]);
    used(
        &document(&root().join("examples/shop/gateway.yaml")),
        &mut found,
    );
    let missing: Vec<String> = keys_of_the_language().difference(&found).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
}
