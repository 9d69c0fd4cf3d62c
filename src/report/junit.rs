//! Report -> JUnit XML: a failed test for each finding, a test for each probe.

use std::fmt::Write as _;

use super::{Diagnostic, Locator, LossKind, Place, Probe, Report, Severity, Verdict};

/// The document.
#[must_use]
pub fn print(report: &Report, locator: &Locator<'_>) -> String {
    let mut cases = String::new();
    let mut counts = Counts::default();
    for found in &report.diagnostics {
        let name = format!("{} {}", found.code.id, found.message);
        let failed = found.severity == Severity::Error;
        counts.case(
            &mut cases,
            found.code.name,
            &name,
            outcome(failed, &found.message, &details(found, locator)),
        );
    }
    for loss in report.losses.iter().filter(|loss| !loss.allowed) {
        let failed = loss.kind == LossKind::Unsupported;
        let details = format!(
            "{}\n{}",
            at(&Place::key(loss.pointer.clone()), locator),
            loss.help.as_deref().unwrap_or_default()
        );
        let class = format!("{}.{}", loss.target, loss.id);
        counts.case(
            &mut cases,
            &class,
            loss.pointer.as_str(),
            outcome(failed, &loss.message, &details),
        );
    }
    for probe in report.probes.iter().flatten() {
        counts.case(
            &mut cases,
            probe.route.as_deref().unwrap_or("gateway"),
            &probe.name,
            verdict(probe),
        );
    }
    if counts.tests == 0 {
        counts.case(
            &mut cases,
            report.command,
            "no findings",
            Outcome::Passed(String::new()),
        );
    }
    let Counts {
        tests,
        failures,
        skipped,
    } = counts;
    let name = escape(&format!("gateway-gen {}", report.command));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{tests}\" failures=\"{failures}\">\n<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

enum Outcome {
    /// Passed, with what is worth saying all the same.
    Passed(String),
    Failed {
        message: String,
        details: String,
    },
    Skipped,
}

fn outcome(failed: bool, message: &str, details: &str) -> Outcome {
    if failed {
        Outcome::Failed {
            message: message.to_owned(),
            details: details.to_owned(),
        }
    } else {
        Outcome::Passed(format!("{message}\n{details}"))
    }
}

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Counts {
    fn case(&mut self, out: &mut String, class: &str, name: &str, outcome: Outcome) {
        self.tests += 1;
        let (class, name) = (escape(class), escape(name));
        let _ = write!(out, "<testcase classname=\"{class}\" name=\"{name}\">");
        match outcome {
            Outcome::Passed(said) if said.is_empty() => {}
            Outcome::Passed(said) => {
                let _ = write!(out, "<system-out>{}</system-out>", escape(&said));
            }
            Outcome::Failed { message, details } => {
                self.failures += 1;
                let _ = write!(
                    out,
                    "<failure message=\"{}\">{}</failure>",
                    escape(&message),
                    escape(&details)
                );
            }
            Outcome::Skipped => {
                self.skipped += 1;
                out.push_str("<skipped/>");
            }
        }
        out.push_str("</testcase>\n");
    }
}

fn verdict(probe: &Probe) -> Outcome {
    match probe.verdict {
        Verdict::Passed => Outcome::Passed(String::new()),
        Verdict::Explained => Outcome::Passed(format!(
            "explained by the loss {}",
            probe.loss.as_deref().unwrap_or_default()
        )),
        Verdict::Skipped => Outcome::Skipped,
        Verdict::Failed => Outcome::Failed {
            message: format!("expected {}, observed {}", probe.expected, probe.observed),
            details: format!("request {}", probe.request),
        },
    }
}

fn details(found: &Diagnostic, locator: &Locator<'_>) -> String {
    let help = found
        .help
        .as_deref()
        .map(|help| format!("\nhelp: {help}"))
        .unwrap_or_default();
    format!("{}{help}", at(&found.place, locator))
}

fn at(place: &Place, locator: &Locator<'_>) -> String {
    let Some(span) = locator.locate(place) else {
        return String::new();
    };
    let start = locator.sources.positions(span).map(|(start, _)| start);
    start.map_or_else(String::new, |start| {
        format!("{}:{}:{}", locator.file(span), start.line, start.column)
    })
}

/// XML text; characters that XML 1.0 has no way to write are replaced.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_cannot_leave_its_attribute() {
        assert_eq!(
            super::escape("a\"<b>&\u{1}"),
            "a&quot;&lt;b&gt;&amp;\u{fffd}"
        );
    }
}
