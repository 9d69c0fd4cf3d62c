//! Raw fragments of a spec, opened: plugins, directives and trees, each with its place, for the rules that read them.

use serde_json::Value;

use super::Context;
use crate::report::Place;
use crate::source::{Pointer, Span};
use crate::targets::nginx::document::{Body, Directive, Item};
use crate::targets::nginx::parse;

/// A plugin in raw Kong configuration.
pub struct Plugin<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its settings; null where there are none.
    pub config: &'a Value,
    /// Its entry in the list.
    pub pointer: Pointer,
}

impl Plugin<'_> {
    /// The name's place.
    pub fn place(&self) -> Place {
        Place::value(self.pointer.key("name"))
    }
}

/// Calls `each` with every plugin.
pub fn plugins(context: &Context<'_>, mut each: impl FnMut(&Plugin<'_>)) {
    for (value, pointer) in trees(context, "kong") {
        let list = value.get("plugins").and_then(Value::as_array);
        for (n, plugin) in list.into_iter().flatten().enumerate() {
            let Some(name) = plugin.get("name").and_then(Value::as_str) else {
                continue;
            };
            each(&Plugin {
                name,
                config: plugin.get("config").unwrap_or(&Value::Null),
                pointer: pointer.key("plugins").index(n),
            });
        }
    }
}

/// Calls `each` with every directive of raw nginx text, outer ones first, and its place. Text that does not
/// parse is the target's to refuse.
pub fn directives(context: &Context<'_>, mut each: impl FnMut(&Directive, Place)) {
    for (text, pointer) in texts(context) {
        if let Ok(items) = parse::parse(text) {
            walk_items(&items, &mut |directive| {
                each(directive, inside(context, &pointer, text, directive));
            });
        }
    }
}

fn walk_items(items: &[Item], each: &mut impl FnMut(&Directive)) {
    for item in items {
        if let Item::Directive(directive) = item {
            each(directive);
            if let Body::Block(items) = &directive.body {
                walk_items(items, each);
            }
        }
    }
}

/// The directive's own bytes where the text stands in the spec as it is, else the whole value.
fn inside(context: &Context<'_>, pointer: &Pointer, text: &str, directive: &Directive) -> Place {
    let whole = Place::value(pointer.clone());
    let found = || {
        let span = context.document.locate(&whole)?;
        let written = context.document.sources().slice(span);
        // Quotes, or nothing, before a text without escapes; indented block text is not found and stays whole.
        let start = written.find(text)?;
        let head = text
            .get(directive.place.clone())?
            .lines()
            .next()?
            .trim_end();
        let from = span.start + u32::try_from(start + directive.place.start).ok()?;
        Some(Place::Text {
            pointer: pointer.clone(),
            span: Span {
                start: from,
                end: from + u32::try_from(head.len()).ok()?,
                ..span
            },
        })
    };
    found().unwrap_or(whole)
}

/// Calls `each` with every member of every map in raw AWS trees: its key, its value and its place.
pub fn members(context: &Context<'_>, mut each: impl FnMut(&str, &Value, &Pointer)) {
    for (value, pointer) in trees(context, "aws") {
        walk(value, &pointer, &mut each);
    }
}

fn walk(value: &Value, pointer: &Pointer, each: &mut impl FnMut(&str, &Value, &Pointer)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let pointer = pointer.key(key);
                each(key, value, &pointer);
                walk(value, &pointer, each);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                walk(item, &pointer.index(n), each);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every raw fragment's place with its target, for rules that only ask whether there is one.
pub fn places(context: &Context<'_>) -> Vec<(&'static str, Pointer)> {
    let kong = trees(context, "kong").into_iter();
    let aws = trees(context, "aws").into_iter();
    let nginx = texts(context).into_iter();
    kong.map(|(_, pointer)| ("kong", pointer))
        .chain(aws.map(|(_, pointer)| ("aws", pointer)))
        .chain(nginx.map(|(_, pointer)| ("nginx", pointer)))
        .collect()
}

/// Raw JSON for `target`: of the target as a whole, of services and of routes.
fn trees<'a>(context: &Context<'a>, target: &str) -> Vec<(&'a Value, Pointer)> {
    let settings = &context.spec.targets;
    let of_target = match target {
        "kong" => settings.kong.as_ref().and_then(|kong| kong.raw.as_ref()),
        _ => settings.aws.as_ref().and_then(|aws| aws.raw.as_ref()),
    };
    let at = Pointer::root().key("targets").key(target).key("raw");
    let mut found: Vec<(&Value, Pointer)> = of_target.map(|raw| (raw, at)).into_iter().collect();
    for raw in raws(context) {
        let value = match target {
            "kong" => raw.value.kong.as_ref(),
            _ => raw.value.aws.as_ref(),
        };
        found.extend(value.map(|value| (value, raw.pointer.key(target))));
    }
    found
}

fn texts<'a>(context: &Context<'a>) -> Vec<(&'a str, Pointer)> {
    let settings = context.spec.targets.nginx.as_ref();
    let at = Pointer::root().key("targets").key("nginx").key("raw");
    let of_target = settings.and_then(|nginx| nginx.raw.as_deref());
    let mut found: Vec<(&str, Pointer)> = of_target.map(|raw| (raw, at)).into_iter().collect();
    for raw in raws(context) {
        let text = raw.value.nginx.as_deref();
        found.extend(text.map(|text| (text, raw.pointer.key("nginx"))));
    }
    found
}

fn raws<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a crate::ir::Sourced<crate::ir::Raw>> {
    let gateway = context.gateway;
    let services = gateway
        .services
        .values()
        .filter_map(|service| service.raw.as_ref());
    let routes = gateway.routes.iter().filter_map(|route| route.raw.as_ref());
    services.chain(routes)
}
