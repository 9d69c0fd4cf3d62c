//! Syntax mistake of the event parser -> a message with cause and remedy.

use super::builder::MAX_DEPTH;
use super::codes;
use super::events::SyntaxKind;
use super::sources::offset;
use crate::report::{Code, Diagnostic};

/// Words a syntax mistake at byte `at` of `text`; `make` builds the diagnostic from a byte range, code and message.
pub(super) fn describe(
    kind: &SyntaxKind,
    text: &str,
    at: usize,
    make: impl Fn((u32, u32), Code, String) -> Diagnostic,
) -> Diagnostic {
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let span = token(text, at);
    if matches!(kind, SyntaxKind::RecursionLimitExceeded) {
        return make(
            span,
            codes::TOO_DEEP,
            format!("values nest deeper than {MAX_DEPTH} levels"),
        )
        .help(
            "no part of a spec needs that: look for a bracket or an indent that is never closed",
        );
    }
    let line = line_before(text, at);
    if let Some(start) = unquoted_variable(text, at) {
        let end = text[start..]
            .find('}')
            .map_or(start + 2, |len| start + len + 1);
        return make(
            (offset(start), offset(end)),
            codes::SYNTAX,
            "a variable between `{ }` or `[ ]` must be quoted".into(),
        )
        .help(format!("write \"{}\"", &text[start..end]));
    }
    let (message, help) = words(kind, line);
    let diagnostic = make(span, codes::SYNTAX, message);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The character or word at `at`, on its line.
fn token(text: &str, at: usize) -> (u32, u32) {
    let rest = &text[at..];
    let word = rest
        .find(|c: char| c.is_whitespace() || ",:{}[]".contains(c))
        .unwrap_or(rest.len());
    let len = if word > 0 {
        word
    } else {
        rest.chars()
            .next()
            .filter(|c| *c != '\n' && *c != '\r')
            .map_or(0, char::len_utf8)
    };
    (offset(at), offset(at + len))
}

fn line_before(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    &text[start..at]
}

/// A `${` that stands unquoted inside a flow collection shortly before the mistake.
fn unquoted_variable(text: &str, at: usize) -> Option<usize> {
    // Between brackets `$` is text of its own, and then the brace is one too many.
    if text[..at].ends_with('$') && text[at..].starts_with('{') {
        return Some(at - 1);
    }
    let from = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let to = text[at..].find('\n').map_or(text.len(), |len| at + len);
    let line = &text[from..to];
    let start = line.find("${")?;
    let before = &line[..start];
    let quoted = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
    let flow = before.contains(['{', '[']);
    (flow && !quoted).then_some(from + start)
}

fn words(kind: &SyntaxKind, line: &str) -> (String, Option<String>) {
    use SyntaxKind as K;
    let say = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    match kind {
        K::TabInIndentation | K::TabInBlockIndentation | K::TabNotAllowed => {
            say("a tab can't indent", "indent with spaces")
        }
        K::UnclosedQuotedScalar => say("this quote is never closed", "add the closing quote"),
        K::UnclosedFlowCollection { open } => (
            format!("this `{open}` is never closed"),
            Some(format!("add the closing `{}`", closing(*open))),
        ),
        K::MismatchedFlowCollectionEnd { open, close } => (
            format!("`{open}` is closed by `{close}`"),
            Some(format!("close it by `{}`", closing(*open))),
        ),
        K::MisplacedFlowCollectionEnd => say(
            "this bracket closes nothing",
            "remove it, or add the one that opens",
        ),
        K::MappingValueNotAllowed if line.contains(": ") => say(
            "a second `: ` on this line",
            "quote the value, or put the inner key on a line of its own",
        ),
        K::MappingValueNotAllowed => say(
            "a `:` can't stand here",
            "check the indent, or quote the text",
        ),
        K::UnknownAnchor => say(
            "this alias names no anchor above it",
            "define the anchor with `&name` before its first use",
        ),
        K::UnexpectedCharacter { character } => (
            format!("a value can't start with `{character}`"),
            Some("quote it".into()),
        ),
        K::InvalidIndentation | K::ExpectedBlockMappingKey | K::ExpectedBlockSequenceEntry => say(
            "the indent of this line fits nothing above it",
            "indent keys of one map, and items of one list, alike",
        ),
        K::ExpectedFlowMappingSeparator => say(
            "expected `,` or `}` here",
            "separate entries by commas; quote text that holds `{`, `}`, `[`, `]` or `,`",
        ),
        K::ExpectedFlowSequenceSeparator => say(
            "expected `,` or `]` here",
            "separate items by commas; quote text that holds `{`, `}`, `[`, `]` or `,`",
        ),
        K::SimpleKeyExpected => say("expected `:` after this key", "write `key: value`"),
        K::UnknownQuotedScalarEscape => say(
            "unknown escape in a double-quoted text",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        K::BomInsideDocument => say("a byte order mark inside the text", "remove it"),
        other => (
            other
                .to_string()
                .to_lowercase()
                .trim_start_matches("while ")
                .to_owned(),
            None,
        ),
    }
}

fn closing(open: char) -> char {
    if open == '[' { ']' } else { '}' }
}
