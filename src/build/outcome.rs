//! GATEWAY x TARGET -> OUTCOME: mistakes of the target's own, losses, and the artefacts where neither stops it.

use super::codes;
use crate::ir::Gateway;
use crate::report::{Diagnostic, Place, Severity};
use crate::source::{Pointer, nearest};
use crate::spec;
use crate::targets::{Accounting, Context, Emitted, Target, account, allowed};

/// What became of one target.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which.
    pub target: &'static Target,
    /// What it keeps.
    pub accounting: Accounting,
    /// What its own grammar and limits refuse, ids in `allow` that are wrong, and notes on what is left to do.
    pub diagnostics: Vec<Diagnostic>,
    /// Its files; none when an error or a loss that is not accepted stops it.
    pub emitted: Option<Emitted>,
}

/// Builds for one target; with `deny` every loss that is not accepted stops it.
#[must_use]
pub fn build(
    target: &'static Target,
    gateway: &Gateway,
    settings: &spec::Targets,
    deny: bool,
) -> Outcome {
    let accounting = account(target, gateway, settings);
    let mut diagnostics = (target.check)(gateway, settings);
    diagnostics.extend(wrong_allows(target, settings, &accounting));
    let stopped = accounting.refused(deny).next().is_some()
        || diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error);
    let emitted = (!stopped).then(|| {
        let context = Context {
            settings,
            closed: &accounting.closed,
        };
        (target.emit)(gateway, &context)
    });
    let notes = emitted.iter().flat_map(|emitted| &emitted.notes);
    diagnostics.extend(
        notes.map(|note| {
            Diagnostic::new(Severity::Info, codes::TO_DO, Place::Nowhere, note.clone())
        }),
    );
    for found in &mut diagnostics {
        found.target = Some(target.id);
    }
    Outcome {
        target,
        accounting,
        diagnostics,
        emitted,
    }
}

fn wrong_allows(
    target: &Target,
    settings: &spec::Targets,
    accounting: &Accounting,
) -> Vec<Diagnostic> {
    let at = Pointer::root().key("targets").key(target.id).key("allow");
    let ids = || target.losses.iter().map(|loss| loss.id);
    let named = allowed(settings, target.id).into_iter().flatten();
    named
        .filter_map(|(id, _)| {
            let place = Place::key(at.key(id));
            if !ids().any(|known| known == id) {
                let message = format!("`{id}` is not a loss of {}", target.title);
                let help = match nearest(id, ids()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "`gateway-gen targets` lists the losses of every target".to_owned(),
                };
                return Some(Diagnostic::error(codes::UNKNOWN_LOSS, place, message).help(help));
            }
            if accounting.unused.contains(id) {
                let message = format!(
                    "`{id}` is accepted, but this gateway does not have that loss on {}",
                    target.title
                );
                return Some(
                    Diagnostic::warn(codes::UNUSED_ALLOW, place, message).help("remove the line"),
                );
            }
            None
        })
        .collect()
}
