//! FACTS -> JSON SCHEMA: what Kong 3.9 accepts in a declarative file, from the fields its Admin API reports.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::rules::{filled, nullable, own_rules, patterns, present, regex, rule};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn facts() -> Value {
    let text = std::fs::read_to_string(folder().join("kong-3.9.facts.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Entities nested in others, by the key they stand under.
const NESTED: &[(&str, &[&str])] = &[
    ("services", &["routes", "plugins"]),
    ("routes", &["plugins"]),
    (
        "consumers",
        &[
            "plugins",
            "acls",
            "basicauth_credentials",
            "hmacauth_credentials",
            "jwt_secrets",
            "keyauth_credentials",
            "oauth2_credentials",
        ],
    ),
    ("upstreams", &["targets"]),
    ("certificates", &["snis"]),
];

/// Fields by which a nested entity names its parent; not required where it is nested.
const PARENTS: &[&str] = &[
    "consumer",
    "upstream",
    "certificate",
    "service",
    "route",
    "set",
];

fn string(field: &Map<String, Value>) -> Value {
    let mut schema =
        json!({ "type": "string", "minLength": field.get("len_min").cloned().unwrap_or(json!(1)) });
    let mut all = Vec::new();
    if let Some(max) = field.get("len_max") {
        schema["maxLength"] = max.clone();
    }
    if let Some(pattern) = field.get("match") {
        all.push(json!({ "pattern": regex(pattern.as_str().unwrap()) }));
    }
    if let Some(start) = field.get("starts_with") {
        all.push(json!({ "pattern": format!("^{}", start.as_str().unwrap()) }));
    }
    for pattern in field.get("match_all").map(patterns).unwrap_or_default() {
        all.push(json!({ "pattern": pattern }));
    }
    for pattern in field.get("match_none").map(patterns).unwrap_or_default() {
        all.push(json!({ "not": { "pattern": pattern } }));
    }
    if let Some(any) = field.get("match_any") {
        let any: Vec<Value> = patterns(&any["patterns"])
            .into_iter()
            .map(|pattern| json!({ "pattern": pattern }))
            .collect();
        all.push(json!({ "anyOf": any }));
    }
    if field.get("uuid").is_some() {
        all.push(json!({ "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$" }));
    }
    if !all.is_empty() {
        schema["allOf"] = Value::Array(all);
    }
    schema
}

/// One field as a schema; `null` stands for a value that is not given, where none is needed.
fn field(field: &Value) -> Value {
    let map = field.as_object().unwrap();
    let mut schema = match map["type"].as_str().unwrap() {
        "string" => string(map),
        "foreign" => json!({ "type": "string", "minLength": 1 }),
        "boolean" => json!({ "type": "boolean" }),
        kind @ ("number" | "integer") => json!({ "type": kind }),
        "array" | "set" => json!({ "type": "array", "items": self::field(&map["elements"]) }),
        "map" => {
            let mut schema = json!({ "type": "object" });
            if let Some(keys) = map.get("keys") {
                schema["propertyNames"] = self::field(keys);
            }
            if let Some(values) = map.get("values") {
                schema["additionalProperties"] = self::field(values);
            }
            schema
        }
        "record" if map.get("abstract").is_some() => json!({ "type": "object" }),
        "record" => record(
            &map["fields"],
            map.get("shorthand_fields"),
            map.get("entity_checks"),
        ),
        "json" => json!({}),
        other => panic!("unknown type {other}"),
    };
    if map.get("eq").is_some_and(Value::is_null) {
        return json!({ "type": "null" });
    }
    if let Some(between) = map.get("between") {
        schema["minimum"] = between[0].clone();
        schema["maximum"] = between[1].clone();
    }
    if let Some(gt) = map.get("gt") {
        schema["exclusiveMinimum"] = gt.clone();
    }
    if let Some(values) = map.get("one_of") {
        schema["enum"] = values.clone();
    }
    if let Some(values) = map.get("not_one_of") {
        schema["not"] = json!({ "enum": values });
    }
    if schema["type"] == "array" {
        for (fact, keyword) in [("len_min", "minItems"), ("len_max", "maxItems")] {
            if let Some(length) = map.get(fact) {
                schema[keyword] = length.clone();
            }
        }
    }
    if let Some(subsets) = map.get("mutually_exclusive_subsets") {
        let one: Vec<Value> = subsets
            .as_array()
            .unwrap()
            .iter()
            .map(|set| json!({ "items": { "enum": set } }))
            .collect();
        schema["anyOf"] = Value::Array(one);
    }
    if map.get("required") != Some(&json!(true)) || map.contains_key("default") {
        return nullable(schema);
    }
    schema
}

fn named(fields: &Value) -> impl Iterator<Item = (&String, &Value)> {
    fields
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|entry| entry.as_object().unwrap())
}

fn record(fields: &Value, shorthand: Option<&Value>, checks: Option<&Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, fact) in named(fields) {
        let needed = fact.get("required") == Some(&json!(true))
            && fact.get("default").is_none()
            && fact.get("auto").is_none();
        // A record that must be there is made from its fields' defaults.
        if needed
            && fact["type"] != "record"
            && !(fact["type"] == "foreign" && PARENTS.contains(&name.as_str()))
        {
            required.push(name.clone());
        }
        properties.insert(name.clone(), field(fact));
    }
    if let Some(shorthand) = shorthand {
        for (name, fact) in named(shorthand) {
            properties
                .entry(name.clone())
                .or_insert_with(|| field(fact));
        }
    }
    let mut schema =
        json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let rules: Vec<Value> = checks
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(rule).collect())
        .unwrap_or_default();
    if !rules.is_empty() {
        schema["allOf"] = Value::Array(rules);
    }
    schema
}

fn plugin(name: &str, facts: &Value) -> Value {
    let config = record(
        &facts["fields"],
        facts.get("shorthand_fields"),
        facts.get("config_checks"),
    );
    let mut rules: Vec<Value> = facts
        .get("entity_checks")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(rule).collect())
        .unwrap_or_default();
    rules.extend(own_rules(name));
    // Nothing given is an empty configuration, which the rules then look at.
    let needs_config = !rules.is_empty() || config.get("required").is_some();
    let mut properties = json!({
        "config": if needs_config { config } else { nullable(config) },
        "protocols": { "type": ["array", "null"], "minItems": 1, "items": { "enum": facts["protocols"] } },
    });
    for (scope, allowed) in facts["scopes"].as_object().unwrap() {
        if scope != "global" && allowed == false {
            properties[scope] = json!({ "type": "null" });
        }
    }
    let mut schema = json!({ "properties": properties });
    if !rules.is_empty() {
        schema["allOf"] = Value::Array(rules);
    }
    if needs_config {
        schema["required"] = json!(["config"]);
    }
    schema
}

fn entity(name: &str, facts: &Value) -> Value {
    let mut schema = record(
        &facts["fields"],
        facts.get("shorthand_fields"),
        facts.get("entity_checks"),
    );
    for (_, children) in NESTED.iter().filter(|(parent, _)| *parent == name) {
        for child in *children {
            schema["properties"][child] = json!({ "type": ["array", "null"], "items": { "$ref": format!("#/definitions/{child}") } });
        }
    }
    for (property, pattern) in [("tags", "^[^,/\\x00-\\x1f]+$")] {
        if schema["properties"].get(property).is_some() {
            schema["properties"][property]["items"] =
                json!({ "type": "string", "pattern": pattern });
        }
    }
    let mut rules = schema
        .get("allOf")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if name == "services" || name == "routes" {
        schema["properties"]["name"]["pattern"] = json!(
            "^[A-Za-z0-9._~\\-\\u0080-\\U0010ffff]+$"
                .replace("\\U0010ffff", "\u{10ffff}")
                .replace("\\u0080", "\u{80}")
        );
    }
    if name == "upstreams" {
        schema["properties"]["name"]["pattern"] =
            json!("^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$");
    }
    if name == "services" {
        // `url` sets protocol, host, port and path.
        schema["properties"]["url"] =
            json!({ "type": "string", "pattern": "^(https?|grpcs?|tcp|tls|udp)://[^/?#]+" });
        schema.as_object_mut().unwrap().remove("required");
        rules.push(json!({ "anyOf": [present("host"), present("url")] }));
    }
    if name == "routes" {
        let criteria = [
            "methods",
            "hosts",
            "headers",
            "paths",
            "snis",
            "sources",
            "destinations",
        ];
        rules.push(json!({ "anyOf": criteria.map(filled) }));
    }
    if !rules.is_empty() {
        schema["allOf"] = Value::Array(rules);
    }
    schema
}

fn plugins(facts: &Value) -> Value {
    let names: Vec<&String> = facts["plugins"].as_object().unwrap().keys().collect();
    let mut schema = entity("plugins", &facts["entities"]["plugins"]);
    schema["properties"]["name"] = json!({ "enum": names });
    let by_name: Vec<Value> = facts["plugins"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| {
            json!({ "if": { "properties": { "name": { "const": name } }, "required": ["name"] }, "then": { "$ref": format!("#/definitions/plugin-{name}") } })
        })
        .collect();
    schema["allOf"] = Value::Array(by_name);
    schema["required"] = json!(["name"]);
    schema
}

/// The whole schema.
pub fn generate() -> Value {
    let facts = facts();
    let mut definitions = Map::new();
    for (name, entity_facts) in facts["entities"].as_object().unwrap() {
        let schema = if name == "plugins" {
            plugins(&facts)
        } else {
            entity(name, entity_facts)
        };
        definitions.insert(name.clone(), schema);
    }
    for (name, plugin_facts) in facts["plugins"].as_object().unwrap() {
        definitions.insert(format!("plugin-{name}"), plugin(name, plugin_facts));
    }
    let mut properties = Map::new();
    properties.insert(
        "_format_version".into(),
        json!({ "enum": ["1.1", "2.1", "3.0"] }),
    );
    properties.insert("_transform".into(), json!({ "type": "boolean" }));
    properties.insert("_comment".into(), json!({ "type": "string" }));
    properties.insert("_ignore".into(), json!({ "type": "array" }));
    for name in facts["entities"].as_object().unwrap().keys() {
        properties.insert(name.clone(), json!({ "type": ["array", "null"], "items": { "$ref": format!("#/definitions/{name}") } }));
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Generated from kong-3.9.facts.json by the tests; UPDATE=1 cargo test rewrites it.",
        "title": "Declarative configuration of Kong Gateway 3.9, open source",
        "type": "object",
        "required": ["_format_version"],
        "additionalProperties": false,
        "properties": properties,
        "definitions": definitions,
    })
}

fn print(schema: &Value) -> String {
    let mut text = String::from("{\n");
    let top = schema.as_object().unwrap();
    for (index, (key, value)) in top.iter().enumerate() {
        let comma = if index + 1 == top.len() { "" } else { "," };
        if key != "definitions" {
            text.push_str(&format!(" {}: {value}{comma}\n", json!(key)));
            continue;
        }
        // One definition a line: changes stay readable.
        text.push_str(" \"definitions\": {\n");
        let all = value.as_object().unwrap();
        for (place, (name, definition)) in all.iter().enumerate() {
            let comma = if place + 1 == all.len() { "" } else { "," };
            text.push_str(&format!("  {}: {definition}{comma}\n", json!(name)));
        }
        text.push_str(&format!(" }}{comma}\n"));
    }
    text.push_str("}\n");
    text
}

#[test]
fn the_kong_schema_is_what_the_facts_say() {
    let path = folder().join("kong-3.9.schema.json");
    let text = print(&generate());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "schemas/kong-3.9.schema.json is not what the facts say; run UPDATE=1 cargo test to rewrite it"
    );
}

#[test]
fn the_kong_schema_accepts_a_plain_document() {
    let validator = jsonschema::validator_for(&generate()).unwrap();
    let document = json!({ "_format_version": "3.0", "services": [{ "name": "users", "url": "http://users:3000", "routes": [
        { "name": "users", "paths": ["~/users(?:/|$)"], "plugins": [{ "name": "rate-limiting", "config": { "minute": 5 } }] }] }] });
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|e| format!("{} at {}", e, e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
