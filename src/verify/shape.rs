//! The body that a service's echo answers with: one that every gather part can take its value from.

use serde_json::{Map, Value, json};

use crate::ir::{Action, Gateway, Keep};

/// A JSON body for a service that has what the gathers look for in it.
#[must_use]
pub fn body(gateway: &Gateway, service: &str) -> String {
    let mut root = json!({ "service": service });
    for route in &gateway.routes {
        let Action::Gather(gather) = &route.action else {
            continue;
        };
        for part in gather.parts.iter().filter(|part| part.service == service) {
            match &part.keep {
                Keep::Whole => {}
                Keep::Pick(at) => put(&mut root, at, json!("picked")),
                Keep::Count(at) => put(&mut root, at, json!([1, 2, 3])),
            }
        }
    }
    root.to_string()
}

/// Sets the value at a JSON Pointer, making objects on the way.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[step];
    }
    *at = value;
}
