//! Changes -> text for people: one block a subject, columns aligned over all of them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::report::{Change, Spot};
use crate::targets::Leftover;
use crate::verify::contrast::Contrast;

/// A longer value is cut.
const WIDEST: usize = 60;

/// One block a subject, in the order of the changes.
#[must_use]
pub fn human(changes: &[Change]) -> String {
    let rows: Vec<[String; 4]> = changes.iter().map(row).collect();
    let widths = [0, 1, 2].map(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    let mut out = String::new();
    let mut subject = None;
    for (change, [class, field, values, notes]) in changes.iter().zip(&rows) {
        if subject != Some(&change.subject) {
            if subject.is_some() {
                out.push('\n');
            }
            let _ = writeln!(out, "{}", change.subject);
            subject = Some(&change.subject);
        }
        let [first, second, third] = widths;
        let line = format!("  {class:first$}  {field:second$}  {values:third$}  {notes}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn row(change: &Change) -> [String; 4] {
    let mut notes = places(change.left_at.as_ref(), change.right_at.as_ref());
    if let Some(loss) = &change.loss {
        let _ = write!(notes, "  declared: {loss}");
    }
    [
        change.class.clone(),
        change.field.clone(),
        format!("{} -> {}", value(&change.left), value(&change.right)),
        notes,
    ]
}

fn places(left: Option<&Spot>, right: Option<&Spot>) -> String {
    let shown = |spot: &Spot| format!("{}:{}:{}", spot.file, spot.line, spot.column);
    match (left, right) {
        (Some(left), Some(right)) => format!("{} -> {}", shown(left), shown(right)),
        (Some(one), None) | (None, Some(one)) => shown(one),
        (None, None) => String::new(),
    }
}

/// A value as the language writes it in one line; a dash for none.
fn value(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", join(items.iter().map(self::value))),
        Value::Object(map) => {
            let pairs = map.iter();
            format!(
                "{{ {} }}",
                join(pairs.map(|(key, item)| format!("{key}: {}", self::value(item))))
            )
        }
        other => other.to_string(),
    };
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().count() > WIDEST {
        let kept: String = text.chars().take(WIDEST - 3).collect();
        return format!("{kept}...");
    }
    text
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Requests that show differences, with what each side does.
#[must_use]
pub fn requests(shown: &[Contrast]) -> String {
    let mut out = String::new();
    for one in shown {
        let times = match one.times {
            1 => String::new(),
            times => format!(", sent {times} times at once"),
        };
        let _ = writeln!(out, "\n{}{times}", one.name);
        let _ = writeln!(out, "  {}", one.request.curl("http://127.0.0.1:8080"));
        let _ = writeln!(out, "  left:  {}", one.left);
        let _ = writeln!(out, "  right: {}", one.right);
    }
    out
}

/// What of an artefact is not understood, and so not compared.
#[must_use]
pub fn leftovers(found: &[Leftover], side: &str) -> String {
    let mut out = String::new();
    if !found.is_empty() {
        let _ = writeln!(out, "\nnot understood, so not compared ({side}):");
    }
    for one in found {
        let at = one.spot.as_ref().map_or_else(String::new, |spot| {
            format!("{}:{}:{}: ", spot.file, spot.line, spot.column)
        });
        let _ = writeln!(out, "  {at}{}", one.text);
    }
    out
}

/// How many of each class.
#[must_use]
pub fn summary(changes: &[Change], unread: usize) -> String {
    if changes.is_empty() && unread > 0 {
        return "\nno difference in what is understood\n".to_owned();
    }
    if changes.is_empty() {
        return "no difference\n".to_owned();
    }
    let counts = ["breaking", "weakens-security", "operational", "cosmetic"].map(|class| {
        let count = changes
            .iter()
            .filter(|change| change.class == class)
            .count();
        (count > 0).then(|| format!("{count} {class}"))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let word = if changes.len() == 1 {
        "difference"
    } else {
        "differences"
    };
    format!("\n{} {word}: {}\n", changes.len(), counts.join(", "))
}
