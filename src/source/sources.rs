//! File text -> numbered sources: names files, keeps their text and turns byte offsets into lines and columns.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{FileId, Position, Span};

/// One file of a run.
#[derive(Debug)]
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    text: String,
    lines: OnceLock<Vec<u32>>,
}

impl Source {
    /// The name to print: the path as the user gave it, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file's path; `None` for text that came from elsewhere.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The whole text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Byte offsets at which lines start.
    #[must_use]
    pub fn line_starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = self
                .text
                .bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0)
                .chain(ends.map(|(at, _)| offset(at + 1)))
                .collect()
        })
    }

    /// The position of a byte offset; offsets past the end mean the end.
    #[must_use]
    pub fn position(&self, at: u32) -> Position {
        let mut at = (at as usize).min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start as usize <= at).max(1);
        let start = starts[line - 1] as usize;
        let column = self.text[start..at].chars().count() + 1;
        Position {
            line: offset(line),
            column: offset(column),
            offset: offset(at),
        }
    }
}

/// All files of a run, by number.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file's text; offsets are 32 bits, which the input cap guarantees.
    pub fn add(&mut self, name: String, path: Option<PathBuf>, text: String) -> FileId {
        self.files.push(Source {
            name,
            path,
            text,
            lines: OnceLock::new(),
        });
        FileId(offset(self.files.len() - 1))
    }

    /// The file with this number.
    #[must_use]
    pub fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// Every file, in the order of reading; the first is the spec itself.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, source)| (FileId(offset(at)), source))
    }

    /// The text of a span; empty where the span lies outside its file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|source| source.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    }

    /// Bytes of all texts together.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.files.iter().map(|source| source.text.len()).sum()
    }

    /// Start and end of a span as printed positions.
    #[must_use]
    pub fn positions(&self, span: Span) -> Option<(Position, Position)> {
        let source = self.get(span.file)?;
        Some((source.position(span.start), source.position(span.end)))
    }
}

/// A byte count or line number as 32 bits; inputs are capped far below that.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Sources;

    #[test]
    fn columns_count_characters_and_offsets_count_bytes() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), None, "ä: 1\r\nbö: 2".into());
        let at = sources.get(file).unwrap().position(10);
        assert_eq!((at.line, at.column, at.offset), (2, 3, 10));
    }

    #[test]
    fn an_offset_past_the_end_means_the_end() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), None, "a: 1\n".into());
        let at = sources.get(file).unwrap().position(99);
        assert_eq!((at.line, at.column), (2, 1));
    }
}
