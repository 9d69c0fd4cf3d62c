//! What a rule is: its code, how loud and how sure it is, and the function that looks.

use super::Context;
use crate::report::{Code, Diagnostic, Place, Severity};
use crate::spec::Preset;

/// How sure a rule is that what it flags is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It follows from the spec alone.
    Certain,
    /// It holds unless something outside the spec makes up for it.
    Likely,
    /// It is a sign that somebody should look.
    Possible,
}

impl Confidence {
    /// Its word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// What a rule can offer to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mends {
    /// Edits that keep what the author meant; `--fix` applies them.
    Safely,
    /// Edits that a person has to agree with; they are shown.
    BySuggestion,
    /// Nothing.
    Nothing,
}

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its stable code, with its file's docs as page.
    pub code: Code,
    /// How loud its findings are unless they say otherwise.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The smallest preset that has it; `strict` has all.
    pub preset: Preset,
    /// What it can offer.
    pub mends: Mends,
    /// Looks at the gateway and adds what it finds.
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rule({} {})", self.code.id, self.code.name)
    }
}

impl Rule {
    /// A finding of this rule.
    #[must_use]
    pub fn finding(&self, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.severity, self.code, place, message)
    }

    /// The first sentence of its docs.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.code.page.lines().nth(2).unwrap_or_default()
    }

    /// Whether `word`, from a spec or a comment, means this rule: its id or its name.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        word.eq_ignore_ascii_case(self.code.id) || word == self.code.name
    }
}
