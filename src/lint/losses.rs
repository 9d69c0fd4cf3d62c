//! LOSSES -> FINDINGS: which rule speaks about which loss, so that each has one.

use std::collections::{HashMap, HashSet};

use super::{Context, Rule};
use crate::report::{Diagnostic, Loss, LossKind, Place};
use crate::source::{Part, Pointer};

/// What a loss is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// How schemes or scopes are combined.
    Combination,
    /// Which route takes a request.
    Matching,
    /// Anything else that is not kept.
    Unsupported,
    /// Anything else that is kept otherwise.
    Approximate,
}

fn theme(loss: &Loss) -> Theme {
    match (loss.feature, loss.kind) {
        ("auth" | "scopes" | "groups", _) => Theme::Combination,
        ("match", _) => Theme::Matching,
        (_, LossKind::Unsupported) => Theme::Unsupported,
        (_, LossKind::Approximate) => Theme::Approximate,
    }
}

/// Places that one finding names besides its own.
const NAMED: usize = 4;

/// One finding for each loss of the theme on each chosen target, at the first place that asks for it. Losses that
/// the spec allows are left out.
pub fn report(context: &Context<'_>, rule: &Rule, about: Theme, found: &mut Vec<Diagnostic>) {
    for chosen in &context.targets {
        let mut order: Vec<&str> = Vec::new();
        let mut by_id: HashMap<&str, (Vec<&Loss>, HashSet<&Pointer>)> = HashMap::new();
        let losses = chosen.accounting.losses.iter();
        for loss in losses.filter(|loss| !loss.allowed && theme(loss) == about) {
            let (same, places) = by_id.entry(loss.id).or_default();
            if same.is_empty() {
                order.push(loss.id);
            }
            if places.insert(&loss.pointer) {
                same.push(loss);
            }
        }
        for id in order {
            found.extend(by_id.get(id).and_then(|(losses, _)| finding(rule, losses)));
        }
    }
}

fn finding(rule: &Rule, losses: &[&Loss]) -> Option<Diagnostic> {
    let (first, others) = losses.split_first()?;
    let place = |loss: &Loss| Place::Node {
        pointer: loss.pointer.clone(),
        part: Part::Key,
    };
    let kept = match first.kind {
        LossKind::Approximate => "keeps this approximately",
        LossKind::Unsupported => "does not keep this",
    };
    let more = match others.len() {
        0 => String::new(),
        1 => ", here and in one more place".into(),
        n => format!(", here and in {n} more places"),
    };
    let message = format!("`{}` {kept}{more}: {}", first.target, first.message);
    let accept = format!(
        "accept it with a reason: `targets.{}.allow: {{ {}: .. }}`",
        first.target, first.id
    );
    let help = match &first.help {
        Some(help) => format!("{help}; or {accept}"),
        None => accept,
    };
    let mut finding = rule
        .finding(place(first), message)
        .help(help)
        .label(first.id)
        .of_target(first.target);
    for other in others.iter().take(NAMED) {
        finding = finding.related(place(other), "here too");
    }
    Some(finding)
}
