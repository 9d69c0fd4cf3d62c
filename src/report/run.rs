//! Everything one run has to say, and where its places stand: what every format prints.

use serde::{Deserialize, Serialize};

use super::{Diagnostic, Loss, LossKind, Place, Severity};
use crate::source::{Document, Failure, Pointer, Sources, Span};

/// What a command has to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The command, such as `lint`.
    pub command: &'static str,
    /// The spec as the user named it.
    pub spec: String,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// What was found and is allowed, with the reason.
    pub suppressed: Vec<Suppressed>,
    /// What the targets do not keep.
    pub losses: Vec<Loss>,
    /// What was written, or would be.
    pub artefacts: Vec<Artefact>,
    /// How two sides differ; `None` for commands that compare nothing.
    pub changes: Option<Vec<Change>>,
    /// What was asked of a running gateway; `None` for commands that ask nothing.
    pub probes: Option<Vec<Probe>>,
}

/// A finding that an allow comment, a setting or a baseline silences.
#[derive(Clone, Debug)]
pub struct Suppressed {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Why, as the author wrote it; may be empty.
    pub reason: String,
    /// Silenced by a comment in the spec, and not from outside.
    pub in_source: bool,
}

/// A written file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
pub struct Artefact {
    /// The target's id.
    pub target: String,
    /// Relative to the output folder, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// One difference between two sides.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Change {
    /// The route's key; `null` for what is not of a route.
    pub route: Option<String>,
    /// What it is about: `route GET /a`, `service orders`, `gateway`.
    pub subject: String,
    /// The kind's id, such as `burst-lowered`.
    pub kind: String,
    /// What differs, such as `limit.burst`.
    pub field: String,
    /// Its value on the left; `null` where there is none.
    pub left: serde_json::Value,
    /// Its value on the right; `null` where there is none.
    pub right: serde_json::Value,
    /// `breaking`, `weakens-security`, `operational` or `cosmetic`.
    pub class: String,
    /// The loss that explains it.
    pub loss: Option<String>,
    /// Where the left value stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Spot>,
    /// Where the right value stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_at: Option<Spot>,
}

/// A place in a file of either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Spot {
    /// The file as the user named its side.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// One request to a running gateway, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Probe {
    /// What it is about.
    pub name: String,
    /// The route's key, where it is meant for one.
    pub route: Option<String>,
    /// The request.
    pub request: serde_json::Value,
    /// The answer that the spec promises.
    pub expected: serde_json::Value,
    /// The answer that came.
    pub observed: serde_json::Value,
    /// Whether they agree.
    pub verdict: Verdict,
    /// The loss that explains a difference.
    pub loss: Option<String>,
}

/// What a probe showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As promised.
    Passed,
    /// Otherwise.
    Failed,
    /// Otherwise, and a declared loss says so.
    Explained,
    /// Not asked.
    Skipped,
}

/// How many of each severity; a loss counts unless it is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// Errors, and unsupported losses.
    pub errors: usize,
    /// Warnings, and approximate losses.
    pub warnings: usize,
    /// Infos.
    pub infos: usize,
}

impl Report {
    /// Counts what is in the report.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |severity| {
            self.diagnostics
                .iter()
                .filter(|found| found.severity == severity)
                .count()
        };
        let lost = |kind| {
            self.losses
                .iter()
                .filter(|loss| !loss.allowed && loss.kind == kind)
                .count()
        };
        Summary {
            errors: count(Severity::Error) + lost(LossKind::Unsupported),
            warnings: count(Severity::Warn) + lost(LossKind::Approximate),
            infos: count(Severity::Info),
        }
    }
}

/// Turns places into bytes: with the document, or with the files alone where there is none.
#[derive(Clone, Copy)]
pub struct Locator<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// The spec, if it could be read.
    pub document: Option<&'a Document>,
}

impl Locator<'_> {
    /// The bytes of a place.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Option<Span> {
        match (self.document, place) {
            (Some(document), place) => document.locate(place),
            (None, Place::Text { span, .. }) => Some(*span),
            (None, _) => None,
        }
    }

    /// The name of a span's file.
    #[must_use]
    pub fn file(&self, span: Span) -> &str {
        self.sources
            .get(span.file)
            .map_or("", crate::source::Source::name)
    }
}

impl<'a> From<&'a Document> for Locator<'a> {
    fn from(document: &'a Document) -> Self {
        Self {
            sources: document.sources(),
            document: Some(document),
        }
    }
}

impl<'a> From<&'a Failure> for Locator<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            sources: &failure.sources,
            document: None,
        }
    }
}

impl Place {
    /// The node a place belongs to; `None` for one without any.
    #[must_use]
    pub fn pointer(&self) -> Option<&Pointer> {
        match self {
            Self::Node { pointer, .. } | Self::Text { pointer, .. } => Some(pointer),
            Self::Nowhere => None,
        }
    }
}
