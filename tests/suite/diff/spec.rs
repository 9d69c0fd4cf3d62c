//! Spec as a JSON value -> gateway, and JSON merge patches on it.

use std::io;
use std::path::Path;

use gateway_gen::ir::Gateway;
use gateway_gen::report::Severity;
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use serde_json::Value;

/// Files with the right PEM frames and a content that their name decides.
fn files(path: &Path) -> io::Result<Vec<u8>> {
    let label = match path.extension().and_then(|e| e.to_str()) {
        Some("crt") => "CERTIFICATE",
        Some("key") => "PRIVATE KEY",
        _ => return Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let content = if path.ends_with("other.crt") {
        "BB=="
    } else {
        "AA=="
    };
    Ok(format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n").into_bytes())
}

/// What a spec means, or its mistakes.
pub fn gateway(text: &str) -> Result<Gateway, String> {
    let options = ReadOptions {
        input: Input::Text {
            name: "gateway.yaml".into(),
            text: text.into(),
        },
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document = read(&options).unwrap();
    let decoded = document.decode::<Spec>();
    if !decoded.diagnostics.is_empty() {
        return Err(format!("{:#?}", decoded.diagnostics));
    }
    let options = Options {
        secrets: Secrets::Reference,
        files: &files,
        complete: true,
    };
    let resolved = resolve(&decoded.value.unwrap(), &document, &options);
    let errors: Vec<_> = resolved
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    let mistakes = format!("{errors:#?}");
    resolved.gateway.ok_or(mistakes)
}

/// What a spec given as a value means.
pub fn of_value(spec: &Value) -> Result<Gateway, String> {
    gateway(&serde_json::to_string_pretty(spec).unwrap())
}

/// RFC 7396.
pub fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let Value::Object(into) = into else { return };
    for (key, value) in patch {
        if value.is_null() {
            into.shift_remove(key);
        } else {
            merge(into.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
