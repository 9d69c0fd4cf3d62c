//! GATEWAY -> FINDINGS: every rule looks at the resolved gateway and its text; levels, allow comments and a baseline decide what is said.

mod allow;
mod baseline;
mod checklist;
mod context;
mod edit;
mod fix;
mod levels;
mod losses;
mod page;
mod raw;
mod rule;
pub mod rules;
mod services;
mod zone;

pub use baseline::{Baseline, fingerprints};
pub use checklist::{ANTI_PATTERNS, Checklist, Item, PRODUCTION, checklist};
pub use context::{Chosen, Context};
pub use fix::{Change, Fixed, Step, fix};
pub use levels::Levels;
pub use rule::{Confidence, Mends, Rule};

use crate::ir::Gateway;
use crate::report::{Diagnostic, Suppressed};
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

/// What lint has to say.
#[derive(Debug, Default)]
pub struct Findings {
    /// What counts, in the order of the text.
    pub found: Vec<Diagnostic>,
    /// What comments in the spec allow, with their reasons.
    pub allowed: Vec<Suppressed>,
}

/// Asks every rule. `preset` wins over the spec's own.
#[must_use]
pub fn lint(subject: Subject<'_>, preset: Option<Preset>) -> Findings {
    let levels = Levels::new(&subject.spec.lint, preset);
    let context = context(subject, &levels);
    let mut findings = Vec::new();
    for rule in rules::ALL {
        if !levels.is_on(rule) {
            continue;
        }
        let mut found = Vec::new();
        (rule.check)(&context, &mut found);
        findings.extend(
            found
                .into_iter()
                .filter_map(|finding| levels.apply(rule, finding)),
        );
    }
    let mut findings = allow::apply(subject.document, &levels, findings);
    sort(subject.document, &mut findings.found);
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
