//! Report -> Markdown for step summaries and review comments.

use std::fmt::Write as _;

use super::{Locator, LossKind, Place, Report, Severity, Verdict};

/// A heading, the counts, and one table for each kind of thing there is.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>) -> String {
    let mut out = String::new();
    let summary = report.summary();
    let _ = writeln!(
        out,
        "## gateway-gen {} {}\n",
        report.command,
        code(&report.spec)
    );
    let _ = writeln!(
        out,
        "{} errors, {} warnings, {} infos\n",
        summary.errors, summary.warnings, summary.infos
    );
    let findings = report.diagnostics.iter().map(|found| {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warn => "warning",
            Severity::Info => "info",
        };
        let message = [Some(found.message.as_str()), found.help.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ");
        [
            severity.to_owned(),
            format!("{} {}", found.code.id, found.code.name),
            at(&found.place, locator),
            cell(&message),
        ]
    });
    table(
        &mut out,
        "Findings",
        ["", "code", "where", "what"],
        findings,
    );
    let losses = report.losses.iter().map(|loss| {
        let kind = if loss.kind == LossKind::Unsupported {
            "unsupported"
        } else {
            "approximate"
        };
        let allowed = loss
            .reason
            .as_deref()
            .map(|reason| format!(", allowed: {}", cell(reason)))
            .unwrap_or_default();
        [
            format!("{}: {kind}{allowed}", loss.target),
            loss.id.to_owned(),
            at(&Place::key(loss.pointer.clone()), locator),
            cell(&loss.message),
        ]
    });
    table(
        &mut out,
        "Losses",
        ["target", "loss", "where", "consequence"],
        losses,
    );
    let changes = report.changes.iter().flatten().map(|change| {
        [
            code(&change.subject),
            code(&change.field),
            format!("{} → {}", value(&change.left), value(&change.right)),
            match &change.loss {
                Some(loss) => cell(&format!("{}, {}: {loss}", change.class, change.kind)),
                None => cell(&format!("{}, {}", change.class, change.kind)),
            },
        ]
    });
    table(
        &mut out,
        "Changes",
        ["of", "field", "change", "class"],
        changes,
    );
    let probes = report
        .probes
        .iter()
        .flatten()
        .filter(|probe| probe.verdict != Verdict::Passed)
        .map(|probe| {
            let verdict = match probe.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
                Verdict::Explained => "explained",
                Verdict::Skipped => "skipped",
            };
            [
                verdict.to_owned(),
                cell(&probe.name),
                probe.route.as_deref().map_or_else(String::new, code),
                probe.loss.as_deref().map_or_else(String::new, cell),
            ]
        });
    table(
        &mut out,
        "Probes that did not pass",
        ["verdict", "probe", "route", "loss"],
        probes,
    );
    let artefacts = report.artefacts.iter().map(|artefact| {
        [
            cell(&artefact.target),
            code(&artefact.path),
            artefact.bytes.to_string(),
            code(&artefact.sha256),
        ]
    });
    table(
        &mut out,
        "Artefacts",
        ["target", "file", "bytes", "SHA-256"],
        artefacts,
    );
    out
}

fn table(out: &mut String, title: &str, head: [&str; 4], rows: impl Iterator<Item = [String; 4]>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(
        out,
        "### {title}\n\n| {} |\n|---|---|---|---|",
        head.join(" | ")
    );
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out.push('\n');
}

fn at(place: &Place, locator: &Locator<'_>) -> String {
    let Some(span) = locator.locate(place) else {
        return String::new();
    };
    let start = locator.sources.positions(span).map(|(start, _)| start);
    start.map_or_else(String::new, |start| {
        code(&format!(
            "{}:{}:{}",
            locator.file(span),
            start.line,
            start.column
        ))
    })
}

/// Text of a table's cell: our own backticks stay, nothing else is markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .replace('<', "&lt;")
}

/// A value of the language; a dash for none.
fn value(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// A code span that its own text can't close.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}
