//! GATEWAY -> FINDINGS: every rule looks at the resolved gateway and its text; levels, allow comments and a baseline decide what is said.

mod allow;
mod baseline;
mod checklist;
mod context;
mod losses;
mod edit;
mod fix;
mod levels;
mod page;
mod raw;
mod rule;
mod services;
mod zone;
pub mod rules;

pub use baseline::{Baseline, fingerprints};
pub use checklist::{Checklist, Item, checklist};
pub use context::{Chosen, Context};
pub use fix::{Change, Fixed, Step, fix};
pub use levels::Levels;
pub use rule::{Confidence, Mends, Rule};

use crate::ir::Gateway;
use crate::report::Diagnostic;
use crate::source::Document;
use crate::spec::{Preset, Spec};
use crate::targets::{TARGETS, account};

/// A spec that has been read and resolved without an error.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its text.
    pub document: &'a Document,
    /// What it says.
    pub spec: &'a Spec,
    /// What it means.
    pub gateway: &'a Gateway,
}

/// All findings, in the order of the text. `preset` wins over the spec's own.
#[must_use]
pub fn lint(subject: Subject<'_>, preset: Option<Preset>) -> Vec<Diagnostic> {
    let levels = Levels::new(&subject.spec.lint, preset);
    let context = context(subject, &levels);
    let mut findings = Vec::new();
    for rule in rules::ALL {
        if !levels.is_on(rule) {
            continue;
        }
        let mut found = Vec::new();
        (rule.check)(&context, &mut found);
        findings.extend(found.into_iter().filter_map(|mut finding| {
            let pointer = finding.place.pointer();
            finding.severity = levels.severity(rule, &pointer, finding.severity)?;
            Some(finding)
        }));
    }
    let mut findings = allow::apply(subject.document, &levels, findings);
    sort(subject.document, &mut findings);
    findings
}

fn context<'a>(subject: Subject<'a>, levels: &Levels<'_>) -> Context<'a> {
    let Subject {
        document,
        spec,
        gateway,
    } = subject;
    let named = [
        ("aws", spec.targets.aws.is_some()),
        ("kong", spec.targets.kong.is_some()),
        ("nginx", spec.targets.nginx.is_some()),
    ];
    let is_named = |id: &str| named.iter().any(|(name, on)| *name == id && *on);
    let targets = TARGETS
        .iter()
        .filter(|target| is_named(target.id))
        .map(|target| Chosen {
            target,
            accounting: account(target, gateway, &spec.targets),
            refused: (target.check)(gateway, &spec.targets),
        })
        .collect();
    Context {
        gateway,
        spec,
        document,
        preset: levels.preset(),
        targets,
    }
}

/// By file and place, then by code, so that output does not depend on the order of the rules.
fn sort(document: &Document, findings: &mut [Diagnostic]) {
    findings.sort_by_cached_key(|finding| {
        let span = document.locate(&finding.place);
        (
            span.map(|span| (span.file, span.start, span.end)),
            finding.code.id,
            finding.target,
        )
    });
}
