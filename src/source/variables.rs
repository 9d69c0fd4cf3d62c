//! `${env:NAME}` and `${env:NAME:-default}` inside a scalar -> its text.

/// How a variable starts.
pub(super) const OPENING: &str = "${env:";

/// What is wrong with one variable of a scalar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not set and has no default.
    Unset { name: String },
    /// It is not written as one; the text from `${` on.
    Malformed { text: String },
}

/// What a scalar with variables became.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    pub text: String,
    /// The scalar was nothing but one variable.
    pub whole: bool,
}

/// Replaces every variable; values are not searched for variables again.
///
/// # Errors
/// All faults of the scalar.
pub(super) fn expand(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Expanded, Vec<Fault>> {
    let mut out = String::with_capacity(text.len());
    let mut faults = Vec::new();
    let mut rest = text;
    let mut whole = false;
    while let Some(start) = rest.find(OPENING) {
        out.push_str(&rest[..start]);
        let variable = &rest[start..];
        let Some(end) = variable.find('}') else {
            faults.push(Fault::Malformed {
                text: variable.to_owned(),
            });
            rest = "";
            break;
        };
        let inner = &variable[OPENING.len()..end];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        whole = variable.len() == text.len() && end + 1 == variable.len();
        if is_name(name) {
            match lookup(name).or_else(|| default.map(str::to_owned)) {
                Some(value) => out.push_str(&value),
                None => faults.push(Fault::Unset {
                    name: name.to_owned(),
                }),
            }
        } else {
            faults.push(Fault::Malformed {
                text: variable[..=end].to_owned(),
            });
        }
        rest = &variable[end + 1..];
    }
    out.push_str(rest);
    if faults.is_empty() {
        Ok(Expanded { text: out, whole })
    } else {
        Err(faults)
    }
}

fn is_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Fault, expand};

    fn lookup(name: &str) -> Option<String> {
        (name == "A").then(|| "1${env:A}".to_owned())
    }

    #[test]
    fn several_variables_of_a_scalar_are_replaced_once() {
        let expanded = expand("x${env:A}y${env:B:-z}", &lookup).unwrap();
        assert_eq!(expanded.text, "x1${env:A}yz");
        assert!(!expanded.whole);
        assert!(expand("${env:A}", &lookup).unwrap().whole);
        assert_eq!(expand("${env:B:-}", &lookup).unwrap().text, "");
    }

    #[test]
    fn every_fault_of_a_scalar_is_reported() {
        let faults = expand("${env:B} ${env:C} ${env:1} ${env:A", &lookup).unwrap_err();
        let unset = |name: &str| Fault::Unset { name: name.into() };
        let malformed = |text: &str| Fault::Malformed { text: text.into() };
        assert_eq!(
            faults,
            [
                unset("B"),
                unset("C"),
                malformed("${env:1}"),
                malformed("${env:A")
            ]
        );
    }
}
