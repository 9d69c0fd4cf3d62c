//! Report -> text for people: the only file, with its window, that knows miette.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan};

use super::window::Window;
use super::{Diagnostic, Locator, Loss, LossKind, Report, Severity};
use crate::source::{FileId, Span};

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Columns to wrap at.
    pub width: usize,
    /// How many findings to print; the rest is counted.
    pub limit: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
            limit: 50,
        }
    }
}

/// Prints findings with the text they are about, then losses, then how many of each.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>, style: Style) -> String {
    let mut out = String::new();
    let page = Page::new(report, locator);
    let theme = if style.color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1);
    for found in report.diagnostics.iter().take(style.limit) {
        let shown = page.show(found);
        // Writing to a string can't fail; a label out of range would, and then the words alone are better than nothing.
        if handler.render_report(&mut out, &shown).is_err() {
            let _ = writeln!(out, "{}: {}", found.code.id, found.message);
        }
        out.push('\n');
    }
    more(
        &mut out,
        report.diagnostics.len().saturating_sub(style.limit),
        "finding",
    );
    losses(&mut out, report, locator, style.limit);
    summary(&mut out, report);
    out
}

fn more(out: &mut String, rest: usize, what: &str) {
    if rest > 0 {
        let _ = writeln!(
            out,
            "and {rest} more {what}{}\n",
            match (rest, what.ends_with('s')) {
                (1, _) => "",
                (_, true) => "es",
                (_, false) => "s",
            }
        );
    }
}

fn losses(out: &mut String, report: &Report, locator: &Locator<'_>, limit: usize) {
    let shown: Vec<&Loss> = report.losses.iter().filter(|loss| !loss.allowed).collect();
    for loss in shown.iter().take(limit) {
        let sign = if loss.kind == LossKind::Unsupported {
            "×"
        } else {
            "⚠"
        };
        let _ = writeln!(
            out,
            "  {sign} {}: {} ({})",
            loss.target, loss.message, loss.id
        );
        let place = super::Place::key(loss.pointer.clone());
        if let Some((span, start)) = locator
            .locate(&place)
            .and_then(|span| Some((span, locator.sources.positions(span)?.0)))
        {
            let _ = writeln!(
                out,
                "    at {}:{}:{} {}",
                locator.file(span),
                start.line,
                start.column,
                loss.pointer
            );
        }
        if let Some(help) = &loss.help {
            let _ = writeln!(out, "    help: {help}");
        }
    }
    more(out, shown.len().saturating_sub(limit), "loss");
    let allowed = report.losses.len() - shown.len();
    if allowed > 0 {
        let _ = writeln!(
            out,
            "  {allowed} allowed loss{}",
            if allowed == 1 { "" } else { "es" }
        );
    }
}

fn summary(out: &mut String, report: &Report) {
    let summary = report.summary();
    let parts = [
        (summary.errors, "error"),
        (summary.warnings, "warning"),
        (summary.infos, "info"),
        (report.suppressed.len(), "allowed finding"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if !words.is_empty() {
        let _ = writeln!(out, "{}", words.join(", "));
    }
}

/// The files of a report, ready to be shown.
struct Page<'a> {
    locator: &'a Locator<'a>,
    windows: HashMap<FileId, Window<'a>>,
}

impl<'a> Page<'a> {
    fn new(report: &Report, locator: &'a Locator<'a>) -> Self {
        let places = report.diagnostics.iter().flat_map(|found| {
            std::iter::once(&found.place).chain(found.related.iter().map(|related| &related.place))
        });
        let mut files: Vec<FileId> = places
            .filter_map(|place| locator.locate(place))
            .map(|span| span.file)
            .collect();
        files.sort_unstable();
        files.dedup();
        let secrets = locator
            .document
            .map(crate::source::Document::secrets)
            .unwrap_or_default();
        let window = |file: FileId| {
            let here: Vec<Span> = secrets
                .iter()
                .filter(|span| span.file == file)
                .copied()
                .collect();
            Some((file, Window::new(locator.sources.get(file)?, &here)))
        };
        Self {
            locator,
            windows: files.into_iter().filter_map(window).collect(),
        }
    }

    /// The first line of a place: underlining a page helps nobody.
    fn first_line(&self, span: Span) -> Span {
        let text = self.locator.sources.slice(span);
        match text.find(['\n', '\r']) {
            Some(len) => Span {
                end: span.start + u32::try_from(len).unwrap_or(0),
                ..span
            },
            None => span,
        }
    }

    fn show(&self, found: &'a Diagnostic) -> Shown<'_> {
        let span = self
            .locator
            .locate(&found.place)
            .map(|span| self.first_line(span));
        let label = |span: Span, text: &str, primary: bool| {
            let (start, len) = (span.start as usize, (span.end - span.start) as usize);
            let text = (!text.is_empty()).then(|| text.to_owned());
            if primary {
                LabeledSpan::new_primary_with_span(text, (start, len))
            } else {
                LabeledSpan::new_with_span(text, (start, len))
            }
        };
        let mut labels: Vec<LabeledSpan> = span
            .iter()
            .map(|span| label(*span, &found.label, true))
            .collect();
        let mut elsewhere = Vec::new();
        for related in &found.related {
            let Some(other) = self
                .locator
                .locate(&related.place)
                .map(|span| self.first_line(span))
            else {
                continue;
            };
            if Some(other.file) == span.map(|span| span.file) {
                labels.push(label(other, &related.label, false));
            } else {
                elsewhere.push(Shown {
                    found: None,
                    message: &related.label,
                    severity: miette::Severity::Advice,
                    window: self.windows.get(&other.file),
                    labels: vec![label(other, "", true)],
                    elsewhere: Vec::new(),
                });
            }
        }
        let severity = match found.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warn => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        };
        let window = span.and_then(|span| self.windows.get(&span.file));
        Shown {
            found: Some(found),
            message: &found.message,
            severity,
            window,
            labels,
            elsewhere,
        }
    }
}

/// A finding as miette takes it.
struct Shown<'a> {
    found: Option<&'a Diagnostic>,
    message: &'a str,
    severity: miette::Severity,
    window: Option<&'a Window<'a>>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Shown<'a>>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.found.map(|found| {
            Box::new(format!("{} {}", found.code.id, found.code.name)) as Box<dyn fmt::Display>
        })
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = self.found?.help.as_deref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.window.map(|window| window as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (self.window.is_some() && !self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        (!self.elsewhere.is_empty()).then(|| {
            Box::new(
                self.elsewhere
                    .iter()
                    .map(|shown| shown as &dyn miette::Diagnostic),
            ) as Box<dyn Iterator<Item = &dyn miette::Diagnostic>>
        })
    }
}
