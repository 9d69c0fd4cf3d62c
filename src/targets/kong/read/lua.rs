//! LUA -> TABLES: the literals that generated functions start with, and whether the code after them is what is generated.

use serde_json::{Map, Value};

use super::Tables;

const CODE: [&str; 4] = [
    include_str!("../../../../templates/kong/before.lua"),
    include_str!("../../../../templates/kong/after.lua"),
    include_str!("../../../../templates/kong/answer.lua"),
    include_str!("../../../../templates/kong/body.lua"),
];
/// What stands between the tables and the code where the code needs it, in this order.
const LIBRARIES: [&str; 2] = [
    include_str!("../../../../templates/kong/json.lua"),
    include_str!("../../../../templates/kong/claims.lua"),
];

/// Reads the tables at the head of a function; false where other code follows.
pub(super) fn tables(code: &str, into: &mut Tables) -> Result<bool, String> {
    let mut scan = Scan { rest: code };
    loop {
        scan.blank();
        if let Some(rest) = scan
            .rest
            .strip_prefix(";(function()")
            .or_else(|| scan.rest.strip_prefix("end)()"))
        {
            scan.rest = rest;
        } else if let Some(rest) = scan.rest.strip_prefix("ROUTES[") {
            scan.rest = rest;
            let name = scan.string()?;
            scan.expect("]")?;
            scan.expect("=")?;
            let Value::Object(entry) = scan.value()? else {
                return Err(format!("the entry of `{name}` is no table"));
            };
            into.routes.entry(name).or_default().extend(entry);
        } else if let Some((name, rest)) = declared(scan.rest) {
            scan.rest = rest;
            let value = scan.value()?;
            put(into, name, value);
        } else {
            break;
        }
    }
    let mut rest = scan.rest.trim();
    for library in LIBRARIES {
        rest = rest.strip_prefix(library.trim()).map_or(rest, str::trim);
    }
    Ok(CODE.iter().any(|known| known.trim() == rest))
}

fn declared(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("local ")?;
    [
        "GATEWAY",
        "SCHEMES",
        "CONSUMERS",
        "MEMBERS",
        "PLANS",
        "ROUTES",
    ]
    .into_iter()
    .find_map(|name| {
        let rest = rest.strip_prefix(name)?.strip_prefix(" = ")?;
        Some((name, rest))
    })
}

/// Keeps what the function that runs first says, and remembers where another one says otherwise.
fn put(into: &mut Tables, name: &str, value: Value) {
    let Value::Object(found) = value else {
        if let ("CONSUMERS", Value::Array(items)) = (name, value) {
            if into.consumers.is_empty() {
                into.consumers = items;
            } else if into.consumers != items {
                into.conflicts
                    .push("the consumers that tokens name".to_owned());
            }
        }
        return;
    };
    let known = match name {
        "GATEWAY" => &mut into.gateway,
        "SCHEMES" => &mut into.schemes,
        "MEMBERS" => &mut into.members,
        "PLANS" => &mut into.plans,
        _ => return,
    };
    for (key, value) in found {
        match known.get(&key) {
            None => {
                known.insert(key, value);
            }
            Some(other) if *other == value => {}
            Some(_) => into.conflicts.push(format!("`{key}`")),
        }
    }
}

struct Scan<'t> {
    rest: &'t str,
}

impl Scan<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        self.blank();
        self.rest = self
            .rest
            .strip_prefix(wanted)
            .ok_or_else(|| format!("`{wanted}` is missing"))?;
        Ok(())
    }

    fn accept(&mut self, wanted: &str) -> bool {
        self.blank();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut bytes = Vec::new();
        let mut rest = self.rest.bytes().enumerate();
        while let Some((at, byte)) = rest.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[at + 1..];
                    return String::from_utf8(bytes).map_err(|_| "a text is not UTF-8".to_owned());
                }
                b'\\' => match rest.next() {
                    Some((start, digit)) if digit.is_ascii_digit() => {
                        let digits = self.rest.get(start..start + 3).unwrap_or_default();
                        bytes.push(digits.parse().map_err(|_| "a wrong escape".to_owned())?);
                        rest.next();
                        rest.next();
                    }
                    Some((_, escaped)) => bytes.push(escaped),
                    None => break,
                },
                byte => bytes.push(byte),
            }
        }
        Err("a text does not end".to_owned())
    }

    fn word(&mut self) -> &str {
        self.blank();
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "_.-+".contains(c)));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn value(&mut self) -> Result<Value, String> {
        self.blank();
        if self.rest.starts_with('"') {
            return self.string().map(Value::String);
        }
        if self.accept("{") {
            return self.table();
        }
        match self.word() {
            "nil" => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            number => serde_json::from_str(number).map_err(|_| format!("`{number}` is no value")),
        }
    }

    fn table(&mut self) -> Result<Value, String> {
        let (mut items, mut members) = (Vec::new(), Map::new());
        while !self.accept("}") {
            self.blank();
            let key = if self.accept("[") {
                let key = self.string()?;
                self.expect("]")?;
                Some(key)
            } else {
                let before = self.rest;
                let word = self.word().to_owned();
                let is_key = !word.is_empty()
                    && !self.rest.trim_start().starts_with("==")
                    && self.rest.trim_start().starts_with('=');
                if !is_key {
                    self.rest = before;
                }
                is_key.then_some(word)
            };
            match key {
                Some(key) => {
                    self.expect("=")?;
                    let value = self.value()?;
                    members.insert(key, value);
                }
                None => items.push(self.value()?),
            }
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        match (items.is_empty(), members.is_empty()) {
            (false, true) => Ok(Value::Array(items)),
            (true, _) => Ok(Value::Object(members)),
            (false, false) => Err("a table is both a list and a map".to_owned()),
        }
    }
}
