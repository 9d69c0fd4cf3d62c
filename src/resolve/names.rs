//! Names of things, scopes, groups and claims: which characters they may have.

use super::codes;
use super::run::{Run, shown};
use crate::report::{Diagnostic, Place};

/// Longest name; engines build longer ones out of it.
const MAX_NAME: usize = 64;

/// Reports a name that targets could not use as it is.
pub(super) fn name(run: &Run<'_>, kind: &str, name: &str, place: Place) {
    let fits = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !fits {
        let message = format!("`{}` cannot name a {kind}", shown(name));
        let help = format!(
            "a name has 1 to {MAX_NAME} letters, digits, `-`, `_` and `.`, and starts with a letter or digit"
        );
        run.say(Diagnostic::error(codes::NAME, place, message).help(help));
    }
}

/// Reports a word (scope, group, claim) with characters that no header carries.
pub(super) fn word(run: &Run<'_>, kind: &str, word: &str, place: impl FnOnce() -> Place) {
    // RFC 6749 section 3.3 has this set for scopes.
    let fits = !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
    if !fits {
        let message = format!("`{}` is not a {kind}", shown(word));
        let help = "write visible ASCII characters without spaces, `\"` and `\\`";
        run.say(Diagnostic::error(codes::NAME, place(), message).help(help));
    }
}
