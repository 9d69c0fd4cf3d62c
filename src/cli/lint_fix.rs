//! Safe fixes -> the spec's files, or a diff of them.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use similar::TextDiff;

use super::arguments::SpecArguments;
use super::load::load_edited;
use super::output;
use crate::lint::{Change, Fixed, Step, Subject, fix as mend, lint};
use crate::source::Input;
use crate::spec::Preset;

/// Applies safe fixes in memory; `None` for a spec that is no file.
///
/// # Errors
/// The spec can't be read or has errors.
pub fn fix(arguments: &SpecArguments, preset: Option<Preset>) -> Result<Option<Fixed>> {
    if arguments.spec.as_deref().is_some_and(|path| path == "-")
        || !matches!(arguments.input()?, Input::File(_))
    {
        return Ok(None);
    }
    let read = |edited: &HashMap<PathBuf, String>| step(arguments, preset, edited);
    mend(&read).map(Some)
}

fn step(
    arguments: &SpecArguments,
    preset: Option<Preset>,
    edited: &HashMap<PathBuf, String>,
) -> Result<Step> {
    let broken = || anyhow!("the spec has errors");
    let loaded = load_edited(arguments, false, edited)?.map_err(|_| broken())?;
    let (spec, gateway) = (loaded.spec.as_ref(), loaded.gateway.as_ref());
    let subject = Subject {
        document: &loaded.document,
        spec: spec.ok_or_else(broken)?,
        gateway: gateway.ok_or_else(broken)?,
    };
    let findings = lint(subject, preset).found;
    Ok(Step {
        findings,
        document: loaded.document,
    })
}

/// The changes as a unified diff that `git apply` and `patch -p1` take.
#[must_use]
pub fn diff(changes: &[Change]) -> String {
    let of = |change: &Change| {
        let path = change.path.display().to_string();
        let path = path.trim_start_matches("./");
        TextDiff::from_lines(&change.before, &change.after)
            .unified_diff()
            .context_radius(3)
            .header(&format!("a/{path}"), &format!("b/{path}"))
            .to_string()
    };
    changes.iter().map(of).collect()
}

/// Writes each changed file as a whole.
///
/// # Errors
/// A file can't be written; those before it are.
pub fn write(changes: &[Change]) -> Result<()> {
    changes
        .iter()
        .try_for_each(|change| output::write_file(&change.path, change.after.as_bytes()))
}
