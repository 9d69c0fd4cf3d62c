//! A file as the report printer sees it: found by line, so long files cost nothing, with secrets blotted out.

use std::borrow::Cow;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::source::{Source, Span};

/// A line longer than this is cut around the place, because wrapped JSON of one line is unreadable.
const LONGEST_LINE: usize = 400;

/// One file.
pub(super) struct Window<'a> {
    name: &'a str,
    text: Cow<'a, str>,
    lines: &'a [u32],
}

impl<'a> Window<'a> {
    /// `secrets`: what to blot out, in this file.
    pub fn new(source: &'a Source, secrets: &[Span]) -> Self {
        let mut text = Cow::Borrowed(source.text());
        if !secrets.is_empty() {
            let mut bytes = source.text().as_bytes().to_vec();
            for span in secrets {
                for byte in bytes
                    .get_mut(span.start as usize..span.end as usize)
                    .unwrap_or_default()
                {
                    if !matches!(byte, b'\n' | b'\r' | b' ') {
                        *byte = b'*';
                    }
                }
            }
            // Whole scalars are replaced, so no character is cut.
            text = Cow::Owned(String::from_utf8_lossy(&bytes).into_owned());
        }
        if let Some(harmless) = without_controls(&text) {
            text = Cow::Owned(harmless);
        }
        Self {
            name: source.name(),
            text,
            lines: source.line_starts(),
        }
    }

    /// Where a line ends, with its line end.
    fn end_of(&self, line: usize) -> usize {
        self.lines
            .get(line + 1)
            .map_or(self.text.len(), |end| *end as usize)
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines
            .partition_point(|start| *start as usize <= at)
            .max(1)
            - 1
    }

    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0)
    }
}

/// The text with every control character that could steer a terminal replaced by one of the same length; none: there is none.
fn without_controls(text: &str) -> Option<String> {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let may = |byte: &u8| *byte < 0x20 || *byte == 0x7f || *byte == 0xc2;
    if !text.as_bytes().iter().any(may) || !text.contains(steers) {
        return None;
    }
    let shown = |c: char| match c.len_utf8() {
        _ if !steers(c) => c,
        1 => '?',
        _ => '\u{b7}',
    };
    Some(text.chars().map(shown).collect())
}

impl SourceCode for Window<'_> {
    fn read_span<'b>(
        &'b self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'b> + 'b>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (first, last) = (
            self.line_of(start),
            self.line_of(end.saturating_sub(1).max(start)),
        );
        let top = first.saturating_sub(before);
        let mut from = if before == 0 {
            start
        } else {
            self.lines.get(top).map_or(0, |at| *at as usize)
        };
        let bottom = (last + after).min(self.lines.len() - 1);
        let mut to = if after == 0 { end } else { self.end_of(bottom) };
        let mut column = if before == 0 {
            self.text[self.lines[first] as usize..start].chars().count()
        } else {
            0
        };
        let mut line = if before == 0 { first } else { top };
        if to - from > LONGEST_LINE * (before + after + 1) {
            from = self
                .boundary(start.saturating_sub(LONGEST_LINE / 4))
                .max(self.lines[first] as usize);
            to = self
                .boundary(end.max(start + LONGEST_LINE / 4))
                .min(self.end_of(last))
                .max(end);
            column = self.text[self.lines[first] as usize..from].chars().count();
            line = first;
        }
        let data = &self.text.as_bytes()[from..to];
        let covered = SourceSpan::from((from, to - from));
        let contents = MietteSpanContents::new_named(
            self.name.to_owned(),
            data,
            covered,
            line,
            column,
            last + 1,
        );
        Ok(Box::new(contents))
    }
}
