//! Serde's errors -> faults that keep what a message needs: the candidates, the kind, the help.

use std::fmt;

use serde::de::{Expected, Unexpected};

/// Separates a custom error's message from its help.
const HELP: char = '\u{1f}';
/// How a fault that has been recorded prints; [`super::entries()`] knows it by that.
pub(super) const RECORDED: &str = "\u{1f}recorded";
/// How the fault of an entry that was left out prints.
pub(super) const GONE: &str = "\u{1f}gone";

/// A message with a remedy, for `serde::de::Error::custom` inside hand-written `Deserialize` implementations.
#[must_use]
pub fn with_help(message: impl fmt::Display, help: impl fmt::Display) -> String {
    format!("{message}{HELP}{help}")
}

/// Why decoding stopped, before it has a place.
#[derive(Debug)]
pub(in crate::source) enum Fault {
    /// Its diagnostic is noted already.
    Recorded,
    /// The entry itself was left out: there is nothing to try again.
    Gone,
    /// A type's own words, with help where it gave some.
    Custom {
        message: String,
        help: Option<String>,
    },
    /// A key that the schema does not know.
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    /// A word that is none of the allowed ones.
    UnknownValue {
        value: String,
        known: &'static [&'static str],
    },
    /// A required key is not there.
    Missing { key: &'static str },
    /// A value of another kind than expected.
    Kind {
        found: String,
        expected: String,
        is_null: bool,
    },
    /// A value of the right kind that is out of range.
    Value { found: String, expected: String },
    /// Two or more keys where exactly one says which kind it is.
    SeveralKinds { keys: Vec<String>, at: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded => f.write_str(RECORDED),
            Self::Gone => f.write_str(GONE),
            Self::Custom { message, .. } => f.write_str(message),
            Self::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Self::UnknownValue { value, .. } => write!(f, "unknown value `{value}`"),
            Self::Missing { key } => write!(f, "`{key}` is missing"),
            Self::Kind {
                found, expected, ..
            }
            | Self::Value { found, expected } => {
                write!(f, "expected {expected}, found {found}")
            }
            Self::SeveralKinds { keys, .. } => write!(f, "{} exclude each other", listed(keys)),
        }
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        match text.split_once(HELP) {
            Some((message, help)) => Self::Custom {
                message: message.to_owned(),
                help: Some(help.to_owned()),
            },
            None => Self::Custom {
                message: text,
                help: None,
            },
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let is_null = matches!(found, Unexpected::Unit);
        Self::Kind {
            found: kind(found),
            expected: plain(&expected.to_string()),
            is_null,
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value {
            found: kind(found),
            expected: plain(&expected.to_string()),
        }
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::Value {
            found: if length == 1 {
                "one item".to_owned()
            } else {
                format!("{length} items")
            },
            expected: plain(&expected.to_string()),
        }
    }

    fn unknown_variant(value: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownValue {
            value: value.to_owned(),
            known,
        }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownKey {
            key: key.to_owned(),
            known,
        }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing { key }
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::Custom {
            message: format!("`{key}` is given twice"),
            help: Some("keep one of them".into()),
        }
    }
}

fn kind(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(value) => format!("the text `{}`", shortened(value)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::NewtypeStruct => "a map".to_owned(),
        other => other.to_string(),
    }
}

/// Serde's own words for what it expected, in the words of the language.
fn plain(expected: &str) -> String {
    let words = match expected {
        "a string" | "string" | "str" | "a borrowed string" => "text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a character" => "one character",
        "unit" => "nothing",
        _ if expected.starts_with("struct ") || expected == "map" => "a map",
        _ if expected.starts_with("a nonzero ") => "a whole number above 0",
        _ if expected.starts_with("enum ") || expected.starts_with("variant ") => "a word or a map",
        _ if expected.starts_with("tuple ") || expected.starts_with("a tuple") => "a list",
        other => other,
    };
    words.to_owned()
}

/// Long texts are cut, so that a message stays a line.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    text.chars().take(59).chain(['…']).collect()
}

/// `a`, `b` and `c`
pub(super) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
