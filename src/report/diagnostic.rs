//! Diagnostic: one thing to say about the spec, with its place, cause and remedy.

use crate::source::{Part, Pointer, Span};

/// How bad it is. `Off` never reaches a report.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely wrong.
    #[serde(rename = "warning")]
    Warn,
    /// Certainly wrong.
    Error,
}

/// A stable code such as `GG001` with the name people use for it. Every code has an `explain` page.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    /// `GG` and three digits; never reused.
    pub id: &'static str,
    /// `group/kebab-name`.
    pub name: &'static str,
    /// Its `explain` page, in Markdown.
    pub page: &'static str,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.name)
    }
}

/// Where a diagnostic points: by meaning (a pointer, made concrete when printed) or by bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A node of the spec.
    Node {
        /// Which node.
        pointer: Pointer,
        /// Its key or its value.
        part: Part,
    },
    /// Bytes of a file, for what is not a node (syntax errors, comments, a part of a scalar).
    Text {
        /// The node the bytes lie in, the root where there is none.
        pointer: Pointer,
        /// The bytes.
        span: Span,
    },
    /// A whole file or run that has no text to show.
    Nowhere,
}

impl Place {
    /// The value at `pointer`.
    #[must_use]
    pub fn value(pointer: Pointer) -> Self {
        Self::Node {
            pointer,
            part: Part::Value,
        }
    }

    /// The key at `pointer`.
    #[must_use]
    pub fn key(pointer: Pointer) -> Self {
        Self::Node {
            pointer,
            part: Part::Key,
        }
    }
}

/// A second place that explains the first, with a few words beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The other place.
    pub place: Place,
    /// Such as "first defined here".
    pub label: String,
}

/// A textual change that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative ("replace `http` by `https`").
    pub title: String,
    /// Safe fixes keep the meaning the author intended and are applied by `--fix`.
    pub safe: bool,
    /// Non-overlapping edits.
    pub edits: Vec<Edit>,
}

/// Replace the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What to replace; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// One message. Lower case, no full stop, user text in backticks, no Rust names; the remedy stands in `help`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub place: Place,
    /// A few words under the underlined text; empty for none.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// The target it is about, if it is about one.
    pub target: Option<&'static str>,
    /// How to mend it by machine.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at `place`.
    #[must_use]
    pub fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, place, message)
    }

    /// A warning at `place`.
    #[must_use]
    pub fn warn(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self::new(Severity::Warn, code, place, message)
    }

    /// A message of the given severity.
    #[must_use]
    pub fn new(severity: Severity, code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: visible(message),
            place,
            label: String::new(),
            help: None,
            related: Vec::new(),
            target: None,
            fix: None,
        }
    }

    /// With words under the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = visible(label);
        self
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(visible(help));
        self
    }

    /// With a way to mend it by machine, where there is one.
    #[must_use]
    pub fn mend(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }

    /// About one target.
    #[must_use]
    pub fn of_target(mut self, target: &'static str) -> Self {
        self.target = Some(target);
        self
    }

    /// With another place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push(Related {
            place,
            label: visible(label),
        });
        self
    }
}

/// Text of a spec may not steer the terminal that shows it: control characters but line ends are escaped.
fn visible(text: impl Into<String>) -> String {
    let text = text.into();
    let steers = |c: char| c.is_control() && c != '\n';
    if !text.contains(steers) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_sent_to_the_terminal() {
        let code = Code {
            id: "GG000",
            name: "a/b",
            page: "",
        };
        let found = Diagnostic::error(code, Place::Nowhere, "a\u{1b}[31m")
            .help("b\u{7}\nc")
            .label("d\u{9b}")
            .related(Place::Nowhere, "e\r");
        assert_eq!(found.message, "a\\u{1b}[31m");
        assert_eq!(found.help.as_deref(), Some("b\\u{7}\nc"));
        assert_eq!(found.label, "d\\u{9b}");
        assert_eq!(found.related[0].label, "e\\r");
    }
}
