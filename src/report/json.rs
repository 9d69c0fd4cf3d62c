//! Report -> the JSON document of every command; its schema is `gateway-gen schema report`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Artefact, Change, Diagnostic, Locator, Loss, Place, Probe, Report, Severity, Summary};
use crate::source::{Position, Span};

/// The document. Keys that a command has nothing to say about are left out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// What wrote it.
    pub tool: Tool,
    /// The command.
    pub command: String,
    /// The spec as the user named it.
    pub spec: String,
    /// What was found.
    pub diagnostics: Vec<Finding>,
    /// What was found and is allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Silenced>,
    /// What the targets do not keep.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Lost>,
    /// What was written, or would be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artefacts: Vec<Artefact>,
    /// How two sides differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
    /// What was asked of a running gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes: Option<Vec<Probe>>,
    /// How many of each severity.
    pub summary: Summary,
}

/// The program.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `gateway-gen`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A diagnostic with its place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Such as `GG030`.
    pub code: &'static str,
    /// The code's name.
    pub name: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The node, as a JSON Pointer; `null` where there is none.
    pub pointer: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// The bytes.
    pub span: Option<Range>,
    /// What to do about it.
    pub help: Option<String>,
    /// The target it is about.
    pub target: Option<&'static str>,
    /// Other places that belong to it.
    pub related: Vec<Other>,
    /// How to mend it.
    pub fix: Option<Mend>,
}

/// A finding that is allowed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Silenced {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Why it is allowed.
    pub reason: String,
}

/// Another place of a finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Other {
    /// Such as "first defined here".
    pub label: String,
    /// The file.
    pub file: Option<String>,
    /// The bytes.
    pub span: Option<Range>,
}

/// Text edits that mend a finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Mend {
    /// What they do.
    pub title: String,
    /// Whether `--fix` applies them.
    pub safe: bool,
    /// The edits.
    pub edits: Vec<Replacement>,
}

/// Replace bytes by text.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Replacement {
    /// The file.
    pub file: Option<String>,
    /// What to replace.
    pub span: Option<Range>,
    /// The new text.
    pub text: String,
}

/// A loss with its place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Lost {
    /// The loss.
    #[serde(flatten)]
    pub loss: Loss,
    /// The file.
    pub file: Option<String>,
    /// The bytes of the key that asks for it.
    pub span: Option<Range>,
}

/// From and to, the end exclusive.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Range {
    /// The first character.
    pub start: Position,
    /// One past the last.
    pub end: Position,
}

/// The document as text, indented, with a line end.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>) -> String {
    text(&output(report, locator))
}

/// A document as text, indented, with a line end.
#[must_use]
pub fn text(output: &Output) -> String {
    let mut text = serde_json::to_string_pretty(output).unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
#[must_use]
pub fn output(report: &Report, locator: &Locator<'_>) -> Output {
    let suppressed = report.suppressed.iter();
    Output {
        tool: Tool {
            name: "gateway-gen",
            version: env!("CARGO_PKG_VERSION"),
        },
        command: report.command.to_owned(),
        spec: report.spec.clone(),
        diagnostics: report
            .diagnostics
            .iter()
            .map(|found| finding(found, locator))
            .collect(),
        suppressed: suppressed
            .map(|silenced| Silenced {
                finding: finding(&silenced.diagnostic, locator),
                reason: silenced.reason.clone(),
            })
            .collect(),
        losses: report
            .losses
            .iter()
            .map(|loss| lost(loss, locator))
            .collect(),
        artefacts: report.artefacts.clone(),
        changes: report.changes.clone(),
        probes: report.probes.clone(),
        summary: report.summary(),
    }
}

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> schemars::Schema {
    // What is written, not what would be read: keys that are left out are optional.
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Output>()
}

fn place(span: Option<Span>, locator: &Locator<'_>) -> (Option<String>, Option<Range>) {
    let range = span
        .and_then(|span| locator.sources.positions(span))
        .map(|(start, end)| Range { start, end });
    (span.map(|span| locator.file(span).to_owned()), range)
}

fn finding(found: &Diagnostic, locator: &Locator<'_>) -> Finding {
    let (file, span) = place(locator.locate(&found.place), locator);
    let related = found.related.iter().map(|related| {
        let (file, span) = place(locator.locate(&related.place), locator);
        Other {
            label: related.label.clone(),
            file,
            span,
        }
    });
    let fix = found.fix.as_ref().map(|fix| {
        let edits = fix.edits.iter().map(|edit| {
            let (file, span) = place(Some(edit.span), locator);
            Replacement {
                file,
                span,
                text: edit.text.clone(),
            }
        });
        Mend {
            title: fix.title.clone(),
            safe: fix.safe,
            edits: edits.collect(),
        }
    });
    Finding {
        code: found.code.id,
        name: found.code.name,
        severity: found.severity,
        message: found.message.clone(),
        pointer: found.place.pointer().map(ToString::to_string),
        file,
        span,
        help: found.help.clone(),
        target: found.target,
        related: related.collect(),
        fix,
    }
}

fn lost(loss: &Loss, locator: &Locator<'_>) -> Lost {
    let (file, span) = place(locator.locate(&Place::key(loss.pointer.clone())), locator);
    Lost {
        loss: loss.clone(),
        file,
        span,
    }
}
