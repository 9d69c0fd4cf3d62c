//! A gather: what each part is asked, and how the answers become one object, as text, so that no digit is lost.

use serde_json::value::RawValue;

use super::authenticate::Identity;
use super::compile::Engine;
use crate::ir::normalise::{encode, encode_escaped};
use crate::ir::{Gather, Keep, Part, Piece, RouteId};

/// What a part is asked: the path and query below the service's base path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The part's number.
    pub part: usize,
    /// Path and query; none when a claim it needs is missing, or a value would be a dot segment of the path.
    pub target: Option<String>,
}

/// How a part ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A 2xx with this body.
    Body(bytes::Bytes),
    /// It ran past its time.
    Timeout,
    /// Anything else.
    Failed,
}

impl Engine {
    /// What the parts are asked.
    #[must_use]
    pub fn questions(
        &self,
        id: RouteId,
        gather: &Gather,
        path: &str,
        query: Option<&str>,
        identity: &Identity,
    ) -> Vec<Question> {
        let pattern = &self.gateway.routes[id.0].pattern;
        let fill = |pieces: &[Piece]| {
            let mut out = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Path => out.push_str(path),
                    Piece::Query => {
                        if let Some(query) = query {
                            out.push('?');
                            out.push_str(query);
                        }
                    }
                    Piece::Param(name) => {
                        out.push_str(&encode_escaped(pattern.capture(path, name)?))
                    }
                    Piece::Claim(name) => out.push_str(&encode(&identity.claim(name)?)),
                }
            }
            Some(out)
        };
        // A value cannot walk out of its place in the path, alone or with what stands beside it.
        let walks = |path: &str| path.split('/').any(|segment| matches!(segment, "." | ".."));
        let one = |(part, asked): (usize, &Part)| {
            let target = fill(&asked.path)
                .filter(|path| !walks(path))
                .and_then(|mut target| {
                    if !asked.query.is_empty() {
                        target.push('?');
                        target.push_str(&fill(&asked.query)?);
                    }
                    Some(target)
                });
            Question { part, target }
        };
        gather.parts.iter().enumerate().map(one).collect()
    }

    /// A text with its places filled in; what is missing is empty.
    #[must_use]
    pub fn fill(
        &self,
        id: RouteId,
        pieces: &[Piece],
        path: &str,
        query: Option<&str>,
        identity: &Identity,
    ) -> String {
        let pattern = &self.gateway.routes[id.0].pattern;
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Path => out.push_str(path),
                Piece::Query => {
                    if let Some(query) = self.query_sent(id, query) {
                        out.push('?');
                        out.push_str(&query);
                    }
                }
                Piece::Param(name) => out.push_str(pattern.capture(path, name).unwrap_or_default()),
                Piece::Claim(name) => {
                    out.push_str(&encode(&identity.claim(name).unwrap_or_default()))
                }
            }
        }
        out
    }
}

/// Puts the parts' answers into one object.
///
/// # Errors
/// 502 when a required part failed, 504 when the first that failed ran out of time.
pub fn merge(gather: &Gather, outcomes: &[Outcome]) -> Result<String, (u16, String)> {
    let mut text = String::from("{");
    for (index, part) in gather.parts.iter().enumerate() {
        let outcome = outcomes.get(index).unwrap_or(&Outcome::Failed);
        let kept = match outcome {
            Outcome::Body(body) => keep(&part.keep, body),
            Outcome::Timeout | Outcome::Failed => None,
        };
        if index > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(part.name.as_str()).to_string());
        text.push(':');
        match kept {
            Some(value) => text.push_str(&value),
            None if part.required => {
                let status = if *outcome == Outcome::Timeout {
                    504
                } else {
                    502
                };
                return Err((status, part.name.clone()));
            }
            None => text.push_str(&part.or.to_string()),
        }
    }
    text.push('}');
    Ok(text)
}

fn keep(keep: &Keep, body: &[u8]) -> Option<String> {
    let whole: &RawValue = serde_json::from_slice(body).ok()?;
    match keep {
        Keep::Whole => Some(whole.get().to_owned()),
        Keep::Pick(pointer) => Some(at(whole, pointer)?.get().to_owned()),
        Keep::Count(pointer) => {
            let list: Vec<&RawValue> = serde_json::from_str(at(whole, pointer)?.get()).ok()?;
            Some(list.len().to_string())
        }
    }
}

fn at<'j>(mut value: &'j RawValue, pointer: &str) -> Option<&'j RawValue> {
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        value = if value.get().starts_with('[') {
            // RFC 6901 section 4: no leading zeros.
            let index: usize = step
                .parse()
                .ok()
                .filter(|i: &usize| i.to_string() == step)?;
            let list: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
            list.get(index).copied()?
        } else {
            let map: indexmap::IndexMap<String, &RawValue> =
                serde_json::from_str(value.get()).ok()?;
            map.get(&step).copied()?
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::units::Millis;
    use crate::source::Pointer;

    fn part(name: &str, required: bool, keep: Keep) -> Part {
        Part {
            name: name.into(),
            pointer: Pointer::root(),
            service: "s".into(),
            path: vec![],
            query: vec![],
            required,
            timeout: Millis(1000),
            or: serde_json::json!(null),
            keep,
        }
    }

    fn body(text: &'static str) -> Outcome {
        Outcome::Body(bytes::Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_parameter_adds_neither_a_query_parameter_nor_a_segment() {
        assert_eq!(
            encode_escaped("1&admin=1;y,z+%2541"),
            "1%26admin%3D1%3By%2Cz%2B%2541"
        );
    }

    #[test]
    fn numbers_and_order_survive_the_merge() {
        let gather = Gather {
            parts: vec![
                part("a", true, Keep::Whole),
                part("b", false, Keep::Pick("/x/1".into())),
                part("c", false, Keep::Count("".into())),
                part("d", false, Keep::Count("/list".into())),
            ],
        };
        let merged = merge(
            &gather,
            &[
                body(r#"{"z":12345678901234567890.10,"a":1e400}"#),
                body(r#"{"x":[1,{"b": 2,"a":3}]}"#),
                body("[1,2,3]"),
                body(r#"{"list":{}}"#),
            ],
        );
        let expected =
            r#"{"a":{"z":12345678901234567890.10,"a":1e400},"b":{"b": 2,"a":3},"c":3,"d":null}"#;
        assert_eq!(merged.as_deref(), Ok(expected));
    }

    #[test]
    fn a_required_part_fails_the_whole_and_another_is_replaced() {
        let gather = Gather {
            parts: vec![part("a", true, Keep::Whole), part("b", false, Keep::Whole)],
        };
        assert_eq!(
            merge(&gather, &[Outcome::Failed, body("1")]),
            Err((502, "a".into()))
        );
        assert_eq!(
            merge(&gather, &[Outcome::Timeout, body("1")]),
            Err((504, "a".into()))
        );
        assert_eq!(
            merge(&gather, &[body("not json"), body("1")]),
            Err((502, "a".into()))
        );
        assert_eq!(
            merge(&gather, &[body("0"), Outcome::Timeout]).as_deref(),
            Ok(r#"{"a":0,"b":null}"#)
        );
    }
}
