//! Kong's cross-field rules and Lua patterns -> JSON Schema.

use serde_json::{Value, json};

/// A Lua pattern as a JSON Schema pattern; every pattern of the facts is listed, a new one fails the test.
pub fn regex(lua: &str) -> &'static str {
    match lua {
        "%.%*$" => "\\.\\*$",
        "%w*%p*@+%w*%.?%w*" => "@",
        "//" => "//",
        "^%*%." => "^\\*\\.",
        "^%u+$" => "^[A-Z]+$",
        "^.*[^:]$" => "[^:]$",
        "^/" => "^/",
        "^~/" => "^~/",
        "^[0-9]+-[0-9]+$" => "^[0-9]+-[0-9]+$",
        "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Ll][Ee][nn][Gg][Tt][Hh]$" => {
            "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]$"
        }
        "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Tt][Yy][Pp][Ee]$" => {
            "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Tt][Yy][Pp][Ee]$"
        }
        "^[Hh][Oo][Ss][Tt]$" => "^[Hh][Oo][Ss][Tt]$",
        "^[^*&%%\\`]+$" => "^[^*&%\\\\`]+$",
        "^[^*]*$" => "^[^*]*$",
        "^[^*]*%*?[^*]*$" => "^[^*]*\\*?[^*]*$",
        "^[^:]+:.*$" => "^[^:]+:",
        "^[a-z][a-z%d-]-[a-z%d]+$" => "^[a-z][a-z0-9-]*[a-z0-9]$",
        "^consumer$" => "^consumer$",
        "^cookie$" => "^cookie$",
        "^header$" => "^header$",
        "^ip$" => "^ip$",
        "^none$" => "^none$",
        "^path$" => "^path$",
        "^query_arg$" => "^query_arg$",
        "^uri_capture$" => "^uri_capture$",
        "^RS256$" => "^RS256$",
        "^RS384$" => "^RS384$",
        "^RS512$" => "^RS512$",
        "^PS256$" => "^PS256$",
        "^PS384$" => "^PS384$",
        "^PS512$" => "^PS512$",
        "^EdDSA$" => "^EdDSA$",
        other => panic!("no regular expression for the Lua pattern {other}"),
    }
}

pub fn patterns(value: &Value) -> Vec<&'static str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|p| regex(p.get("pattern").unwrap_or(p).as_str().unwrap()))
        .collect()
}

/// `inner` holds for the field at the dotted `path`, which must be there.
pub fn at(path: &str, inner: Value) -> Value {
    path.rsplit('.').fold(
        inner,
        |schema, step| json!({ "required": [step], "properties": { step: schema } }),
    )
}

/// As [`at`], or the field is missing.
pub fn at_if_present(path: &str, inner: Value) -> Value {
    path.rsplit('.').fold(
        inner,
        |schema, step| json!({ "properties": { step: schema } }),
    )
}

pub fn present(path: &str) -> Value {
    at(path, json!({ "not": { "type": "null" } }))
}

/// Kong counts an empty list as missing.
pub fn filled(path: &str) -> Value {
    at(path, json!({ "not": { "enum": [null, [], {}] } }))
}

pub fn paths(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p.as_str().unwrap())
        .collect()
}

/// A cross-field rule. `None` for those that Kong writes in Lua; the ones that matter are in [`own_rules`].
pub fn rule(check: &Value) -> Option<Value> {
    let (kind, body) = check.as_object()?.iter().next()?;
    match kind.as_str() {
        "at_least_one_of" => {
            Some(json!({ "anyOf": paths(body).into_iter().map(filled).collect::<Vec<_>>() }))
        }
        "only_one_of" => {
            let names = paths(body);
            let both: Vec<Value> = names.iter().map(|name| filled(name)).collect();
            Some(json!({ "not": { "allOf": both } }))
        }
        "mutually_required" => {
            let names = paths(body);
            let all: Vec<Value> = names.iter().map(|name| present(name)).collect();
            let none: Vec<Value> = all.iter().map(|one| json!({ "not": one })).collect();
            Some(json!({ "anyOf": [{ "allOf": all }, { "allOf": none }] }))
        }
        "conditional" => conditional(body),
        "custom_entity_check"
        | "conditional_at_least_one_of"
        | "distinct"
        | "mutually_exclusive" => None,
        other => panic!("unknown rule {other}"),
    }
}

pub fn conditional(body: &Value) -> Option<Value> {
    let (when, then) = (&body["if_match"], &body["then_match"]);
    let field = body["if_field"].as_str()?;
    let condition = if let Some(value) = when.get("eq") {
        at(field, json!({ "const": value }))
    } else if let Some(values) = when.get("one_of") {
        at(field, json!({ "enum": values }))
    } else if let Some(values) = when.get("not_one_of") {
        at(field, json!({ "not": { "enum": values } }))
    } else if let Some(pattern) = when.get("match") {
        at(
            field,
            json!({ "type": "string", "pattern": regex(pattern.as_str()?) }),
        )
    } else if let Some(any) = when.get("match_any") {
        let any: Vec<Value> = patterns(&any["patterns"])
            .into_iter()
            .map(|p| json!({ "pattern": p }))
            .collect();
        at(field, json!({ "type": "string", "anyOf": any }))
    } else if let Some(bound) = when.get("gt") {
        at(
            field,
            json!({ "type": "number", "exclusiveMinimum": bound }),
        )
    } else if let Some(elements) = when.get("elements") {
        at(
            field,
            json!({ "type": "array", "items": { "not": { "enum": elements["not_one_of"] } } }),
        )
    } else {
        panic!("unknown condition {when}")
    };
    let target = body["then_field"].as_str()?;
    let consequence = if then.get("required").is_some() {
        // A default satisfies it.
        if [
            "config.redis.port",
            "config.redis.timeout",
            "config.storage_config.redis.port",
        ]
        .contains(&target)
        {
            return None;
        }
        // The flat spelling is still read (until 4.0).
        if target == "config.redis.host" {
            json!({ "anyOf": [present(target), present("config.redis_host")] })
        } else {
            present(target)
        }
    } else if let Some(value) = then.get("eq") {
        if value.is_null() {
            json!({ "not": present(target) })
        } else {
            at_if_present(target, json!({ "const": value }))
        }
    } else if let Some(values) = then.get("one_of") {
        let mut values = values.as_array()?.clone();
        values.push(Value::Null);
        at_if_present(target, json!({ "enum": values }))
    } else if let Some(value) = then.get("contains") {
        at_if_present(target, json!({ "contains": { "const": value } }))
    } else if then.get("len_eq").is_some() {
        json!({ "not": filled(target) })
    } else {
        panic!("unknown consequence {then}")
    };
    Some(json!({ "if": condition, "then": consequence }))
}

/// Rules that Kong writes in Lua, from the facts page.
pub fn own_rules(plugin: &str) -> Vec<Value> {
    let windows = ["second", "minute", "hour", "day", "month", "year"];
    match plugin {
        "request-termination" => vec![
            json!({ "not": { "allOf": [present("config.message"), { "anyOf": [present("config.body"), present("config.content_type")] }] } }),
            json!({ "if": present("config.content_type"), "then": present("config.body") }),
        ],
        "rate-limiting" => vec![
            json!({ "anyOf": windows.iter().map(|w| present(&format!("config.{w}"))).collect::<Vec<_>>() }),
            json!({ "if": at("config.limit_by", json!({ "const": "header" })), "then": present("config.header_name") }),
            json!({ "if": at("config.limit_by", json!({ "const": "path" })), "then": present("config.path") }),
        ],
        _ => Vec::new(),
    }
}

/// A value or nothing.
pub fn nullable(mut schema: Value) -> Value {
    let Some(kind) = schema
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned)
    else {
        return schema;
    };
    schema["type"] = json!([kind, "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}
