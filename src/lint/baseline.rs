//! Findings of an earlier run <-> a file of fingerprints, so that only new findings count.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::report::Diagnostic;

/// What a baseline file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// 1.
    pub version: u32,
    /// One line a finding.
    pub findings: Vec<Old>,
}

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Old {
    /// What it is recognised by.
    pub fingerprint: String,
    /// Its code, for people.
    pub code: String,
    /// Its place, for people.
    pub pointer: String,
}

/// A fingerprint for each finding: of its code, its target and its place by names, not by lines. Several
/// at the same place are told apart by their number.
#[must_use]
pub fn fingerprints(findings: &[Diagnostic]) -> Vec<String> {
    let mut seen: HashMap<(&str, Option<&str>, String), usize> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let pointer = pointer(finding);
            let key = (finding.code.id, finding.target, pointer.clone());
            let number = seen.entry(key).or_default();
            *number += 1;
            let target = finding.target.unwrap_or_default();
            let text = format!("{}\0{target}\0{pointer}\0{number}", finding.code.id);
            let digest = Sha256::digest(text.as_bytes());
            digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        })
        .collect()
}

fn pointer(finding: &Diagnostic) -> String {
    finding
        .place
        .pointer()
        .map(ToString::to_string)
        .unwrap_or_default()
}

impl Baseline {
    /// Of these findings.
    #[must_use]
    pub fn of(findings: &[Diagnostic]) -> Self {
        let old = fingerprints(findings)
            .into_iter()
            .zip(findings)
            .map(|(fingerprint, finding)| Old {
                fingerprint,
                code: finding.code.id.to_owned(),
                pointer: pointer(finding),
            });
        Self {
            version: 1,
            findings: old.collect(),
        }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// It is not JSON of this form or version; the message says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match baseline.version {
            1 => Ok(baseline),
            other => Err(format!("version {other} is not known")),
        }
    }

    /// The file's text.
    #[must_use]
    pub fn print(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }

    /// Splits findings into new ones and known ones.
    #[must_use]
    pub fn split(&self, findings: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let known: HashSet<&str> = self
            .findings
            .iter()
            .map(|old| old.fingerprint.as_str())
            .collect();
        let prints = fingerprints(&findings).into_iter();
        let (old, new): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .zip(prints)
            .partition(|(_, print)| known.contains(print.as_str()));
        let plain = |pairs: Vec<(Diagnostic, String)>| pairs.into_iter().map(|(one, _)| one);
        (plain(new).collect(), plain(old).collect())
    }
}
