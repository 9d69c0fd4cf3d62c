//! Report -> GitHub workflow commands, which show as annotations on a pull request.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write as _;

use super::{Change, Diagnostic, Locator, LossKind, Place, Report, Severity};

/// One command a line.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>) -> String {
    let mut out = String::new();
    for found in &report.diagnostics {
        command(
            &mut out,
            level(found),
            &format!("{} {}", found.code.id, found.code.name),
            &text(found),
            &found.place,
            locator,
        );
    }
    for loss in report.losses.iter().filter(|loss| !loss.allowed) {
        let level = if loss.kind == LossKind::Unsupported {
            "error"
        } else {
            "warning"
        };
        let message = [Some(loss.message.as_str()), loss.help.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n");
        command(
            &mut out,
            level,
            &format!("{} {}", loss.target, loss.id),
            &message,
            &Place::key(loss.pointer.clone()),
            locator,
        );
    }
    for change in report.changes.iter().flatten() {
        out.push_str(&changed(change));
    }
    out
}

/// A change at the place where it is now, or was.
fn changed(change: &Change) -> String {
    let level = match change.class.as_str() {
        "breaking" | "weakens-security" => "warning",
        _ => "notice",
    };
    let mut properties = Vec::new();
    if let Some(spot) = change.right_at.as_ref().or(change.left_at.as_ref()) {
        properties.push(format!("file={}", property(&spot.file)));
        properties.push(format!("line={},col={}", spot.line, spot.column));
    }
    let title = format!("{} {}", change.class, change.kind);
    properties.push(format!("title={}", property(&title)));
    let loss = change.loss.as_deref();
    let loss = loss.map_or_else(String::new, |loss| format!(" (declared: {loss})"));
    let (subject, field, left, right) =
        (&change.subject, &change.field, &change.left, &change.right);
    let text = format!("{subject}: {field}: {left} -> {right}{loss}");
    format!("::{level} {}::{}\n", properties.join(","), data(&text))
}

fn level(found: &Diagnostic) -> &'static str {
    match found.severity {
        Severity::Error => "error",
        Severity::Warn => "warning",
        Severity::Info => "notice",
    }
}

fn text(found: &Diagnostic) -> String {
    match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    }
}

fn command(
    out: &mut String,
    level: &str,
    title: &str,
    message: &str,
    place: &Place,
    locator: &Locator<'_>,
) {
    let mut properties = Vec::new();
    if let Some(span) = locator.locate(place)
        && let Some((start, end)) = locator.sources.positions(span)
    {
        properties.push(format!("file={}", property(locator.file(span))));
        properties.push(format!("line={},endLine={}", start.line, end.line));
        // A range of columns must lie on one line.
        if start.line == end.line {
            properties.push(format!("col={},endColumn={}", start.column, end.column));
        }
    }
    properties.push(format!("title={}", property(title)));
    let _ = writeln!(out, "::{level} {}::{}", properties.join(","), data(message));
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_cannot_start_a_command_of_its_own() {
        assert_eq!(super::data("a\n::error::b%"), "a%0A::error::b%25");
        assert_eq!(super::property("a:b,c"), "a%3Ab%2Cc");
    }
}
