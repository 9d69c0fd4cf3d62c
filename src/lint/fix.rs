//! FINDINGS -> EDITED FILES: applies safe fixes round by round, each round read again before the next.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::report::{Diagnostic, Edit};
use crate::source::{Document, FileId};

/// A fix may uncover another; this many rounds are far more than any chain of rules.
const ROUNDS: usize = 64;

/// A spec as it reads at one moment, with what lint finds in it.
pub struct Step {
    /// Its text.
    pub document: Document,
    /// What is found.
    pub findings: Vec<Diagnostic>,
}

/// A file that fixes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path, or its name where it has none.
    pub path: PathBuf,
    /// As it is.
    pub before: String,
    /// As it should be.
    pub after: String,
}

/// What fixing came to.
pub struct Fixed {
    /// The files that change, in the order of the spec's files.
    pub changes: Vec<Change>,
    /// How many fixes were applied.
    pub applied: usize,
    /// The spec after them.
    pub last: Step,
}

/// Applies safe fixes until none is left. `read` reads the spec with some files' texts replaced and answers
/// `None` where that is no longer a spec without errors; such a change is not made.
///
/// # Errors
/// `read` gives its own error for the spec as it is.
pub fn fix<E>(read: &dyn Fn(&HashMap<PathBuf, String>) -> Result<Step, E>) -> Result<Fixed, E> {
    let mut edited = HashMap::new();
    let mut step = read(&edited)?;
    let originals = texts(&step.document);
    let mut applied = 0;
    for _ in 0..ROUNDS {
        let fixes = compatible(&step.findings);
        let Some((texts, next, count)) = advance(read, &step, &edited, &fixes) else {
            break;
        };
        (edited, step) = (texts, next);
        applied += count;
    }
    let changes = originals
        .into_iter()
        .filter_map(|(path, before)| {
            let after = edited.get(&path)?.clone();
            (after != before).then_some(Change {
                path,
                before,
                after,
            })
        })
        .collect();
    Ok(Fixed {
        changes,
        applied,
        last: step,
    })
}

type Advance = (HashMap<PathBuf, String>, Step, usize);

/// All fixes at once, or the first one that by itself leaves a spec that still reads.
fn advance<E>(
    read: &dyn Fn(&HashMap<PathBuf, String>) -> Result<Step, E>,
    step: &Step,
    edited: &HashMap<PathBuf, String>,
    fixes: &[&[Edit]],
) -> Option<Advance> {
    if fixes.is_empty() {
        return None;
    }
    let attempt = |fixes: &[&[Edit]]| {
        let texts = apply(&step.document, edited, fixes);
        let next = read(&texts).ok()?;
        (next.findings.len() < step.findings.len()).then_some((texts, next, fixes.len()))
    };
    attempt(fixes).or_else(|| fixes.iter().find_map(|fix| attempt(&[fix])))
}

/// Safe fixes that do not touch each other's text, in the order of the findings.
fn compatible(findings: &[Diagnostic]) -> Vec<&[Edit]> {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut chosen: Vec<&[Edit]> = Vec::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        let free = |edit: &Edit| {
            taken.iter().all(|other| {
                let (a, b) = (edit.span, other.span);
                a.file != b.file || a.end < b.start || b.end < a.start
            })
        };
        if fix.safe && !fix.edits.is_empty() && fix.edits.iter().all(free) {
            taken.extend(&fix.edits);
            chosen.push(&fix.edits);
        }
    }
    chosen
}

fn apply(
    document: &Document,
    edited: &HashMap<PathBuf, String>,
    fixes: &[&[Edit]],
) -> HashMap<PathBuf, String> {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.iter().copied().flatten() {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    let mut texts = edited.clone();
    for (file, mut edits) in by_file {
        let Some(source) = document.sources().get(file) else {
            continue;
        };
        let mut text = source.text().to_owned();
        let crlf = text.contains("\r\n");
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        for edit in edits {
            let new = if crlf {
                edit.text.replace('\n', "\r\n")
            } else {
                edit.text.clone()
            };
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &new);
        }
        texts.insert(path(source), text);
    }
    texts
}

fn texts(document: &Document) -> Vec<(PathBuf, String)> {
    let sources = document.sources().iter();
    sources
        .map(|(_, source)| (path(source), source.text().to_owned()))
        .collect()
}

fn path(source: &crate::source::Source) -> PathBuf {
    source
        .path()
        .map_or_else(|| PathBuf::from(source.name()), std::path::Path::to_owned)
}
