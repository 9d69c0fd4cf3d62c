//! Engine-native plugins: taken in as they are, after Kong's schema has seen them.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::document::Plugin;
use crate::spec;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../schemas/kong-3.9.schema.json"))
        .unwrap_or(Value::Null)
});

static PLUGIN: LazyLock<Option<jsonschema::Validator>> = LazyLock::new(|| {
    let definitions = SCHEMA.get("definitions")?;
    jsonschema::validator_for(
        &json!({ "$ref": "#/definitions/plugins", "definitions": definitions }),
    )
    .ok()
});

static DOCUMENT: LazyLock<Option<jsonschema::Validator>> =
    LazyLock::new(|| jsonschema::validator_for(&SCHEMA).ok());

/// The plugins of a raw fragment; [`faults`] has seen that they are some.
#[must_use]
pub fn plugins(raw: Option<&Value>) -> Vec<Plugin> {
    let list = raw
        .and_then(|raw| raw.get("plugins"))
        .and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|plugin| serde_json::from_value(plugin.clone()).ok())
        .collect()
}

/// Whether `targets.kong.raw` has a plugin of this name.
#[must_use]
pub fn is_global(settings: &spec::Targets, name: &str) -> bool {
    plugins(settings.kong.as_ref().and_then(|kong| kong.raw.as_ref()))
        .iter()
        .any(|plugin| plugin.name == name)
}

/// Where a raw fragment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On every request.
    Global,
    /// On a service.
    Service,
    /// On a route.
    Route,
}

/// Plugins whose generated instance a raw one of the same name would switch off, and with it a check.
const OWN: [&str; 10] = [
    "pre-function",
    "post-function",
    "jwt",
    "key-auth",
    "basic-auth",
    "acl",
    "ip-restriction",
    "request-size-limiting",
    "rate-limiting",
    "request-transformer",
];

/// What is wrong with a raw fragment: a message, and the index of the plugin where it is about one.
#[must_use]
pub fn faults(raw: &Value, place: Place, functions: bool) -> Vec<(Option<usize>, String)> {
    let mut faults = Vec::new();
    let Some(map) = raw.as_object() else {
        return vec![(None, "a map with `plugins` is needed".to_owned())];
    };
    for key in map.keys().filter(|key| *key != "plugins") {
        faults.push((
            None,
            format!("`{key}` is not something Kong can be given here, only `plugins`"),
        ));
    }
    let Some(list) = map.get("plugins").and_then(Value::as_array) else {
        faults.push((None, "`plugins` is to be a list".to_owned()));
        return faults;
    };
    let mut seen: Vec<&str> = Vec::new();
    for (index, plugin) in list.iter().enumerate() {
        let name = plugin
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        faults.extend(
            plugin_faults(plugin)
                .into_iter()
                .map(|fault| (Some(index), fault)),
        );
        for scope in ["service", "route", "consumer"] {
            if plugin.get(scope).is_some() {
                faults.push((
                    Some(index),
                    format!("`{scope}` is given by the place the plugin stands in"),
                ));
            }
        }
        if seen.contains(&name) {
            faults.push((Some(index), format!("Kong runs one `{name}` on a scope")));
        }
        seen.push(name);
        let function = name == "pre-function" || name == "post-function";
        if OWN.contains(&name) && (function && functions || !function && place != Place::Global) {
            faults.push((
                Some(index),
                format!("a `{name}` of its own would switch off the one that is generated here"),
            ));
        }
    }
    faults
}

fn plugin_faults(plugin: &Value) -> Vec<String> {
    PLUGIN
        .as_ref()
        .map(|validator| messages(validator, plugin))
        .unwrap_or_default()
}

/// What Kong's schema says against a whole document.
#[must_use]
pub fn document_faults(document: &Value) -> Vec<String> {
    DOCUMENT
        .as_ref()
        .map(|validator| messages(validator, document))
        .unwrap_or_default()
}

fn messages(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let text = |error: jsonschema::ValidationError<'_>| {
        let at = error.instance_path().to_string();
        // Values may be secrets; the place says enough.
        let message = error.masked().to_string();
        if at.is_empty() {
            message
        } else {
            format!("`{at}`: {message}")
        }
    };
    validator.iter_errors(value).take(10).map(text).collect()
}
