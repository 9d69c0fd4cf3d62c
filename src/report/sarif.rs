//! Report -> SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>), for code scanning.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Code, Diagnostic, Fix, Locator, Loss, LossKind, Place, Report, Severity};
use crate::source::Span;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    justification: String,
}

/// The log as text, indented, with a line end.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>) -> String {
    let mut rules = Rules::default();
    let mut results = Vec::new();
    for found in &report.diagnostics {
        results.push(result(&mut rules, found, locator, Vec::new()));
    }
    for silenced in &report.suppressed {
        let kind = if silenced.in_source {
            "inSource"
        } else {
            "external"
        };
        let suppression = Suppression {
            kind,
            justification: silenced.reason.clone(),
        };
        results.push(result(
            &mut rules,
            &silenced.diagnostic,
            locator,
            vec![suppression],
        ));
    }
    for loss in &report.losses {
        results.push(lost(&mut rules, loss, locator));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "gateway-gen",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.0,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// The rules of a log, each once, by their number.
#[derive(Default)]
struct Rules(Vec<Rule>);

impl Rules {
    fn of(&mut self, id: &str, name: &str, page: &str) -> usize {
        if let Some(at) = self.0.iter().position(|rule| rule.id == id) {
            return at;
        }
        let title = page
            .lines()
            .next()
            .unwrap_or(name)
            .trim_start_matches('#')
            .trim();
        let help = (!page.is_empty()).then(|| Help {
            text: page.to_owned(),
            markdown: page.to_owned(),
        });
        self.0.push(Rule {
            id: id.to_owned(),
            name: name.to_owned(),
            short_description: Text {
                text: title.to_owned(),
            },
            help,
        });
        self.0.len() - 1
    }
}

fn result(
    rules: &mut Rules,
    found: &Diagnostic,
    locator: &Locator<'_>,
    suppressions: Vec<Suppression>,
) -> Found {
    let Code { id, name, page } = found.code;
    let message = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let related = found.related.iter().filter_map(|related| {
        let mut location = location(&related.place, locator)?;
        location["message"] = json!({ "text": related.label });
        Some(location)
    });
    Found {
        rule_id: id.to_owned(),
        rule_index: rules.of(id, name, page),
        level: match found.severity {
            Severity::Error => "error",
            Severity::Warn => "warning",
            Severity::Info => "note",
        },
        message: Text { text: message },
        locations: location(&found.place, locator).into_iter().collect(),
        related_locations: related.collect(),
        fixes: found.fix.iter().map(|fix| mend(fix, locator)).collect(),
        suppressions,
    }
}

fn lost(rules: &mut Rules, loss: &Loss, locator: &Locator<'_>) -> Found {
    let id = format!("{}/{}", loss.target, loss.id);
    let suppression = Suppression {
        kind: "external",
        justification: loss.reason.clone().unwrap_or_default(),
    };
    Found {
        rule_index: rules.of(&id, loss.id, ""),
        rule_id: id,
        level: if loss.kind == LossKind::Unsupported {
            "error"
        } else {
            "warning"
        },
        message: Text {
            text: loss.message.clone(),
        },
        locations: location(&Place::key(loss.pointer.clone()), locator)
            .into_iter()
            .collect(),
        related_locations: Vec::new(),
        fixes: Vec::new(),
        suppressions: if loss.allowed {
            vec![suppression]
        } else {
            Vec::new()
        },
    }
}

fn location(place: &Place, locator: &Locator<'_>) -> Option<Value> {
    let span = locator.locate(place)?;
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(locator.file(span)) },
        "region": region(span, locator),
    } });
    if let Some(pointer) = place.pointer() {
        location["logicalLocations"] = json!([{ "fullyQualifiedName": pointer.as_str() }]);
    }
    Some(location)
}

fn region(span: Span, locator: &Locator<'_>) -> Value {
    let Some((start, end)) = locator.sources.positions(span) else {
        return Value::Null;
    };
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": span.start,
        "byteLength": span.end - span.start,
    })
}

fn mend(fix: &Fix, locator: &Locator<'_>) -> Value {
    let changes: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| {
            json!({
                "artifactLocation": { "uri": uri(locator.file(edit.span)) },
                "replacements": [{ "deletedRegion": region(edit.span, locator), "insertedContent": { "text": edit.text } }],
            })
        })
        .collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

/// A path as a relative URI reference: what is not unreserved or `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            b'\\' => out.push('/'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_uri_references() {
        assert_eq!(super::uri("a b/ä:c.yaml"), "a%20b/%C3%A4%3Ac.yaml");
    }
}
