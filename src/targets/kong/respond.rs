//! Fixed answers -> request-termination, or the last function where the answer depends on the request.

use serde_json::{Map, Value, json};

use super::document::Plugin;
use crate::ir::{Pattern, Piece, Respond, Segment};

/// Statuses to which request-termination adds a message of its own where no body is given.
const OWN_MESSAGE: [u16; 6] = [401, 404, 405, 500, 502, 503];

/// Whether no setting of the plugin says this.
#[must_use]
pub fn needs_function(response: &Respond) -> bool {
    let moving = response
        .location
        .iter()
        .flatten()
        .any(|piece| !matches!(piece, Piece::Text(_)));
    let empty = response.body.as_ref().is_none_or(String::is_empty);
    moving || (empty && OWN_MESSAGE.contains(&response.status))
}

/// The plugin that gives the answer; its headers come from [`headers`].
#[must_use]
pub fn plugin(response: &Respond) -> Plugin {
    let mut config = Map::new();
    config.insert("status_code".into(), json!(response.status));
    if let Some(body) = response.body.as_ref().filter(|body| !body.is_empty()) {
        config.insert("content_type".into(), json!(content_type(response)));
        config.insert("body".into(), json!(body));
    }
    Plugin::new("request-termination", Value::Object(config))
}

/// The answer's content type: as written, else JSON where the body is, else plain text.
fn content_type(response: &Respond) -> String {
    let written = response
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((_, value)) = written {
        return value.clone();
    }
    let body = response.body.as_deref().unwrap_or_default();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
    if is_json {
        "application/json".into()
    } else {
        "text/plain; charset=utf-8".into()
    }
}

/// The answer's headers without its content type.
pub fn headers(response: &Respond) -> impl Iterator<Item = (String, String)> + '_ {
    let text = |pieces: &Vec<Piece>| {
        let texts = pieces.iter().map(|piece| {
            if let Piece::Text(text) = piece {
                text.as_str()
            } else {
                ""
            }
        });
        ("Location".to_owned(), texts.collect::<String>())
    };
    let others = response
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    response
        .location
        .iter()
        .map(text)
        .chain(others.map(|(name, value)| (name.clone(), value.clone())))
}

/// The answer as the last function reads it.
#[must_use]
pub fn table(pattern: &Pattern, response: &Respond) -> Value {
    let mut headers: Map<String, Value> = response
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let has_type = headers
        .keys()
        .any(|name| name.eq_ignore_ascii_case("content-type"));
    if response.body.is_some() && !has_type {
        headers.insert("Content-Type".into(), json!(content_type(response)));
    }
    let place = |name: &str| {
        let found = pattern
            .segments
            .iter()
            .position(|segment| matches!(segment, Segment::Param(param) if param == name));
        found.unwrap_or_default() + 1
    };
    let location = response.location.as_ref().map(|pieces| {
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => json!({ "text": text }),
            Piece::Path => json!({ "path": true }),
            Piece::Query => json!({ "query": true }),
            Piece::Param(name) => json!({ "param": place(name) }),
            Piece::Claim(claim) => json!({ "claim": claim }),
        });
        pieces.collect::<Vec<Value>>()
    });
    json!({ "status": response.status, "body": response.body, "headers": headers, "location": location })
}
