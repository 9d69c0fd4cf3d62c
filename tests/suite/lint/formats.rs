//! What the formats say of the anti-patterns; SARIF is held against the rules of its standard.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cli::{exits, run, stdout};

const SPEC: &str = "examples/antipatterns/access.yaml";

fn document(format: &str, spec: &str) -> String {
    let output = run(&["lint", spec, "--preset", "strict", "--format", format]);
    exits(&output, 1);
    stdout(&output)
}

/// What SARIF 2.1.0 (OASIS, errata 01) asks of the objects that are written here: closed objects, required
/// properties, bounds. Written from the standard's text, sections 3.13 to 3.58, not copied from its schema.
fn constraints() -> Value {
    let text = json!({ "type": "string" });
    let message = json!({ "type": "object", "additionalProperties": false, "anyOf": [{ "required": ["text"] }, { "required": ["id"] }],
        "properties": { "text": text, "markdown": text, "id": text, "arguments": { "type": "array", "items": text } } });
    let multiformat = json!({ "type": "object", "additionalProperties": false, "required": ["text"], "properties": { "text": text, "markdown": text } });
    let region = json!({ "type": "object", "additionalProperties": false, "properties": {
        "startLine": { "type": "integer", "minimum": 1 }, "startColumn": { "type": "integer", "minimum": 1 },
        "endLine": { "type": "integer", "minimum": 1 }, "endColumn": { "type": "integer", "minimum": 1 },
        "byteOffset": { "type": "integer", "minimum": 0 }, "byteLength": { "type": "integer", "minimum": 0 },
        "snippet": { "type": "object" } } });
    let artifact = json!({ "type": "object", "additionalProperties": false, "properties": {
        "uri": { "type": "string", "pattern": "^[A-Za-z0-9._~/%-]+$" }, "uriBaseId": text, "index": { "type": "integer", "minimum": -1 } } });
    let location = json!({ "type": "object", "additionalProperties": false, "properties": {
        "id": { "type": "integer" }, "message": message,
        "physicalLocation": { "type": "object", "additionalProperties": false, "required": ["artifactLocation"],
            "properties": { "artifactLocation": artifact, "region": region } },
        "logicalLocations": { "type": "array", "uniqueItems": true, "items": { "type": "object", "additionalProperties": false,
            "properties": { "fullyQualifiedName": text, "name": text, "kind": text } } } } });
    let replacement = json!({ "type": "object", "additionalProperties": false, "required": ["deletedRegion"], "properties": {
        "deletedRegion": region, "insertedContent": { "type": "object", "additionalProperties": false, "properties": { "text": text } } } });
    let fix = json!({ "type": "object", "additionalProperties": false, "required": ["artifactChanges"], "properties": {
        "description": message,
        "artifactChanges": { "type": "array", "minItems": 1, "items": { "type": "object", "additionalProperties": false,
            "required": ["artifactLocation", "replacements"],
            "properties": { "artifactLocation": artifact, "replacements": { "type": "array", "minItems": 1, "items": replacement } } } } } });
    let suppression = json!({ "type": "object", "additionalProperties": false, "required": ["kind"], "properties": {
        "kind": { "enum": ["inSource", "external"] }, "justification": text, "status": { "enum": ["accepted", "underReview", "rejected"] } } });
    let result = json!({ "type": "object", "additionalProperties": false, "required": ["message"], "properties": {
        "ruleId": text, "ruleIndex": { "type": "integer", "minimum": -1 }, "level": { "enum": ["none", "note", "warning", "error"] },
        "message": message, "locations": { "type": "array", "items": location },
        "relatedLocations": { "type": "array", "uniqueItems": true, "items": location },
        "fixes": { "type": "array", "uniqueItems": true, "items": fix },
        "suppressions": { "type": "array", "uniqueItems": true, "items": suppression },
        "partialFingerprints": { "type": "object", "additionalProperties": text } } });
    let rule = json!({ "type": "object", "additionalProperties": false, "required": ["id"], "properties": {
        "id": text, "name": text, "shortDescription": multiformat, "fullDescription": multiformat, "help": multiformat,
        "helpUri": { "type": "string", "format": "uri" } } });
    json!({ "type": "object", "additionalProperties": false, "required": ["version", "runs"], "properties": {
        "$schema": text, "version": { "enum": ["2.1.0"] },
        "runs": { "type": "array", "items": { "type": "object", "additionalProperties": false, "required": ["tool"], "properties": {
            "tool": { "type": "object", "additionalProperties": false, "required": ["driver"], "properties": {
                "driver": { "type": "object", "additionalProperties": false, "required": ["name"], "properties": {
                    "name": text, "version": text, "informationUri": text, "rules": { "type": "array", "uniqueItems": true, "items": rule } } } } },
            "columnKind": { "enum": ["utf16CodeUnits", "unicodeCodePoints"] },
            "results": { "type": ["array", "null"], "items": result } } } } } })
}

fn holds(schema: &Value, log: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn sarif_keeps_to_its_standard() {
    let schema = constraints();
    for spec in [
        SPEC,
        "examples/antipatterns/resilience.yaml",
        "examples/antipatterns/boundary.yaml",
    ] {
        let log: Value = serde_json::from_str(&document("sarif", spec)).unwrap();
        holds(&schema, &log);
        let rules = log["runs"][0]["tool"]["driver"]["rules"]
            .as_array()
            .unwrap();
        for result in log["runs"][0]["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        }
    }
}

#[test]
fn the_constraints_can_fail() {
    let mut log: Value = serde_json::from_str(&document("sarif", SPEC)).unwrap();
    log["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!jsonschema::is_valid(&constraints(), &log));
}

/// With `SARIF_SCHEMA` naming a copy of the OASIS schema, that one judges too.
#[test]
fn sarif_is_valid_by_the_schema_of_oasis() {
    let Some(path) = std::env::var_os("SARIF_SCHEMA") else {
        println!("skipped: SARIF_SCHEMA names no copy of sarif-schema-2.1.0.json");
        return;
    };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for name in ["access", "boundary", "portability", "resilience", "single"] {
        let spec = format!("examples/antipatterns/{name}.yaml");
        let output = run(&["lint", &spec, "--preset", "strict", "--format", "sarif"]);
        holds(&schema, &serde_json::from_str(&stdout(&output)).unwrap());
    }
}

#[test]
fn every_format_names_every_rule_that_found_something() {
    let json: Value = serde_json::from_str(&document("json", SPEC)).unwrap();
    let found = json["diagnostics"].as_array().unwrap();
    let ids: BTreeSet<&str> = found
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(ids.len() > 12, "{ids:?}");
    for format in ["sarif", "junit", "github", "markdown"] {
        let text = document(format, SPEC);
        for id in &ids {
            assert!(text.contains(id), "{format} says nothing of {id}");
        }
    }
}

#[test]
fn help_of_a_rule_in_sarif_is_its_page() {
    let log: Value = serde_json::from_str(&document("sarif", SPEC)).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    for rule in rules {
        let known = gateway_gen::lint::rules::find(rule["id"].as_str().unwrap()).unwrap();
        assert_eq!(rule["help"]["markdown"], known.code.page);
        let page = run(&["explain", known.code.name]);
        exits(&page, 0);
        assert_eq!(stdout(&page).trim_end(), known.code.page.trim_end());
    }
}

#[test]
fn a_secret_is_underlined_but_never_printed() {
    for format in ["human", "json", "sarif", "junit", "github", "markdown"] {
        let output = run(&["lint", SPEC, "--format", format]);
        let said = stdout(&output) + &crate::cli::stderr(&output);
        assert!(!said.contains("acme-71d0c2e9b8"), "{format} prints the key");
    }
}
