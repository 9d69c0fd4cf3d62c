//! What the builder refuses, in words.

use super::{Builder, Frame, Items, MAX_DEPTH};
use crate::report::{Code, Diagnostic, Place};
use crate::source::sources::{Sources, offset};
use crate::source::tree::{NodeId, Text};
use crate::source::{FileId, Pointer, Span, codes};

impl Builder<'_> {
    pub fn fatal(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let pointer = pointer(self.sources, self.file, &self.frames);
        Diagnostic::error(code, Place::Text { pointer, span }, message)
    }

    pub(super) fn too_deep(&self, span: Span) -> Diagnostic {
        let message = format!("values nest deeper than {MAX_DEPTH} levels");
        let start = self.first(span, 1);
        self.fatal(codes::TOO_DEEP, start, message).help(
            "no part of a spec needs that: look for a bracket or an indent that is never closed",
        )
    }

    pub fn several_documents(&self, span: Span) -> Diagnostic {
        self.fatal(codes::DOCUMENTS, self.first(span, 3), "a second document starts here")
            .help("a spec is one document: put the rest into a file of its own and name it under `include`")
    }

    /// The first characters of the text at a span.
    pub(super) fn first(&self, span: Span, count: usize) -> Span {
        let rest = self.source().get(span.start as usize..).unwrap_or_default();
        let len: usize = rest.chars().take(count).map(char::len_utf8).sum();
        Span {
            end: span.start + offset(len),
            ..span
        }
    }

    pub(super) fn merge_key(&self, span: Span) -> Diagnostic {
        self.fatal(
            codes::MERGE_KEY,
            span,
            "merge keys (`<<`) are not supported",
        )
        .help("YAML 1.2 has none; write shared settings under `defaults`, or alias the whole value")
    }

    pub(super) fn duplicates(&mut self, node: NodeId) {
        let duplicates = self.tree.duplicates(self.sources, node);
        for (first, later) in duplicates.iter().copied() {
            let entries = self.tree.entries(node);
            let key = self.tree.key(self.sources, &entries[later]);
            let pointer = pointer(self.sources, self.file, &self.frames).key(key);
            let place = |at: usize| Place::Text {
                pointer: pointer.clone(),
                span: entries[at].key_span,
            };
            let found = Diagnostic::error(
                codes::DUPLICATE_KEY,
                place(later),
                format!("`{key}` is given twice"),
            )
            .label("given again here")
            .help("keep one of them: which one would win differs between readers")
            .related(place(first), "first given here");
            self.parsed.diagnostics.push(found);
        }
        self.tree.keep_first(self.sources, node, &duplicates);
    }
}

/// The pointer of the value that is being read.
pub(super) fn pointer(sources: &Sources, file: FileId, frames: &[Frame]) -> Pointer {
    let mut pointer = Pointer::root();
    for frame in frames {
        match &frame.items {
            Items::List(items) => pointer = pointer.index(items.len()),
            Items::Map {
                key: Some((key, _)),
                ..
            } => {
                let key = match key {
                    Text::Owned(text) => text,
                    Text::Slice { start, end } => sources.slice(Span {
                        file,
                        start: *start,
                        end: *end,
                    }),
                };
                pointer = pointer.key(key);
            }
            Items::Map { key: None, .. } => {}
        }
    }
    pointer
}
