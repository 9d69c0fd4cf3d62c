//! OUTCOMES -> WORDS: what each target keeps, what it loses and where, and the line that accepts it.

use std::fmt::Write as _;
use std::path::Path;

use indexmap::{IndexMap, IndexSet};

use super::outcome::Outcome;
use crate::report::{Locator, Loss, LossClass, LossKind, Place};
use crate::source::Pointer;

/// How many messages of a loss are shown, and how many places of each.
const SHOWN: usize = 3;

/// The build's summary for people; `written` is the folder, if anything was written.
#[must_use]
pub fn summary(
    outcomes: &[Outcome],
    locator: &Locator<'_>,
    deny: bool,
    written: Option<&Path>,
) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        head(&mut out, outcome, written);
        for group in groups(&outcome.accounting.losses) {
            loss(&mut out, &group, locator);
        }
        refused(&mut out, outcome, deny);
        let notes = outcome.emitted.iter().flat_map(|emitted| &emitted.notes);
        for note in notes {
            let _ = writeln!(out, "  to do: {note}");
        }
    }
    out
}

fn head(out: &mut String, outcome: &Outcome, written: Option<&Path>) {
    let id = outcome.target.id;
    let accounting = &outcome.accounting;
    let count = |kind| {
        let losses = accounting.losses.iter();
        losses.filter(|loss| loss.kind == kind).count()
    };
    let _ = write!(
        out,
        "{id}: {} of {} facts exact, {} approximate, {} unsupported",
        accounting.exact,
        accounting.facts,
        count(LossKind::Approximate),
        count(LossKind::Unsupported)
    );
    let files = outcome
        .emitted
        .as_ref()
        .map(|emitted| emitted.artefacts.len());
    let _ = match (files, written) {
        (None, _) => writeln!(out, " - not written"),
        (Some(files), Some(dir)) => {
            writeln!(out, " -> {} ({files} files)", dir.join(id).display())
        }
        (Some(_), None) => writeln!(out),
    };
}

/// Losses of one id and kind, in order of appearance, unsupported ones first.
fn groups(losses: &[Loss]) -> Vec<Vec<&Loss>> {
    let mut groups: Vec<Vec<&Loss>> = Vec::new();
    for loss in losses {
        let same = |group: &&mut Vec<&Loss>| {
            group
                .first()
                .is_some_and(|first| (first.id, first.kind) == (loss.id, loss.kind))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(loss),
            None => groups.push(vec![loss]),
        }
    }
    groups.sort_by_key(|group| {
        let first = group.first();
        first.map(|loss| (loss.allowed, std::cmp::Reverse(loss.kind)))
    });
    groups
}

fn loss(out: &mut String, group: &[&Loss], locator: &Locator<'_>) {
    let Some(first) = group.first() else {
        return;
    };
    let (sign, kind) = match first.kind {
        LossKind::Approximate => ('⚠', "approximate"),
        LossKind::Unsupported => ('×', "unsupported"),
    };
    let count = group.len();
    let places = if count == 1 { "place" } else { "places" };
    if let Some(reason) = &first.reason {
        let _ = writeln!(
            out,
            "  ✓ {} ({kind}, {count} {places}) accepted: {reason}",
            first.id
        );
        return;
    }
    let _ = writeln!(out, "  {sign} {} ({kind}, {count} {places})", first.id);
    let messages = messages(group);
    for (message, losses) in messages.iter().take(SHOWN) {
        let _ = writeln!(out, "      {message}");
        let _ = writeln!(out, "      at {}", listed(losses, locator));
    }
    if messages.len() > SHOWN {
        let _ = writeln!(out, "      and {} more of the kind", messages.len() - SHOWN);
    }
    if let Some(help) = group.iter().find_map(|loss| loss.help.as_deref()) {
        let _ = writeln!(out, "      help: {help}");
    }
}

/// The losses of a group by what they say, in order of appearance.
fn messages<'a>(group: &[&'a Loss]) -> IndexMap<&'a str, Vec<&'a Loss>> {
    let mut messages: IndexMap<&str, Vec<&Loss>> = IndexMap::new();
    for loss in group {
        messages.entry(&loss.message).or_default().push(loss);
    }
    messages
}

/// The first places, and how many more there are. Several losses may stand at one, where it is inherited.
fn listed(losses: &[&Loss], locator: &Locator<'_>) -> String {
    let places: IndexSet<&Pointer> = losses.iter().map(|loss| &loss.pointer).collect();
    let shown: Vec<String> = places
        .iter()
        .take(SHOWN)
        .map(|at| place(at, locator))
        .collect();
    let shown = shown.join(", ");
    match places.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn place(at: &Pointer, locator: &Locator<'_>) -> String {
    if locator.document.is_some_and(|document| !document.has(at)) {
        return format!("{at} (by default)");
    }
    let span = locator.locate(&Place::key(at.clone()));
    let start =
        span.and_then(|span| Some((locator.file(span), locator.sources.positions(span)?.0)));
    match start {
        Some((file, start)) => format!("{file}:{}:{}", start.line, start.column),
        None => at.to_string(),
    }
}

/// Why a target was not written, and what to paste where that is accepted.
fn refused(out: &mut String, outcome: &Outcome, deny: bool) {
    let mut refused: Vec<&Loss> = Vec::new();
    for loss in outcome.accounting.refused(deny) {
        if !refused.iter().any(|one| one.id == loss.id) {
            refused.push(loss);
        }
    }
    if refused.is_empty() {
        return;
    }
    let lines = refused
        .iter()
        .map(|loss| format!("{}: \"why this is fine\"", loss.id));
    let id = outcome.target.id;
    let _ = writeln!(
        out,
        "  help: to accept what {id} loses, write under `targets`:\n\n    {id}:\n      allow:"
    );
    for line in lines {
        let _ = writeln!(out, "        {line}");
    }
    let _ = writeln!(out);
    if refused.iter().any(|loss| loss.class == LossClass::Security) {
        let _ = writeln!(
            out,
            "  note: a route that loses a check answers 501 on {id}; it is never open\n"
        );
    }
}
