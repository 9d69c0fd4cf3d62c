//! CREDENTIALS -> MAPS: hashes of keys and passwords to the consumers they belong to.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::build::Build;
use super::super::document::{Block, Directive, Item};
use super::super::names::javascript;
use super::auth::kind;
use crate::ir::{ApiKeyPlace, SchemeKind, Secret};

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The maps from credentials to identities, of the schemes that routes use; the context of `credentials.js`.
pub fn schemes(build: &mut Build<'_>, used: &[usize]) -> Value {
    let mut functions = Vec::new();
    let mut environment: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut parameters = serde_json::Map::new();
    for &scheme in used {
        let mut entries = Entries::default();
        let function = match kind(build, scheme) {
            SchemeKind::ApiKey(place) => {
                for (id, consumer) in build.consumers() {
                    for secret in &consumer.api_keys {
                        entries.add(build, &id, "", secret);
                    }
                }
                match place {
                    ApiKeyPlace::Header(name) => {
                        json!({ "kind": "header", "place": javascript(&json!(name)) })
                    }
                    ApiKeyPlace::Query(name) => {
                        parameters.insert(scheme.to_string(), json!(name));
                        json!({ "kind": "query", "place": javascript(&json!(name)) })
                    }
                }
            }
            SchemeKind::Basic(_) => {
                for (id, consumer) in build.consumers() {
                    if let Some((user, secret)) = &consumer.basic {
                        entries.add(build, &id, &format!("{user}:"), secret);
                    }
                }
                json!({ "kind": "basic", "place": "" })
            }
            SchemeKind::Jwt(_) | SchemeKind::External(_) => continue,
        };
        let Value::Object(mut function) = function else {
            continue;
        };
        function.insert("id".to_owned(), json!(scheme));
        function.insert("name".to_owned(), json!(format!("scheme{scheme}")));
        functions.push(Value::Object(function));
        build.modules.insert("credentials");
        build.maps.put(
            "js_set",
            [
                format!("$gw_credential_{scheme}"),
                format!("credentials.scheme{scheme}"),
            ],
        );
        build.maps.open(
            "map",
            [
                format!("$gw_credential_{scheme}"),
                format!("$gw_who_{scheme}"),
            ],
            entries.table,
        );
        if !entries.environment.is_empty() {
            environment.insert(scheme.to_string(), entries.environment);
        }
    }
    json!({ "schemes": functions, "environment": javascript(&json!(environment)), "key_parameters": javascript(&json!(parameters)) })
}

#[derive(Default)]
struct Entries {
    table: Block,
    environment: Vec<Value>,
}

impl Entries {
    fn add(&mut self, build: &mut Build<'_>, id: &str, prefix: &str, secret: &Secret) {
        if self.table.0.is_empty() {
            self.table.pair("default", "");
        }
        match secret {
            Secret::Known { text, .. } => self
                .table
                .pair(sha256(&format!("{prefix}{text}")), id.to_owned()),
            Secret::Reference(name) => {
                let variable = build.environment(name);
                self.environment
                    .push(json!({ "variable": variable, "prefix": prefix, "who": id }));
                // njs hashes the variable's value and answers the identity itself.
                let line = Item::Directive(Directive::simple(id.to_owned(), [id.to_owned()]));
                if !self.table.0.contains(&line) {
                    self.table.0.push(line);
                }
            }
        }
    }
}
