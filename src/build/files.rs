//! OUTCOMES -> FILES: one plan for the folder, and the report that lists it.

use std::path::Path;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use super::folder::{Folder, Plan};
use super::manifest::is_ours;
use super::outcome::Outcome;
use crate::report::{Artefact, Locator, Report, json};

/// What all targets together want to write.
#[derive(Debug, Default)]
pub struct Files {
    /// Path to content.
    pub plan: Plan,
    /// For the report, in the order of targets.
    pub artefacts: Vec<Artefact>,
}

/// Collects the files of all outcomes, and takes their content: it may be large.
///
/// # Errors
/// A target names a file outside its folder, or two want different content in one: mistakes of the program.
pub fn files(outcomes: &mut [Outcome]) -> Result<Files> {
    let mut files = Files::default();
    for outcome in outcomes {
        let id = outcome.target.id;
        let emitted = outcome.emitted.iter_mut();
        for artefact in emitted.flat_map(|emitted| &mut emitted.artefacts) {
            let root = artefact.path.split('/').next();
            if !is_ours(&artefact.path) || (root != Some(id) && root != Some("bff")) {
                bail!("internal error: {id} wants to write `{}`", artefact.path);
            }
            let content = std::mem::take(&mut artefact.content);
            files.artefacts.push(Artefact {
                target: id.to_owned(),
                path: artefact.path.clone(),
                bytes: content.len() as u64,
                sha256: hex(&content),
            });
            if files
                .plan
                .get(&artefact.path)
                .is_some_and(|other| *other != content)
            {
                bail!(
                    "internal error: two contents are wanted in `{}`",
                    artefact.path
                );
            }
            files.plan.insert(artefact.path.clone(), content);
        }
    }
    Ok(files)
}

fn hex(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of `report.json`. It does not depend on where the program was started: files are named from the spec's
/// folder on. Artefacts of targets that this run leaves alone stay listed.
#[must_use]
pub fn report_text(
    report: &Report,
    locator: &Locator<'_>,
    folder: &Folder,
    targets: &[&str],
) -> String {
    let mut output = json::output(report, locator);
    let base = Path::new(&report.spec).parent().map(Path::to_owned);
    let shorten = |file: &mut Option<String>| {
        let name = file.as_deref().map(Path::new);
        let short = name
            .zip(base.as_deref())
            .and_then(|(name, base)| name.strip_prefix(base).ok());
        if let Some(short) = short.map(|short| short.display().to_string()) {
            *file = Some(short);
        }
    };
    for found in &mut output.diagnostics {
        shorten(&mut found.file);
        for other in &mut found.related {
            shorten(&mut other.file);
        }
    }
    for lost in &mut output.losses {
        shorten(&mut lost.file);
    }
    let mut spec = Some(output.spec);
    shorten(&mut spec);
    output.spec = spec.unwrap_or_default();
    output.artefacts.extend(folder.manifest().others(targets));
    output
        .artefacts
        .sort_by(|a, b| (&a.path, &a.target).cmp(&(&b.path, &b.target)));
    json::text(&output)
}
