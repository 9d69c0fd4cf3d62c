//! Texts with places to fill in: `{path}`, `{query}`, `{parameter}`, `{auth.claim}`.

use super::run::{Wrong, shown};
use crate::ir::{Pattern, Piece};
use crate::source::nearest;

/// What may be filled in besides parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// `{path}` and `{query}`, as in a `Location`.
    Request,
    /// `{auth.claim}`, as in a gather's `from`.
    Claims,
}

/// Splits a text into pieces. Without a pattern (its own mistake was reported) every name passes.
pub(super) fn parse<'t>(
    text: &'t str,
    pattern: Option<&Pattern>,
    allowed: Allowed,
) -> Result<Vec<Piece>, Wrong<'t>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        if at > 0 {
            pieces.push(Piece::Text(rest[..at].to_owned()));
        }
        let end = rest[at..].find('}').filter(|_| rest[at..].starts_with('{'));
        let Some(end) = end else {
            let message = "a brace without its partner";
            return Err(
                Wrong::new(message, "write `{name}`, or `%7B` and `%7D` for braces")
                    .at(&rest[at..=at]),
            );
        };
        let whole = &rest[at..=at + end];
        pieces.push(place(whole, pattern, allowed)?);
        rest = &rest[at + end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(pieces)
}

fn place<'t>(
    whole: &'t str,
    pattern: Option<&Pattern>,
    allowed: Allowed,
) -> Result<Piece, Wrong<'t>> {
    let name = &whole[1..whole.len() - 1];
    match (name, name.strip_prefix("auth."), allowed) {
        ("path", _, Allowed::Request) => return Ok(Piece::Path),
        ("query", _, Allowed::Request) => return Ok(Piece::Query),
        (_, Some(claim), Allowed::Claims) => return self::claim(whole, claim),
        _ => {}
    }
    let Some(pattern) = pattern else {
        return Ok(Piece::Param(name.to_owned()));
    };
    if pattern.params().any(|known| known == name) {
        return Ok(Piece::Param(name.to_owned()));
    }
    let own: &[&str] = match allowed {
        Allowed::Request => &["path", "query"],
        Allowed::Claims => &["auth.sub"],
    };
    let known: Vec<&str> = own.iter().copied().chain(pattern.params()).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None => format!("what can be filled in here: `{{{}}}`", known.join("}`, `{")),
    };
    let message = format!("nothing here is called `{}`", shown(whole));
    Err(Wrong::new(message, help).at(whole))
}

fn claim<'t>(whole: &'t str, claim: &str) -> Result<Piece, Wrong<'t>> {
    // Namespaced claims such as `https://shop.example/tenant` are common.
    let fits = !claim.is_empty()
        && claim
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
    if fits {
        return Ok(Piece::Claim(claim.to_owned()));
    }
    let message = format!("`{}` names no claim", shown(whole));
    Err(Wrong::new(message, "write a claim of the token, such as `{auth.sub}`").at(whole))
}
