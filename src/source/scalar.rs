//! Plain scalar -> value, by the YAML 1.2 core schema (<https://yaml.org/spec/1.2.2/#103-core-schema>).

/// What a plain scalar means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    Big(u64),
    Float(f64),
    Text,
}

/// Resolves a plain scalar. `no`, `on`, `1_000` and `12:30` are text; whole numbers above 64 bits become floats.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return Value::Text;
    }
    whole(text).or_else(|| float(text)).unwrap_or(Value::Text)
}

fn whole(text: &str) -> Option<Value> {
    let radix = |digits: &str, base| {
        let ok = !digits.is_empty() && digits.bytes().all(|b| char::from(b).is_digit(base));
        ok.then(|| u64::from_str_radix(digits, base).ok())
            .flatten()
            .map(unsigned)
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    // A leading zero means octal to YAML 1.1 readers and decimal to others: neither is guessed.
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Value::Text);
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let unsigned_text = text.strip_prefix('+').unwrap_or(text);
    match unsigned_text.parse::<i64>() {
        Ok(value) => Some(Value::Int(value)),
        Err(_) => unsigned_text.parse::<u64>().ok().map(Value::Big),
    }
}

fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or(Value::Big(value), Value::Int)
}

fn float(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    match digits {
        ".inf" | ".Inf" | ".INF" => {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            return Some(Value::Float(f64::INFINITY * sign));
        }
        _ if matches!(text, ".nan" | ".NaN" | ".NAN") => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    let number = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+');
    let has_digit = digits.bytes().next().is_some_and(|b| b.is_ascii_digit())
        || (digits.starts_with('.') && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit));
    (has_digit && digits.bytes().all(number))
        .then(|| text.parse().ok().map(Value::Float))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Value, resolve};

    #[test]
    fn words_of_yaml_1_1_and_ambiguous_numbers_are_text() {
        for text in [
            "no",
            "yes",
            "on",
            "off",
            "1_000",
            "12:30:45",
            "012",
            "-012",
            "0b11",
            "1.2.3",
            "-",
            ".",
            "e5",
            "1e",
            "10.0.0.0/8",
        ] {
            assert_eq!(resolve(text), Value::Text, "{text}");
        }
    }

    #[test]
    fn core_schema_words_and_numbers_are_values() {
        assert_eq!(resolve("~"), Value::Null);
        assert_eq!(resolve("True"), Value::Bool(true));
        assert_eq!(resolve("-12"), Value::Int(-12));
        assert_eq!(resolve("0x1F"), Value::Int(31));
        assert_eq!(resolve("0o17"), Value::Int(15));
        assert_eq!(resolve("18446744073709551615"), Value::Big(u64::MAX));
        assert_eq!(resolve("3.9"), Value::Float(3.9));
        assert_eq!(resolve("1e3"), Value::Float(1000.0));
        assert_eq!(resolve("-.inf"), Value::Float(f64::NEG_INFINITY));
    }
}
