//! GATEWAY -> ARTEFACT: one folder a target; what each can keep, and what is lost, derived in one place.

pub mod aws;
pub mod bff;
pub mod kong;
mod losses;
pub mod nginx;
mod reading;
mod support;

pub use losses::{Accounting, account};
pub use reading::{Leftover, Reading, Unreadable};
pub use support::{Shortfall, Support};

use std::collections::BTreeSet;

use crate::ir::{Fact, Gateway, RouteId};
use crate::report::Diagnostic;
use crate::spec;

/// A file that a target writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// Relative to the output folder, with `/`; starts with the target's id or `bff`.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What `emit` made.
#[derive(Clone, Debug, Default)]
pub struct Emitted {
    /// Files; the first is the main one, which `--stdout` prints.
    pub artefacts: Vec<Artefact>,
    /// What a person has to do (fill in a secret, start with a setting), each a sentence.
    pub notes: Vec<String>,
}

/// What `emit` may look at besides the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The spec's `targets` section.
    pub settings: &'a spec::Targets,
    /// Routes that lost a check here: they answer 501 whatever is asked.
    pub closed: &'a BTreeSet<RouteId>,
}

/// What is to know about a loss, wherever it comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossPage {
    /// Its stable id, such as `rate-window`.
    pub id: &'static str,
    /// Its `explain` page in Markdown: what happens instead, with numbers, and what to do about it.
    pub page: &'static str,
}

/// One target: a struct of functions, no trait with defaults that would read as support.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its key in `targets`, its folder in the output.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// How far a fact is kept; exhaustive over features.
    pub support: fn(&Fact<'_>, &Gateway, &spec::Targets) -> Support,
    /// What the target's own grammar and limits refuse (settings, raw fragments, sizes).
    pub check: fn(&Gateway, &spec::Targets) -> Vec<Diagnostic>,
    /// Every loss that `support` can answer with: what `explain` prints and what `allow` may name.
    pub losses: &'static [LossPage],
    /// The artefacts. Called only when `check` and the losses left no error.
    pub emit: fn(&Gateway, &Context<'_>) -> Emitted,
    /// The gateway that artefacts describe, edited by hand or not; none: they can't be read back yet.
    pub read: Option<fn(&[Artefact]) -> Result<Reading, Unreadable>>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Target({})", self.id)
    }
}

/// Every target, in the order of reports.
pub const TARGETS: &[Target] = &[aws::TARGET, kong::TARGET, nginx::TARGET];

/// The target of that id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.id == id)
}

/// The losses that the spec accepts for a target, with the reason: `targets.<id>.allow`.
#[must_use]
pub fn allowed<'a>(
    settings: &'a spec::Targets,
    id: &str,
) -> Option<&'a indexmap::IndexMap<String, String>> {
    match id {
        "aws" => settings.aws.as_ref().map(|target| &target.allow),
        "kong" => settings.kong.as_ref().map(|target| &target.allow),
        "nginx" => settings.nginx.as_ref().map(|target| &target.allow),
        _ => None,
    }
}
