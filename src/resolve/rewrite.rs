//! Rewrite text -> the path sent to a service.

use super::codes;
use super::pattern::{self, Form};
use super::run::{Run, Wrong};
use crate::ir::{EncodedSlash, Pattern, Rewrite, RewritePiece, Segment, Sourced};
use crate::report::Place;
use crate::source::{Pointer, nearest};

/// A route's rewrite.
pub(super) fn resolve(
    run: &Run<'_>,
    text: &str,
    pattern: &Pattern,
    slash: EncodedSlash,
    at: Pointer,
) -> Option<Sourced<Rewrite>> {
    match parse(text, pattern, slash) {
        Ok(rewrite) => Some(Sourced::new(rewrite, at)),
        Err(wrong) => {
            run.wrong(codes::REWRITE, Place::value(at), text, wrong);
            None
        }
    }
}

fn parse<'t>(text: &'t str, pattern: &Pattern, slash: EncodedSlash) -> Result<Rewrite, Wrong<'t>> {
    let parsed = pattern::parse(text, slash, Form::Rewrite)?;
    let mut segments = Vec::with_capacity(parsed.segments.len());
    for segment in parsed.segments {
        segments.push(match segment {
            Segment::Literal(text) => RewritePiece::Literal(text),
            Segment::Param(name) if pattern.params().any(|known| known == name) => {
                RewritePiece::Param(name)
            }
            Segment::Param(name) => return Err(unknown(text, &name, pattern)),
        });
    }
    if parsed.rest && !pattern.rest {
        let message = format!("`*` has nothing to stand for: `{pattern}` does not end in `*`");
        let star = &text[text.len() - 1..];
        return Err(Wrong::new(message, "end the pattern in `/*`, or remove it here").at(star));
    }
    Ok(Rewrite {
        segments,
        rest: parsed.rest,
    })
}

fn unknown<'t>(text: &'t str, name: &str, pattern: &Pattern) -> Wrong<'t> {
    let braced = format!("{{{name}}}");
    let known: Vec<&str> = pattern.params().collect();
    let help = match (nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(near), _) => format!("did you mean `{{{near}}}`?"),
        (None, true) => format!("`{pattern}` has no parameters"),
        (None, false) => format!("`{pattern}` has `{{{}}}`", known.join("}`, `{")),
    };
    let wrong = Wrong::new(format!("`{braced}` is no parameter of `{pattern}`"), help);
    match text.find(&braced) {
        Some(at) => wrong.at(&text[at..at + braced.len()]),
        None => wrong,
    }
}
