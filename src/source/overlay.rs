//! `--env NAME` -> the spec with `<spec>.<NAME>.yaml` merged into it (JSON Merge Patch, RFC 7396, with known paths only).

use std::path::{Path, PathBuf};

use super::include::{Loader, NAMED};
use super::input;
use super::scalar::{Value, resolve};
use super::tree::{Entry, Kind, Node, NodeId};
use super::{Pointer, codes, nearest};
use crate::report::{Diagnostic, Place};

/// Maps of names further down; `*` stands for any key.
const NAMED_BELOW: [&[&str]; 12] = [
    &["targets", "*", "allow"],
    &["routes", "*", "gather"],
    &["routes", "*", "respond", "headers"],
    &["auth", "*", "jwt", "forward"],
    &["lint", "rules"],
    &["lint", "paths"],
    &["lint", "paths", "*"],
    &["*", "request_headers", "set"],
    &["*", "response_headers", "set"],
    &["routes", "*", "request_headers", "set"],
    &["routes", "*", "response_headers", "set"],
    &["services", "*", "via"],
];

impl Loader<'_> {
    /// Merges the overlay of an environment into `root` and returns the new root.
    ///
    /// # Errors
    /// There is no such file, or it can't be read or parsed.
    pub fn overlay(
        &mut self,
        root: NodeId,
        spec: Option<&Path>,
        env: &str,
    ) -> Result<NodeId, Box<Diagnostic>> {
        let refuse = |message: String| {
            Box::new(Diagnostic::error(
                codes::OVERLAY_MISSING,
                Place::Nowhere,
                message,
            ))
        };
        let Some(spec) = spec else {
            return Err(refuse(
                "`--env` needs a spec that is a file: an overlay lies beside it".into(),
            ));
        };
        if env.is_empty() || env.contains(['/', '\\', '\0']) {
            return Err(refuse(format!(
                "`{env}` can't be the name of an environment"
            )));
        }
        let path = overlay_path(spec, env);
        if !path.is_file() {
            let message = format!("can't read `{}`: there is no such file", path.display());
            return Err(Box::new(refuse(message).help(
                "`--env NAME` merges the file `<spec>.NAME.yaml` beside the spec",
            )));
        }
        let file = input::load(self.sources, self.edited, &path, &Place::Nowhere)?;
        let patch = self.parse(file)?;
        Ok(self.merge(root, patch, &Pointer::root(), false))
    }

    /// The node that `base` becomes under `patch`. Nodes are copied, not changed: aliases may share them.
    fn merge(&mut self, base: NodeId, patch: NodeId, pointer: &Pointer, free: bool) -> NodeId {
        let both_maps = [base, patch]
            .iter()
            .all(|node| matches!(self.tree.get(*node).kind, Kind::Map(_)));
        if !both_maps {
            return patch;
        }
        let mut entries: Vec<Option<Entry>> =
            self.tree.entries(base).iter().cloned().map(Some).collect();
        let free = free || is_named(pointer) || pointer.steps().any(|step| step == "raw");
        for change in self.tree.entries(patch).to_vec() {
            let key = self.tree.key(self.sources, &change).to_owned();
            let place = Place::Text {
                pointer: pointer.key(&key),
                span: change.key_span,
            };
            let found = self.tree.find(self.sources, base, &key);
            match found {
                Some(at) if self.is_null(change.value) => entries[at] = None,
                Some(at) => {
                    let before = self.tree.entries(base)[at].value;
                    let value = self.merge(before, change.value, &pointer.key(&key), free);
                    let key_of = if value == change.value {
                        change
                    } else {
                        self.tree.entries(base)[at].clone()
                    };
                    entries[at] = Some(Entry { value, ..key_of });
                }
                None if free && !self.is_null(change.value) => entries.push(Some(change)),
                None if key.starts_with("x-") => {}
                None => {
                    let found = self.unknown_path(base, &key, place);
                    self.diagnostics.push(found);
                }
            }
        }
        let kept: Vec<Entry> = entries.into_iter().flatten().collect();
        let span = self.tree.get(base).span;
        let node = self.tree.add(Node {
            span,
            kind: Kind::Map(kept.into()),
        });
        self.tree.index(self.sources, node);
        node
    }

    fn unknown_path(&self, base: NodeId, key: &str, place: Place) -> Diagnostic {
        let keys = self
            .tree
            .entries(base)
            .iter()
            .map(|entry| self.tree.key(self.sources, entry));
        let help = match nearest(key, keys) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "an overlay changes what the spec has: write the key into the spec too".into(),
        };
        Diagnostic::error(
            codes::OVERLAY_PATH,
            place,
            format!("the spec has no `{key}` here"),
        )
        .help(help)
    }

    fn is_null(&self, node: NodeId) -> bool {
        let plain = matches!(self.tree.get(node).kind, Kind::Scalar { plain: true, .. });
        plain
            && self
                .tree
                .scalar(self.sources, node)
                .is_some_and(|text| resolve(text) == Value::Null)
    }
}

/// `gateway.yaml` and `prod` give `gateway.prod.yaml`.
fn overlay_path(spec: &Path, env: &str) -> PathBuf {
    let stem = spec.file_stem().unwrap_or_default().to_string_lossy();
    let name = match spec.extension() {
        Some(extension) => format!("{stem}.{env}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{env}"),
    };
    spec.with_file_name(name)
}

fn is_named(pointer: &Pointer) -> bool {
    let steps: Vec<String> = pointer.steps().collect();
    let fits = |pattern: &&[&str]| {
        pattern.len() == steps.len()
            && pattern
                .iter()
                .zip(&steps)
                .all(|(part, step)| *part == "*" || part == step)
    };
    match steps.as_slice() {
        [name] => NAMED.contains(&name.as_str()),
        _ => NAMED_BELOW.iter().any(fits),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::overlay_path;

    #[test]
    fn the_environment_stands_before_the_extension() {
        assert_eq!(
            overlay_path(Path::new("a/gateway.yaml"), "prod"),
            PathBuf::from("a/gateway.prod.yaml")
        );
        assert_eq!(
            overlay_path(Path::new("spec"), "prod"),
            PathBuf::from("spec.prod")
        );
    }
}
