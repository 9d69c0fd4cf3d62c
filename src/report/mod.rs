//! WHAT WE SAY: diagnostics, losses, artefacts; printed for people and for machines.

mod diagnostic;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
mod loss;
pub mod markdown;
mod run;
pub mod sarif;
mod window;

pub use diagnostic::{Code, Diagnostic, Edit, Fix, Place, Related, Severity};
pub use loss::{Loss, LossClass, LossKind};
pub use run::{Artefact, Change, Locator, Probe, Report, Spot, Summary, Suppressed, Verdict};

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people.
    Human,
    /// The JSON document.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// GitHub workflow commands.
    Github,
    /// Markdown, for summaries and comments.
    Markdown,
}

/// Prints a report; `style` holds for people only.
#[must_use]
pub fn print(
    format: Format,
    report: &Report,
    locator: &Locator<'_>,
    style: human::Style,
) -> String {
    match format {
        Format::Human => human::print(report, locator, style),
        Format::Json => json::print(report, locator),
        Format::Sarif => sarif::print(report, locator),
        Format::Junit => junit::print(report, locator),
        Format::Github => github::print(report, locator),
        Format::Markdown => markdown::print(report, locator),
    }
}
