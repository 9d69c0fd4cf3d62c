//! OUTCOMES -> WORDS: what each target keeps, what it loses and where, and the line that accepts it.

use std::fmt::Write as _;
use std::path::Path;

use super::outcome::Outcome;
use crate::report::{Locator, Loss, LossClass, LossKind, Place};

/// How many places of a loss are named.
const PLACES: usize = 3;

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
    for loss in group.iter().take(PLACES) {
        let _ = writeln!(out, "      {}: {}", place(loss, locator), loss.message);
    }
    if count > PLACES {
        let _ = writeln!(out, "      and {} more, all in report.json", count - PLACES);
    }
    if let Some(help) = group.iter().find_map(|loss| loss.help.as_deref()) {
        let _ = writeln!(out, "      help: {help}");
    }
}

fn place(loss: &Loss, locator: &Locator<'_>) -> String {
    let span = locator.locate(&Place::key(loss.pointer.clone()));
    let start =
        span.and_then(|span| Some((locator.file(span), locator.sources.positions(span)?.0)));
    match start {
        Some((file, start)) => format!("{file}:{}:{}", start.line, start.column),
        None => loss.pointer.to_string(),
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
