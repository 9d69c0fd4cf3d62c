//! SPEC TEXT -> NGINX WORDS: names of locations and variables, and values escaped for regexes, maps and strings.

use std::collections::HashMap;
use std::fmt::Write;

use super::document::{Block, Word};

/// Escapes `text` for a regular expression of PCRE.
#[must_use]
pub fn regex(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(
            c,
            '.' | '\\'
                | '+'
                | '*'
                | '?'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '^'
                | '$'
                | '|'
                | '#'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Percent-encodes everything but unreserved characters, as the njs sources do.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The variable in which nginx holds a request header.
#[must_use]
pub fn header_variable(name: &str) -> String {
    format!("$http_{}", name.to_ascii_lowercase().replace('-', "_"))
}

/// A JSON text that is an ASCII JavaScript literal too.
#[must_use]
pub fn javascript(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Values of the spec that must not be interpolated: nginx has no escape for `$`, but a `geo` does not interpolate.
#[derive(Default)]
pub struct Literals {
    known: HashMap<String, usize>,
    /// The `geo` blocks that define them.
    pub blocks: Block,
}

impl Literals {
    /// A word that nginx reads as exactly `text`.
    pub fn word(&mut self, text: &str) -> Word {
        if !text.contains('$') {
            return Word::Owned(text.to_owned());
        }
        let next = self.known.len();
        let number = *self.known.entry(text.to_owned()).or_insert(next);
        if number == next {
            let mut inner = Block::new();
            inner.put("default", [text.to_owned()]);
            self.blocks
                .open("geo", [format!("$gw_literal_{number}")], inner);
        }
        Word::Owned(format!("${{gw_literal_{number}}}"))
    }
}

/// Unique names of locations, made of what a person recognises.
#[derive(Default)]
pub struct Slugs {
    used: HashMap<String, usize>,
}

impl Slugs {
    /// A name in `[A-Za-z0-9._~/-]` made from `text`, at most 150 bytes, that was not given before.
    pub fn unique(&mut self, text: &str) -> String {
        // nginx 1.22 keeps a location's length in one byte.
        let mut slug: String = text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '~' | '/') {
                    c
                } else {
                    '_'
                }
            })
            .take(150)
            .collect();
        let seen = self.used.entry(slug.clone()).or_insert(0);
        *seen += 1;
        if *seen > 1 {
            let _ = write!(slug, "_{seen}");
            return self.unique(&slug);
        }
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_kept_out_of_interpolation() {
        let mut literals = Literals::default();
        assert_eq!(literals.word("plain"), "plain");
        assert_eq!(literals.word("cost $5"), "${gw_literal_0}");
        assert_eq!(literals.word("cost $5"), "${gw_literal_0}");
        assert_eq!(literals.word("$host"), "${gw_literal_1}");
    }

    #[test]
    fn names_are_unique() {
        let mut slugs = Slugs::default();
        assert_eq!(slugs.unique("/a b"), "/a_b");
        assert_eq!(slugs.unique("/a_b"), "/a_b_2");
        assert_eq!(slugs.unique("/a_b_2"), "/a_b_2_2");
    }

    #[test]
    fn javascript_is_ascii() {
        assert_eq!(
            javascript(&serde_json::json!({"é\u{2028}\u{1f600}": 1})),
            r#"{"\u00e9\u2028\ud83d\ude00":1}"#
        );
    }
}
