//! Cross-origin rules -> the cors plugin, or a function where the routes of one path differ.

use serde_json::{Map, Value, json};

use super::super::document::Plugin;
use crate::ir::{Cors, Gateway, Origins, Slot};

/// Methods the plugin knows; others cannot be allowed.
pub const METHODS: [&str; 9] = [
    "GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// The plugin for one set of rules.
#[must_use]
pub fn plugin(cors: &Cors) -> Plugin {
    let mut config = Map::new();
    config.insert("origins".into(), json!(origins(&cors.origins)));
    let methods: Vec<&String> = cors
        .methods
        .iter()
        .filter(|method| METHODS.contains(&method.as_str()))
        .collect();
    config.insert("methods".into(), json!(methods));
    // With no list the plugin allows whatever is asked for; every browser sends `Accept` anyway.
    let headers = if cors.headers.is_empty() {
        json!(["Accept"])
    } else {
        json!(cors.headers)
    };
    config.insert("headers".into(), headers);
    if !cors.expose.is_empty() {
        config.insert("exposed_headers".into(), json!(cors.expose));
    }
    config.insert("credentials".into(), json!(cors.credentials));
    if let Some(max_age) = cors.max_age {
        config.insert("max_age".into(), json!(max_age.0 / 1000));
    }
    Plugin::new("cors", Value::Object(config))
}

fn origins(origins: &Origins) -> Vec<String> {
    match origins {
        Origins::All => vec!["*".to_owned()],
        // The plugin sends a lone origin to everybody; of a list it sends the one that asked.
        Origins::List(list) if list.len() == 1 => [list.as_slice(), list.as_slice()].concat(),
        Origins::List(list) => list.clone(),
    }
}

/// The rules that all routes of a path share; `None` where they differ.
#[must_use]
pub fn shared<'g>(gateway: &'g Gateway, slot: &Slot) -> Option<Option<&'g Cors>> {
    let mut rules = slot
        .routes
        .iter()
        .map(|id| gateway.routes[id.0].cors.as_ref().map(|cors| &cors.value));
    let first = rules.next()?;
    rules.all(|other| other == first).then_some(first)
}

/// The answers to preflights by the method they ask for, as a function reads them; `*` is every other method.
#[must_use]
pub fn preflights(gateway: &Gateway, slot: &Slot) -> Value {
    let mut table = Map::new();
    let rule =
        |id: &crate::ir::RouteId| gateway.routes[id.0].cors.as_ref().map(|cors| answer(cors));
    for (method, id) in &slot.methods {
        if let Some(rule) = rule(id) {
            if method == "GET" {
                table.entry("HEAD").or_insert_with(|| rule.clone());
            }
            table.insert(method.clone(), rule);
        }
    }
    if let Some(rule) = slot.any.as_ref().and_then(rule) {
        table.insert("*".into(), rule);
    }
    Value::Object(table)
}

fn answer(cors: &Cors) -> Value {
    let origins: &[String] = match &cors.origins {
        Origins::All => &[],
        Origins::List(list) => list,
    };
    json!({
        "every": cors.origins == Origins::All,
        "origins": origins,
        "methods": cors.methods.join(","),
        "headers": (!cors.headers.is_empty()).then(|| cors.headers.join(",")),
        "credentials": cors.credentials.then_some("true"),
        "max_age": cors.max_age.map(|age| age.0 / 1000),
    })
}
