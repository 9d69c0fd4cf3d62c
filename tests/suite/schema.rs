//! The JSON Schemas: checked in, and of one mind with the decoder about every example and about broken ones.

use gateway_gen::cli::schema;
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use serde_json::{Value, json};

use crate::generated;

#[test]
fn the_schemas_that_are_checked_in_are_those_of_the_types() {
    generated::file("schemas/gateway.schema.json", &schema::gateway_text());
    generated::file("schemas/report.schema.json", &schema::report_text());
}

fn options(input: Input) -> ReadOptions<'static> {
    ReadOptions {
        input,
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    }
}

/// Each example as one document.
fn documents() -> Vec<(String, Value)> {
    let specs = generated::examples().into_iter();
    specs
        .map(|spec| {
            let document = read(&options(Input::File(spec.clone()))).unwrap();
            let value = document.decode::<Value>().value.unwrap();
            (spec.display().to_string(), value)
        })
        .collect()
}

fn decodes(spec: &Value) -> Result<(), String> {
    let text = serde_json::to_string(spec).unwrap();
    let name = "mutated.json".to_owned();
    let document = read(&options(Input::Text { name, text }))
        .map_err(|failure| format!("{:?}", failure.diagnostics))?;
    let mut found = document.diagnostics().to_vec();
    found.extend(document.decode::<Spec>().diagnostics);
    match found.first() {
        None => Ok(()),
        Some(first) => Err(first.message.clone()),
    }
}

#[test]
fn schema_and_decoder_accept_every_example() {
    let validator = jsonschema::validator_for(schema::gateway().as_value()).unwrap();
    for (name, document) in documents() {
        let errors: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert_eq!(decodes(&document), Ok(()), "{name}");
    }
}

#[test]
fn schema_and_decoder_agree_about_mutated_examples() {
    let validator = jsonschema::validator_for(schema::gateway().as_value()).unwrap();
    let (mut tried, mut refused) = (0, 0);
    let mut differences = Vec::new();
    for (name, document) in documents() {
        for (what, mutant) in mutants(&document) {
            let by_schema = validator.is_valid(&mutant);
            let by_decoder = decodes(&mutant);
            tried += 1;
            refused += usize::from(!by_schema);
            // What is left to resolve: the language's version, and lists that must not be empty.
            let later = what == "a number at `/version`" || what.starts_with("an empty list");
            if by_schema != by_decoder.is_ok() && !(later && by_decoder.is_ok()) {
                differences.push(format!(
                    "{name}: {what}: the schema says {by_schema}, the decoder {by_decoder:?}"
                ));
            }
        }
    }
    assert!(
        tried > 2000 && refused > 1000,
        "{tried} tried, {refused} refused"
    );
    assert!(
        differences.is_empty(),
        "{} of {tried} differ:\n{}",
        differences.len(),
        differences
            .iter()
            .take(40)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

/// Every way to change one node of a document.
fn mutants(document: &Value) -> Vec<(String, Value)> {
    let mut pointers = Vec::new();
    walk(document, String::new(), &mut pointers);
    let mut mutants = Vec::new();
    for pointer in pointers {
        let mut with = |what: &str, change: &dyn Fn(&mut Value)| {
            let mut mutant = document.clone();
            change(mutant.pointer_mut(&pointer).unwrap());
            if mutant != *document {
                mutants.push((format!("{what} at `{pointer}`"), mutant));
            }
        };
        with("a number", &|node| *node = json!(7));
        with("a word", &|node| *node = json!("none-of-these"));
        with("a truth value", &|node| *node = json!(true));
        with("a list", &|node| *node = json!([1]));
        with("an empty list", &|node| *node = json!([]));
        with("null", &|node| *node = Value::Null);
        with("an empty map", &|node| *node = json!({}));
        with("an unknown key", &|node| {
            if let Value::Object(map) = node {
                map.insert("surprise".to_owned(), json!(1));
            }
        });
        with("an extension", &|node| {
            if let Value::Object(map) = node {
                map.insert("x-note".to_owned(), json!([1, { "a": null }]));
            }
        });
        with("one key less", &|node| {
            if let Value::Object(map) = node {
                let last = map.keys().next_back().cloned();
                last.map(|key| map.remove(&key));
            }
        });
    }
    mutants
}

fn walk(node: &Value, pointer: String, out: &mut Vec<String>) {
    match node {
        Value::Object(map) => {
            for (key, child) in map {
                let step = key.replace('~', "~0").replace('/', "~1");
                walk(child, format!("{pointer}/{step}"), out);
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                walk(child, format!("{pointer}/{index}"), out);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    out.push(pointer);
}
