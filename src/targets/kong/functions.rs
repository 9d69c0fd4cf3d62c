//! What no plugin can check -> Lua: tables of what each route asks for, and the code that reads them.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::document::Plugin;

const JSON: &str = include_str!("../../../templates/kong/json.lua");
const CLAIMS: &str = include_str!("../../../templates/kong/claims.lua");
const BEFORE: &str = include_str!("../../../templates/kong/before.lua");
const AFTER: &str = include_str!("../../../templates/kong/after.lua");
const ANSWER: &str = include_str!("../../../templates/kong/answer.lua");
const BODY: &str = include_str!("../../../templates/kong/body.lua");

/// The request header that carries whose bucket a request takes from, from the first function to the rate-limiting plugin.
pub const BUCKET_HEADER: &str = "X-Gateway-Bucket";

/// What the functions know.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Of the gateway as a whole.
    pub gateway: Map<String, Value>,
    /// Token schemes by name.
    pub schemes: Map<String, Value>,
    /// Consumers that a claim names, in order.
    pub consumers: Vec<Value>,
    /// Consumers by their user name in the file.
    pub members: Map<String, Value>,
    /// Limits of plans that functions count.
    pub plans: Map<String, Value>,
    /// What each route of the file asks for, by its name.
    pub routes: IndexMap<String, Map<String, Value>>,
}

/// Keys of a route's entry that each function reads.
const BEFORE_KEYS: &[&str] = &[
    "schemes",
    "basic",
    "key_headers",
    "key_queries",
    "bucket",
    "guard",
    "preflight",
    "max_body",
];
const AFTER_KEYS: &[&str] = &[
    "strip",
    "key_queries",
    "set",
    "websocket",
    "limits",
    "scopes",
    "groups",
    "needs_token",
    "respond",
];
const ANSWER_KEYS: &[&str] = &["cors", "challenge", "fixed"];

impl Tables {
    /// The route's entry, made when there is none.
    pub fn route(&mut self, name: &str) -> &mut Map<String, Value> {
        self.routes.entry(name.to_owned()).or_default()
    }

    /// The two plugins that carry the functions.
    #[must_use]
    pub fn plugins(&self) -> Vec<Plugin> {
        let before = format!(
            "{}{}{}{}{JSON}\n{CLAIMS}\n{BEFORE}",
            self.table("GATEWAY"),
            self.table("SCHEMES"),
            self.table("CONSUMERS"),
            self.entries(BEFORE_KEYS)
        );
        let after = format!(
            "{}{}{}{}{}{}{CLAIMS}\n{AFTER}",
            self.table("GATEWAY"),
            self.table("SCHEMES"),
            self.table("CONSUMERS"),
            self.table("MEMBERS"),
            self.table("PLANS"),
            self.entries(AFTER_KEYS)
        );
        let answer = format!(
            "{}{}{ANSWER}",
            self.table("GATEWAY"),
            self.entries(ANSWER_KEYS)
        );
        vec![
            Plugin::new("pre-function", json!({ "access": [before] })),
            Plugin::new(
                "post-function",
                json!({ "access": [after], "header_filter": [answer], "body_filter": [BODY] }),
            ),
        ]
    }

    fn table(&self, name: &str) -> String {
        let value = match name {
            "GATEWAY" => Value::Object(self.gateway.clone()),
            "SCHEMES" => Value::Object(self.schemes.clone()),
            "CONSUMERS" => Value::Array(self.consumers.clone()),
            "MEMBERS" => Value::Object(self.members.clone()),
            _ => Value::Object(self.plans.clone()),
        };
        format!("local {name} = {}\n", lua(&value))
    }

    /// Routes whose entries have one of these keys. A thousand at a time: a function of LuaJIT
    /// holds no more than 65536 constants.
    fn entries(&self, keys: &[&str]) -> String {
        let kept = |entry: &Map<String, Value>| -> Map<String, Value> {
            entry
                .iter()
                .filter(|(key, _)| keys.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        let lines: Vec<String> = self
            .routes
            .iter()
            .map(|(name, entry)| (name, kept(entry)))
            .filter(|(_, entry)| !entry.is_empty())
            .map(|(name, entry)| {
                format!(
                    "ROUTES[{}] = {}\n",
                    quoted(name),
                    lua(&Value::Object(entry))
                )
            })
            .collect();
        let mut text = String::from("local ROUTES = {}\n");
        for (index, chunk) in lines.chunks(1000).enumerate() {
            let chunk = chunk.concat();
            text.push_str(&if index == 0 {
                chunk
            } else {
                format!(";(function()\n{chunk}end)()\n")
            });
        }
        text
    }
}

/// A value as a Lua literal. Lists and maps become tables, `null` becomes `nil`.
#[must_use]
pub fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!(
            "{{ {} }}",
            items.iter().map(lua).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let members: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{} = {}", member(key), lua(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn member(key: &str) -> String {
    const WORDS: &[&str] = &[
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
    ];
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !WORDS.contains(&key);
    if plain {
        key.to_owned()
    } else {
        format!("[{}]", quoted(key))
    }
}

/// A text as a Lua string: every byte outside printable ASCII as a number, so nothing of it can end the string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            0x20..=0x7e => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\{byte:03}")),
        }
    }
    out.push('"');
    out
}
