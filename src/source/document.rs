//! The spec as text and tree: typed decoding, and where everything stands.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::comments::Allow;
use super::decode::{self, Decoded};
use super::sources::{Sources, offset};
use super::tree::{Found, Kind, NodeId, Tree};
use super::{Part, Pointer, Span};
use crate::report::{Diagnostic, Place};

/// Keys whose values are never repeated in a message.
const SECRET_KEYS: [&str; 4] = ["api_key", "password", "secret", "client_key"];

/// A spec that has been read: all files of it as one tree.
#[derive(Debug)]
pub struct Document {
    pub(super) sources: Sources,
    pub(super) tree: Tree,
    pub(super) root: NodeId,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) allows: Vec<Allow>,
}

impl Document {
    /// Decodes the whole spec; every mistake is reported at its place.
    #[must_use]
    pub fn decode<T: DeserializeOwned>(&self) -> Decoded<T> {
        decode::decode(self)
    }

    /// What was found while reading: duplicate keys, unset variables and the like.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// All files of the run.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The allow comments, in the order of the text.
    #[must_use]
    pub fn allows(&self) -> &[Allow] {
        &self.allows
    }

    /// The bytes a place means. A pointer to a value that defaults is where the nearest value around it stands.
    #[must_use]
    pub fn locate(&self, place: &Place) -> Option<Span> {
        match place {
            Place::Nowhere => None,
            Place::Text { span, .. } => Some(*span),
            Place::Node { pointer, part } => {
                let mut found = self.follow(pointer);
                let mut part = *part;
                let mut around = pointer.clone();
                while found.is_none() {
                    around = around.parent()?;
                    found = self.follow(&around);
                    part = Part::Key;
                }
                found.map(|found| self.part(&found, part))
            }
        }
    }

    fn part(&self, found: &Found, part: Part) -> Span {
        let value = self.tree.get(found.node).span;
        match (part, found.parent) {
            (Part::Key, Some((parent, at))) => self
                .tree
                .entries(parent)
                .get(at)
                .map_or_else(|| self.first_line(found.node), |entry| entry.key_span),
            (Part::Key, None) => self.first_line(found.node),
            (Part::Value, _) => value,
        }
    }

    /// What stands for a map or list without a key of its own: its first key, or its first line.
    fn first_line(&self, node: NodeId) -> Span {
        if let Some(entry) = self.tree.entries(node).first() {
            return entry.key_span;
        }
        let span = self.tree.get(node).span;
        let line = self
            .sources
            .slice(span)
            .lines()
            .next()
            .unwrap_or_default()
            .len();
        Span {
            end: span.start + super::sources::offset(line),
            ..span
        }
    }

    /// Whether the spec's text has a node there, also one that could not be decoded.
    #[must_use]
    pub fn has(&self, pointer: &Pointer) -> bool {
        self.follow(pointer).is_some()
    }

    /// The keys of the map there, also of entries that could not be decoded; none if there is no map.
    pub fn keys(&self, pointer: &Pointer) -> impl Iterator<Item = &str> {
        let entries = self
            .follow(pointer)
            .map(|found| self.tree.entries(found.node))
            .unwrap_or_default();
        entries
            .iter()
            .map(|entry| self.tree.key(&self.sources, entry))
    }

    /// A scalar's text as it stands after variables were replaced; `None` for maps and lists.
    #[must_use]
    pub fn text(&self, pointer: &Pointer) -> Option<&str> {
        self.tree.scalar(&self.sources, self.follow(pointer)?.node)
    }

    /// The file that has the node there: files named in a spec are relative to the file that names them.
    #[must_use]
    pub fn file_of(&self, pointer: &Pointer) -> Option<&Path> {
        let span = self.locate(&Place::value(pointer.clone()))?;
        self.sources.get(span.file)?.path()
    }

    /// Whether the literal there is one that is never to be printed.
    #[must_use]
    pub fn is_secret(&self, pointer: &Pointer) -> bool {
        let steps: Vec<String> = pointer.steps().collect();
        let key = steps
            .iter()
            .rev()
            .find(|step| step.parse::<usize>().is_err());
        let inside = key.is_some_and(|key| SECRET_KEYS.contains(&key.as_str()));
        inside
            && self
                .text(pointer)
                .is_some_and(|text| !text.starts_with("secret://"))
    }

    /// Where literals stand that are never to be printed: values, or lists of them, under a key that holds secrets, and
    /// what stands before the `@` of a URL.
    #[must_use]
    pub fn secrets(&self) -> Vec<Span> {
        let mut found = Vec::new();
        let mut open = vec![(self.root, false)];
        while let Some((node, inside)) = open.pop() {
            match &self.tree.get(node).kind {
                Kind::Map(entries) => open.extend(entries.iter().map(|entry| {
                    let key = self.tree.key(&self.sources, entry);
                    (entry.value, SECRET_KEYS.contains(&key))
                })),
                Kind::List(items) => open.extend(items.iter().map(|item| (*item, inside))),
                Kind::Scalar { .. } if inside => {
                    let span = self.tree.get(node).span;
                    let source = self.sources.slice(span);
                    let reference = source.trim_start_matches(['"', '\'']);
                    if !reference.starts_with("secret://") && !reference.starts_with("${") {
                        found.push(span);
                    }
                }
                Kind::Scalar { .. } => {
                    let span = self.tree.get(node).span;
                    let source = self.sources.slice(span);
                    found.extend(user_information(source).map(|part| Span {
                        start: span.start + offset(part.start),
                        end: span.start + offset(part.end),
                        ..span
                    }));
                }
                Kind::Broken => {}
            }
        }
        found
    }

    pub(super) fn follow(&self, pointer: &Pointer) -> Option<Found> {
        self.tree.follow(&self.sources, self.root, pointer)
    }

    /// Whether the node could not be read and was reported already.
    #[must_use]
    pub fn is_broken(&self, pointer: &Pointer) -> bool {
        self.follow(pointer)
            .is_some_and(|found| matches!(self.tree.get(found.node).kind, Kind::Broken))
    }
}

/// Where a URL's user and password stand in `text` (RFC 3986 section 3.2.1), unless they are variables.
fn user_information(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find("://")? + 3;
    let authority = &text[start..];
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let at = authority[..end].rfind('@')?;
    let part = start..start + at;
    (at > 0 && !text[part.clone()].contains("${")).then_some(part)
}
