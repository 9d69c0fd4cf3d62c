//! `include: [globs]` -> one tree: reads the files, nested, and joins their maps of names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::builder::Comment;
use super::events;
use super::input::{self, Input, MAX_BYTES};
use super::scalars::Scalars;
use super::sources::Sources;
use super::tree::{Entry, Kind, Node, NodeId, Tree};
use super::{FileId, Pointer, ReadOptions, Span, codes, glob};
use crate::report::{Diagnostic, Place};

/// Maps whose entries may come from several files.
pub(super) const NAMED: [&str; 6] = [
    "auth",
    "consumers",
    "plans",
    "services",
    "routes",
    "targets",
];

/// Reads files into one tree.
pub(super) struct Loader<'a> {
    pub options: &'a ReadOptions<'a>,
    /// Texts that stand for files, by path.
    pub edited: &'a HashMap<PathBuf, String>,
    pub sources: &'a mut Sources,
    pub tree: Tree,
    pub comments: Vec<Comment>,
    pub diagnostics: Vec<Diagnostic>,
    /// Files being read, from the spec down to the one at hand, by canonical path.
    open: Vec<PathBuf>,
    /// Files read, so that none is read twice.
    seen: Vec<PathBuf>,
}

impl<'a> Loader<'a> {
    pub fn new(
        options: &'a ReadOptions<'a>,
        edited: &'a HashMap<PathBuf, String>,
        sources: &'a mut Sources,
    ) -> Self {
        Self {
            options,
            edited,
            sources,
            tree: Tree::default(),
            comments: Vec::new(),
            diagnostics: Vec::new(),
            open: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Reads the spec with all it includes.
    ///
    /// # Errors
    /// A file can't be read or parsed.
    pub fn spec(&mut self) -> Result<NodeId, Box<Diagnostic>> {
        let mut roots = Vec::new();
        match &self.options.input {
            Input::File(path) => self.file(path, &Place::Nowhere, &mut roots)?,
            Input::Text { name, text } => {
                self.bytes(name, text.clone().into_bytes(), &mut roots)?
            }
            Input::Bytes { name, bytes } => self.bytes(name, bytes.clone(), &mut roots)?,
        }
        Ok(self.join(&roots))
    }

    fn bytes(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        roots: &mut Vec<NodeId>,
    ) -> Result<(), Box<Diagnostic>> {
        let file = input::add(self.sources, name.to_owned(), None, bytes, MAX_BYTES)?;
        let root = self.parse(file)?;
        roots.push(root);
        self.includes(root, Path::new(""), roots)
    }

    /// Parses one file that is loaded.
    ///
    /// # Errors
    /// It can't be parsed.
    pub fn parse(&mut self, file: FileId) -> Result<NodeId, Box<Diagnostic>> {
        let variables = self.options.variables;
        let mut scalars = Scalars {
            sources: self.sources,
            variables,
            diagnostics: Vec::new(),
        };
        let parsed = events::parse(self.sources, file, &mut self.tree, &mut |scalar, kept| {
            scalars.take(scalar, kept)
        });
        self.diagnostics.append(&mut scalars.diagnostics);
        let parsed = parsed?;
        self.diagnostics.extend(parsed.diagnostics);
        self.comments.extend(parsed.comments);
        let nothing = Node {
            span: Span {
                file,
                start: 0,
                end: 0,
            },
            kind: Kind::Map(Box::default()),
        };
        Ok(parsed.root.unwrap_or_else(|| self.tree.add(nothing)))
    }

    fn file(
        &mut self,
        path: &Path,
        place: &Place,
        roots: &mut Vec<NodeId>,
    ) -> Result<(), Box<Diagnostic>> {
        let file = input::load(self.sources, self.edited, path, place)?;
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        self.seen.push(canonical.clone());
        self.open.push(canonical);
        let root = self.parse(file)?;
        roots.push(root);
        self.includes(root, path.parent().unwrap_or(Path::new("")), roots)?;
        self.open.pop();
        Ok(())
    }

    /// Reads what `include` of a file's root names, and takes that key out of the tree.
    fn includes(
        &mut self,
        root: NodeId,
        folder: &Path,
        roots: &mut Vec<NodeId>,
    ) -> Result<(), Box<Diagnostic>> {
        let Some(at) = self.tree.find(self.sources, root, "include") else {
            return Ok(());
        };
        let mut entries = self.tree.entries(root).to_vec();
        let value = entries.remove(at).value;
        self.replace(root, entries);
        let patterns = match &self.tree.get(value).kind {
            Kind::List(items) => items.to_vec(),
            Kind::Scalar { .. } => vec![value],
            Kind::Map(_) | Kind::Broken => Vec::new(),
        };
        for (n, node) in patterns.into_iter().enumerate() {
            let pointer = Pointer::root().key("include").index(n);
            let place = Place::Text {
                pointer,
                span: self.tree.get(node).span,
            };
            match self.tree.scalar(self.sources, node).map(str::to_owned) {
                Some(pattern) if !pattern.is_empty() => {
                    self.pattern(&pattern, folder, &place, roots)?
                }
                _ if matches!(self.tree.get(node).kind, Kind::Broken) => {}
                _ => self.form(place),
            }
        }
        if matches!(self.tree.get(value).kind, Kind::Map(_)) {
            let place = Place::Text {
                pointer: Pointer::root().key("include"),
                span: self.tree.get(value).span,
            };
            self.form(place);
        }
        Ok(())
    }

    fn form(&mut self, place: Place) {
        let found = Diagnostic::error(
            codes::INCLUDE_FORM,
            place,
            "expected a file name or a pattern such as `routes/*.yaml`",
        );
        self.diagnostics.push(found);
    }

    fn pattern(
        &mut self,
        pattern: &str,
        folder: &Path,
        place: &Place,
        roots: &mut Vec<NodeId>,
    ) -> Result<(), Box<Diagnostic>> {
        if !glob::is_pattern(pattern) {
            let path = folder.join(pattern);
            if !path.exists() {
                let message = format!("can't read `{}`: there is no such file", path.display());
                let help = "an included file is looked for beside the file that includes it";
                return Err(Box::new(
                    Diagnostic::error(codes::INCLUDE_MISSING, place.clone(), message).help(help),
                ));
            }
            return self.include(&path, place, true, roots);
        }
        let files = glob::files(folder, pattern);
        if files.is_empty() {
            let found = Diagnostic::warn(
                codes::INCLUDE_MISSING,
                place.clone(),
                format!("no file matches `{pattern}`"),
            );
            self.diagnostics.push(found.help(
                "patterns are relative to the file that includes; `**` stands for any folders",
            ));
        }
        for path in files {
            self.include(&path, place, false, roots)?;
        }
        Ok(())
    }

    /// `named`: the file was named in full, so naming one that is being read is a mistake and not a pattern's reach.
    fn include(
        &mut self,
        path: &Path,
        place: &Place,
        named: bool,
        roots: &mut Vec<NodeId>,
    ) -> Result<(), Box<Diagnostic>> {
        let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(at) = self.open.iter().position(|open| *open == canonical) {
            let outer = self.open.len() > at + 1;
            if named || outer {
                let name = |path: &PathBuf| {
                    path.file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned()
                };
                let ring: Vec<String> = self.open[at..]
                    .iter()
                    .chain([&canonical])
                    .map(name)
                    .collect();
                let message = format!("this include never ends: {}", ring.join(" -> "));
                let found = Diagnostic::error(codes::INCLUDE_CYCLE, place.clone(), message);
                self.diagnostics
                    .push(found.help("remove one of these includes"));
            }
            return Ok(());
        }
        if self.seen.contains(&canonical) {
            return Ok(());
        }
        self.file(path, place, roots)
    }

    /// Joins the roots of all files: maps of names entry by entry, anything else may stand in one file only.
    fn join(&mut self, roots: &[NodeId]) -> NodeId {
        let [spec, included @ ..] = roots else {
            return self.tree.add(Node {
                span: Span {
                    file: FileId(0),
                    start: 0,
                    end: 0,
                },
                kind: Kind::Map(Box::default()),
            });
        };
        if included.is_empty() {
            return *spec;
        }
        let mut entries = self.tree.entries(*spec).to_vec();
        // The parts that make up each joined map, by its place in `entries`.
        let mut parts: Vec<Vec<NodeId>> = entries.iter().map(|entry| vec![entry.value]).collect();
        for root in included {
            self.check_map(*root);
            for entry in self.tree.entries(*root).to_vec() {
                let key = self.tree.key(self.sources, &entry);
                match entries
                    .iter()
                    .position(|other| self.tree.key(self.sources, other) == key)
                {
                    None => {
                        parts.push(vec![entry.value]);
                        entries.push(entry);
                    }
                    Some(at) if NAMED.contains(&key) => parts[at].push(entry.value),
                    Some(_) if key.starts_with("x-") => {}
                    Some(at) if key == "version" && self.same(entries[at].value, entry.value) => {}
                    Some(at) => {
                        let found = self.twice(&Pointer::root(), &entries[at], &entry);
                        self.diagnostics.push(found);
                    }
                }
            }
        }
        for (at, parts) in parts
            .iter()
            .enumerate()
            .filter(|(_, parts)| parts.len() > 1)
        {
            let pointer = Pointer::root().key(self.tree.key(self.sources, &entries[at]));
            entries[at].value = self.join_names(&pointer, parts);
        }
        self.replace(*spec, entries);
        *spec
    }

    fn join_names(&mut self, pointer: &Pointer, parts: &[NodeId]) -> NodeId {
        if let Some(other) = parts
            .iter()
            .find(|part| !matches!(self.tree.get(**part).kind, Kind::Map(_)))
        {
            return *other;
        }
        let entries: Vec<Entry> = parts
            .iter()
            .flat_map(|part| self.tree.entries(*part).to_vec())
            .collect();
        let span = self.tree.get(parts[0]).span;
        let node = self.tree.add(Node {
            span,
            kind: Kind::Map(entries.into()),
        });
        self.tree.index(self.sources, node);
        let duplicates = self.tree.duplicates(self.sources, node);
        for (first, later) in duplicates.iter().copied() {
            let entries = self.tree.entries(node);
            // Within one file it was reported as a duplicate key.
            if entries[first].key_span.file != entries[later].key_span.file {
                let found = self.twice(pointer, &entries[first], &entries[later]);
                self.diagnostics.push(found);
            }
        }
        self.tree.keep_first(self.sources, node, &duplicates);
        node
    }

    fn twice(&self, parent: &Pointer, first: &Entry, later: &Entry) -> Diagnostic {
        let key = self.tree.key(self.sources, later);
        let place = |entry: &Entry| Place::Text {
            pointer: parent.key(key),
            span: entry.key_span,
        };
        Diagnostic::error(
            codes::DEFINED_TWICE,
            place(later),
            format!("`{key}` is defined in two files"),
        )
        .label("defined again here")
        .help("rename or remove one of them")
        .related(place(first), "first defined here")
    }

    fn same(&self, one: NodeId, other: NodeId) -> bool {
        let text = |node| self.tree.scalar(self.sources, node);
        text(one).is_some() && text(one) == text(other)
    }

    fn check_map(&mut self, root: NodeId) {
        if !matches!(self.tree.get(root).kind, Kind::Map(_)) {
            let place = Place::Text {
                pointer: Pointer::root(),
                span: self.tree.get(root).span,
            };
            let found = Diagnostic::error(
                codes::INCLUDE_FORM,
                place,
                "an included file must be a map, like a spec",
            );
            self.diagnostics
                .push(found.help("it may have any of the spec's own keys, such as `routes:`"));
        }
    }

    pub fn replace(&mut self, node: NodeId, entries: Vec<Entry>) {
        self.tree.get_mut(node).kind = Kind::Map(entries.into());
        self.tree.index(self.sources, node);
    }
}
