//! `schema [gateway|report]`: JSON Schemas for editors and for readers of reports.

use anyhow::Result;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json as value};

use super::exit::Exit;
use super::output;
use crate::report::json;
use crate::spec::Spec;

/// A JSON Schema: of the spec, for editors, or of what machine formats print.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen schema > gateway.schema.json           then, first in the spec:
                                                     # yaml-language-server: $schema=./gateway.schema.json
  gateway-gen schema report > report.schema.json")]
pub struct Arguments {
    /// Which.
    #[arg(value_enum, default_value = "gateway")]
    which: Which,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Which {
    /// What may stand in a spec.
    Gateway,
    /// What `--format json` and report.json hold.
    Report,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    output::print(match arguments.which {
        Which::Gateway => gateway_text(),
        Which::Report => report_text(),
    })?;
    Ok(Exit::Clean)
}

/// The spec's schema as text.
#[must_use]
pub fn gateway_text() -> String {
    text(&gateway())
}

/// The schema of machine formats as text.
#[must_use]
pub fn report_text() -> String {
    text(&json::schema())
}

/// What names the document stands first, for people who open it.
fn text(schema: &Schema) -> String {
    let mut first = serde_json::Map::new();
    let all = schema.as_object().cloned().unwrap_or_default();
    for key in ["$schema", "title", "description"] {
        if let Some(part) = all.get(key) {
            first.insert(key.to_owned(), part.clone());
        }
    }
    for (key, part) in all {
        first.entry(key).or_insert(part);
    }
    format!("{:#}\n", Value::Object(first))
}

/// The spec's schema, from the same types that decode it.
#[must_use]
pub fn gateway() -> Schema {
    let settings = SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(with_extensions));
    let mut schema = settings.into_generator().into_root_schema_for::<Spec>();
    for (name, words) in WORDS {
        let at = format!("/$defs/{name}/anyOf/0");
        if let Some(text) = schema.pointer_mut(&at) {
            *text = value!({ "enum": words });
        }
    }
    schema.insert("title".to_owned(), value!("gateway-gen spec, version 1"));
    // The reader takes `include` away before anything is decoded.
    let include = value!({
        "description": "More files of the spec, relative to this one; `*` in the last part of a path stands for any name.",
        "type": "array",
        "items": { "type": "string" },
    });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for section in properties.values_mut().filter_map(Value::as_object_mut) {
            if section.contains_key("additionalProperties") {
                section.insert("patternProperties".to_owned(), value!({ "^x-": true }));
            }
        }
        properties.insert("include".to_owned(), include);
        properties.insert(
            "version".to_owned(),
            value!({ "description": "The language's version.", "const": 1 }),
        );
    }
    schema
}

/// Types that are written as one of few words or as a map.
const WORDS: [(&str, &[&str]); 4] = [
    ("LimitKey", &["consumer", "client_ip", "everyone"]),
    ("Balance", &["round_robin", "least_connections"]),
    ("BalanceMethod", &["client_ip"]),
    ("Counters", &["local"]),
];

/// A key that may be left out is not a key that may be null.
fn without_null(schema: &mut Schema) {
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    // Widths of the program's integers say nothing to an editor.
    if schema.get("type") == Some(&value!("integer")) {
        schema.remove("format");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(branches)) = schema.get_mut("anyOf") else {
        return;
    };
    branches.retain(|branch| branch != &value!({ "type": "null" }));
    if let [only] = branches.as_slice()
        && let Some(only) = only.as_object().cloned()
    {
        schema.remove("anyOf");
        for (key, part) in only {
            // A description beside a reference stays: it is about this key.
            schema.ensure_object().entry(key).or_insert(part);
        }
    }
}

/// `x-*` keys may stand beside the keys of the language.
fn with_extensions(schema: &mut Schema) {
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if closed && schema.get("properties").is_some() {
        schema.insert("patternProperties".to_owned(), value!({ "^x-": true }));
    }
}
