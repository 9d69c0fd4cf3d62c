//! What is written for every example: accepted by both schemas and by our own checks, the same as its snapshot.

use std::path::{Path, PathBuf};

use gateway_gen::targets::kong::check::faults;
use gateway_gen::targets::kong::document::Document;
use serde_json::Value;

use super::{build, root, yaml};

fn examples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|folder| folder.join("gateway.yaml").exists());
    found.sort();
    found
}

fn validator(name: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(root().join("schemas").join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str::<Value>(&text).unwrap()).unwrap()
}

fn complaints(validator: &jsonschema::Validator, document: &Value) -> Vec<String> {
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {}", error.instance_path(), error.masked()))
        .collect()
}

#[test]
fn every_example_is_accepted_by_kong_s_schema_by_deck_s_and_by_our_checks() {
    let (kong, deck) = (
        validator("kong-3.9.schema.json"),
        validator("kong-deck.schema.json"),
    );
    let mut accepted = 0;
    for example in examples() {
        let Some(out) = build(&example.join("gateway.yaml")) else {
            continue;
        };
        let document = yaml(&out.path().join("kong/kong.yaml"));
        let name = example.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(
            complaints(&kong, &document),
            Vec::<String>::new(),
            "{name} against Kong's schema"
        );
        assert_eq!(
            complaints(&deck, &document),
            Vec::<String>::new(),
            "{name} against decK's schema"
        );
        let typed: Document = serde_json::from_value(document).unwrap();
        assert_eq!(
            faults(&typed),
            Vec::<String>::new(),
            "{name} against our checks"
        );
        accepted += 1;
    }
    assert!(accepted >= 15, "only {accepted} examples were written");
}

#[test]
fn every_example_is_what_its_snapshot_says() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut differing = Vec::new();
    for example in examples() {
        let Some(out) = build(&example.join("gateway.yaml")) else {
            continue;
        };
        let folder = root()
            .join("snapshots/kong")
            .join(example.file_name().unwrap());
        for file in ["kong.yaml", "kong.conf"] {
            let made = std::fs::read_to_string(out.path().join("kong").join(file)).unwrap();
            let kept = folder.join(file);
            if update {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&kept, &made).unwrap();
            } else if std::fs::read_to_string(&kept).unwrap_or_default() != made {
                differing.push(kept);
            }
        }
    }
    assert_eq!(
        differing,
        Vec::<PathBuf>::new(),
        "UPDATE=1 cargo test rewrites them"
    );
}

#[test]
fn the_seed_has_what_its_hand_written_file_had() {
    let out = build(Path::new(&root().join("examples/seed/gateway.yaml")))
        .expect("the seed is written for Kong");
    let document = yaml(&out.path().join("kong/kong.yaml"));
    let services = document["services"].as_array().unwrap();
    let service = |name: &str| {
        services
            .iter()
            .find(|service| service["name"] == name)
            .unwrap()
    };
    let users = &service("user-service")["routes"][0];
    let plugin = |route: &Value, name: &str| {
        let all = route["plugins"].as_array().unwrap();
        all.iter()
            .find(|plugin| plugin["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"))["config"]
            .clone()
    };
    assert_eq!(users["strip_path"], true);
    assert_eq!(users["paths"][0], "~/api/users(?:/|$)");
    let limit = plugin(users, "rate-limiting");
    assert_eq!(
        (&limit["minute"], &limit["policy"], &limit["redis"]["host"]),
        (&100.into(), &"redis".into(), &"redis".into())
    );
    assert_eq!(plugin(users, "jwt")["claims_to_verify"][0], "exp");
    let cors = plugin(users, "cors");
    assert_eq!(cors["origins"][0], "https://myapp.com");
    assert_eq!(
        cors["methods"],
        serde_json::json!(["GET", "POST", "PUT", "DELETE"])
    );
    assert_eq!(
        plugin(&service("order-service")["routes"][0], "rate-limiting")["minute"],
        50
    );
}

#[test]
fn a_file_is_the_same_when_it_is_written_again() {
    let spec = root().join("examples/seed/gateway.yaml");
    let text = || std::fs::read(build(&spec).unwrap().path().join("kong/kong.yaml")).unwrap();
    assert!(text() == text());
}
