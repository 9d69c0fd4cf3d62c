//! REGULAR EXPRESSION -> PATTERN: the paths of Kong routes as the language's patterns, where one says the same.

use super::super::names;
use crate::ir::{HostPattern, Pattern, Route, Segment};

/// The pattern that takes the same paths as one entry of `paths`; none where no pattern does.
pub(super) fn pattern(path: &str) -> Option<Pattern> {
    let regex = path.strip_prefix('~')?;
    let (body, rest) = [
        ("(?<rest>/(?s:.*))?$", true),
        ("(?:/|$)", true),
        ("/(?<tail>(?s:.*))$", true),
        ("/?$", false),
    ]
    .into_iter()
    .find_map(|(end, rest)| regex.strip_suffix(end).map(|body| (body, rest)))
    .or(match regex {
        "/" => Some(("", true)),
        "/$" => Some(("", false)),
        _ => None,
    })?;
    let mut segments = Vec::new();
    let mut left = body;
    while !left.is_empty() {
        left = left.strip_prefix('/')?;
        if let Some(after) = parameter(left) {
            segments.push(Segment::Param(format!("p{}", segments.len() + 1)));
            left = after;
            continue;
        }
        let (text, after) = literal(left)?;
        segments.push(Segment::Literal(text));
        left = after;
    }
    Some(Pattern { segments, rest })
}

/// What follows a parameter.
fn parameter(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("[^/]+") {
        return Some(rest);
    }
    let rest = text.strip_prefix("(?<p")?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix(">[^/]+)")
}

/// A literal segment as a normalised path has it, and what follows.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut raw = String::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("(?:%5B|\\[)") {
            raw.push_str("%5B");
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("(?:%5D|\\])") {
            raw.push_str("%5D");
            rest = after;
            continue;
        }
        let mut chars = rest.chars();
        match chars.next() {
            None | Some('/') => break,
            Some('\\') => {
                let escaped = chars.next()?;
                // `\d` and the like are classes, not characters.
                if escaped.is_ascii_alphanumeric() {
                    return None;
                }
                raw.push(escaped);
            }
            Some(c) if ".+*?()|[]{}^$".contains(c) => return None,
            Some(c) => raw.push(c),
        }
        rest = chars.as_str();
    }
    let path = crate::ir::normalise(
        &format!("/{}", encoded(&raw)),
        crate::ir::EncodedSlash::Keep,
    )
    .ok()?;
    let segment = path.strip_prefix('/')?.to_owned();
    (!segment.is_empty()).then_some((segment, rest))
}

/// With the bytes escaped that no path has as they are.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A host of a route.
pub(super) fn host(text: &str) -> HostPattern {
    match text.strip_prefix("*.") {
        Some(suffix) => HostPattern::Below(suffix.to_ascii_lowercase()),
        None => HostPattern::Exact(text.to_ascii_lowercase()),
    }
}

/// Gives parameters the names that the Kong route's own name has, where the whole name is the one that would be made.
pub(super) fn name_parameters(route: &mut Route, name: &str) {
    let name = name.strip_suffix(".other").unwrap_or(name);
    let count = route.pattern.params().count();
    let words: Vec<&str> = name
        .split('-')
        .filter_map(|word| word.strip_prefix('_'))
        .collect();
    if count == 0 || words.len() < count {
        return;
    }
    let mut named = route.clone();
    let mut words = words[words.len() - count..]
        .iter()
        .map(|word| match word.rsplit_once('.') {
            Some((before, _)) => before,
            None => word,
        });
    for segment in &mut named.pattern.segments {
        if let Segment::Param(param) = segment
            && let Some(word) = words.next()
        {
            word.clone_into(param);
        }
    }
    if names::of_route(&named) == name {
        let names: Vec<(String, String)> = route
            .pattern
            .params()
            .map(str::to_owned)
            .zip(named.pattern.params().map(str::to_owned))
            .collect();
        route.pattern = named.pattern;
        if let crate::ir::Action::Respond(respond) = &mut route.action {
            for piece in respond.location.iter_mut().flatten() {
                if let crate::ir::Piece::Param(param) = piece
                    && let Some((_, new)) = names.iter().find(|(old, _)| old == param)
                {
                    new.clone_into(param);
                }
            }
        }
        if let crate::ir::Action::Forward(forward) = &mut route.action
            && let Some(rewrite) = &mut forward.rewrite
        {
            for piece in &mut rewrite.value.segments {
                if let crate::ir::RewritePiece::Param(param) = piece
                    && let Some((_, new)) = names.iter().find(|(old, _)| old == param)
                {
                    new.clone_into(param);
                }
            }
        }
    }
}
