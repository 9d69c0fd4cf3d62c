//! Header rules and rewrites -> the transformers' words.

use serde_json::{Map, Value, json};

use super::super::document::Plugin;
use crate::ir::{HeaderRules, Pattern, Rewrite, RewritePiece, Segment};

/// The response-transformer: `replace` sets what the service sent, `add` what it did not (it looks at the headers as they came, so
/// a removed one would not be added again).
#[must_use]
pub fn response(rules: &HeaderRules) -> Option<Plugin> {
    if rules.is_empty() {
        return None;
    }
    let set: Vec<String> = rules
        .set
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    let removed: Vec<&String> = rules
        .remove
        .iter()
        .filter(|name| !rules.set.keys().any(|set| set.eq_ignore_ascii_case(name)))
        .collect();
    let mut config = Map::new();
    if !removed.is_empty() {
        config.insert("remove".into(), json!({ "headers": removed }));
    }
    if !set.is_empty() {
        config.insert("replace".into(), json!({ "headers": set }));
        config.insert("add".into(), json!({ "headers": set }));
    }
    Some(Plugin::new("response-transformer", Value::Object(config)))
}

/// What request-transformer does of a route: headers out and in, the path sent.
#[derive(Clone, Debug, Default)]
pub struct RequestChanges {
    /// Headers removed from what the client sent.
    pub remove: Vec<String>,
    /// Headers set.
    pub set: Vec<(String, String)>,
    /// Query parameters removed.
    pub query: Vec<String>,
    /// The path sent, as a template.
    pub path: Option<String>,
}

impl RequestChanges {
    /// The plugin, where there is something to do.
    #[must_use]
    pub fn plugin(&self) -> Option<Plugin> {
        let mut config = Map::new();
        let mut remove = Map::new();
        if !self.remove.is_empty() || !self.set.is_empty() {
            let names: Vec<&String> = self
                .remove
                .iter()
                .chain(self.set.iter().map(|(name, _)| name))
                .collect();
            remove.insert("headers".into(), json!(names));
        }
        if !self.query.is_empty() {
            remove.insert("querystring".into(), json!(self.query));
        }
        if !remove.is_empty() {
            config.insert("remove".into(), Value::Object(remove));
        }
        if !self.set.is_empty() {
            let set: Vec<String> = self
                .set
                .iter()
                .map(|(name, value)| format!("{name}:{value}"))
                .collect();
            config.insert("add".into(), json!({ "headers": set }));
        }
        if let Some(path) = &self.path {
            config.insert("replace".into(), json!({ "uri": path }));
        }
        (!config.is_empty()).then(|| Plugin::new("request-transformer", Value::Object(config)))
    }
}

/// A value that request-transformer would run as a template.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains("$(")
}

/// Whether removing what matched is all that a rewrite does: Kong's `strip_path` of a prefix.
#[must_use]
pub fn strips_prefix(pattern: &Pattern, rewrite: &Rewrite) -> bool {
    let literal = pattern
        .segments
        .iter()
        .all(|segment| matches!(segment, Segment::Literal(_)));
    pattern.rest
        && literal
        && !pattern.segments.is_empty()
        && rewrite.rest
        && rewrite.segments.is_empty()
}

/// The path sent, base path first, as a template over the captures of [`super::super::paths::regex`].
#[must_use]
pub fn path_template(base: &str, pattern: &Pattern, rewrite: &Rewrite) -> String {
    let mut path = literal(base);
    for piece in &rewrite.segments {
        path.push('/');
        match piece {
            RewritePiece::Literal(text) => path.push_str(&literal(text)),
            RewritePiece::Param(name) => {
                let place = pattern
                    .segments
                    .iter()
                    .position(|segment| matches!(segment, Segment::Param(param) if param == name));
                path.push_str(&format!("$(uri_captures.p{})", place.unwrap_or_default()));
            }
        }
    }
    if rewrite.rest && pattern.segments.is_empty() {
        path.push_str("/$(uri_captures.tail or '')");
    } else if rewrite.rest {
        let fallback = if path.is_empty() { "'/'" } else { "''" };
        path.push_str(&format!(
            "$(uri_captures.rest ~= '' and uri_captures.rest or {fallback})"
        ));
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

/// `$` before a parenthesis would start a template.
fn literal(text: &str) -> String {
    text.replace("$(", "%24(")
}
