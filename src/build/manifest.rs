//! What earlier builds wrote, as `report.json` says: only these files are ever replaced or removed.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::report::Artefact;

/// The names in the output folder that a build may write.
pub const ROOTS: [&str; 4] = ["aws", "kong", "nginx", "bff"];

/// The report's name in the output folder.
pub const REPORT: &str = "report.json";

/// Who wrote which file: path below the output folder to the targets that need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<String, Vec<Artefact>>,
}

#[derive(serde::Deserialize)]
struct Report {
    tool: Tool,
    #[serde(default)]
    artefacts: Vec<Artefact>,
}

#[derive(serde::Deserialize)]
struct Tool {
    name: String,
}

impl Manifest {
    /// Reads the report of an earlier build; `None` when the text is not one of ours.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let report: Report = serde_json::from_slice(text).ok()?;
        if report.tool.name != env!("CARGO_PKG_NAME") {
            return None;
        }
        let mut manifest = Self::default();
        for listed in report.artefacts {
            // A report that was tampered with must not make us remove what lies elsewhere.
            if is_ours(&listed.path) {
                manifest
                    .files
                    .entry(listed.path.clone())
                    .or_default()
                    .push(listed);
            }
        }
        Some(manifest)
    }

    /// Whether an earlier build wrote that file.
    #[must_use]
    pub fn wrote(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Files that only the given targets need.
    pub fn only_of<'a>(&'a self, targets: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.files
            .iter()
            .filter(move |(_, listed)| {
                listed
                    .iter()
                    .all(|one| targets.contains(&one.target.as_str()))
            })
            .map(|(path, _)| path.as_str())
    }

    /// The lines of targets other than those given, which this run leaves as they are.
    #[must_use]
    pub fn others(&self, targets: &[&str]) -> Vec<Artefact> {
        self.files
            .values()
            .flatten()
            .filter(|one| !targets.contains(&one.target.as_str()))
            .cloned()
            .collect()
    }
}

/// A relative path of plain names below one of [`ROOTS`].
#[must_use]
pub fn is_ours(path: &str) -> bool {
    let mut components = Path::new(path).components();
    let root = matches!(components.next(), Some(Component::Normal(name)) if ROOTS.iter().any(|root| name == *root));
    let mut below = components.peekable();
    root && below.peek().is_some() && below.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_report_that_names_files_elsewhere_owns_none_of_them() {
        for path in [
            "/etc/passwd",
            "../x",
            "nginx/../../x",
            "src/main.rs",
            "nginx",
            "",
            "./nginx/x",
        ] {
            assert!(!is_ours(path), "{path}");
        }
        assert!(is_ours("nginx/njs/gateway.js"));
    }

    #[test]
    fn a_file_of_another_program_is_no_report() {
        assert_eq!(Manifest::parse(b"{\"tool\":{\"name\":\"other\"}}"), None);
        assert_eq!(Manifest::parse(b"[]"), None);
        let ours = Manifest::parse(
            br#"{"tool":{"name":"gateway-gen"},"artefacts":[{"target":"kong","path":"kong/kong.yaml","bytes":1,"sha256":""}]}"#,
        );
        assert!(ours.unwrap().wrote("kong/kong.yaml"));
    }
}
