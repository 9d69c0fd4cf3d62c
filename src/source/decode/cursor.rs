//! A node on its way through serde: resolves plain scalars and puts a place to every fault.

use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::access::{Items, Members, Variant};
use super::fault::{Fault, listed, shortened};
use super::{Run, recorded};
use crate::report::{Diagnostic, Place};
use crate::source::scalar::{Value, resolve};
use crate::source::tree::{Kind, NodeId};
use crate::source::{Pointer, codes, nearest};

/// The steps from the root, kept on the stack so that good specs allocate no pointers.
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub fn pointer(&self) -> Pointer {
        match self {
            Self::Root => Pointer::root(),
            Self::Key(parent, key) => parent.pointer().key(key),
            Self::Item(parent, at) => parent.pointer().index(*at),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a, 'd> {
    pub run: &'a Run<'d>,
    pub node: NodeId,
    /// The entry or item that holds the node.
    pub slot: Option<(NodeId, usize)>,
    pub path: &'a Path<'a>,
}

impl<'d> Cursor<'_, 'd> {
    fn kind(&self) -> &'d Kind {
        &self.run.document.tree.get(self.node).kind
    }

    pub fn scalar(&self) -> Option<(&'d str, bool)> {
        let document = self.run.document;
        let text = document.tree.scalar(&document.sources, self.node)?;
        Some((
            text,
            matches!(self.kind(), Kind::Scalar { plain: true, .. }),
        ))
    }

    /// Records a fault that has no place yet at this node.
    fn settle<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        match result {
            Err(Fault::Recorded | Fault::Gone) | Ok(_) => result,
            Err(fault) => {
                let pointer = self.path.pointer();
                let diagnostic = self.describe(fault, &pointer);
                self.run.drop(self.slot, pointer, diagnostic);
                Err(recorded())
            }
        }
    }

    /// Notes an unknown key, or a key's own mistake, at the entry it belongs to.
    pub fn settle_key(&self, at: usize, key: &str, fault: Fault) -> Fault {
        if matches!(fault, Fault::Recorded | Fault::Gone) {
            return fault;
        }
        if let Fault::UnknownKey { known, .. } = &fault
            && let Some(near) = nearest(key, known.iter().copied())
            && let Some(near) = known.iter().find(|word| **word == near)
        {
            self.run.meant.borrow_mut().insert((self.node, near));
        }
        let pointer = self.path.pointer().key(key);
        let ignored = key.starts_with("x-") && matches!(fault, Fault::UnknownKey { .. });
        let diagnostic = (!ignored).then(|| match &fault {
            Fault::UnknownKey { known, .. } | Fault::UnknownValue { known, .. } => {
                let message = format!("unknown key `{}`", shortened(key));
                Diagnostic::error(codes::UNKNOWN_KEY, Place::key(pointer.clone()), message)
                    .label("not a known key here")
                    .help(suggestion(key, known, "keys here are"))
            }
            _ => {
                let (message, help) = match &fault {
                    Fault::Custom { message, help } => (message.clone(), help.clone()),
                    other => (other.to_string(), None),
                };
                let mut found =
                    Diagnostic::error(codes::BAD_VALUE, Place::key(pointer.clone()), message);
                found.help = help;
                found
            }
        });
        self.run.drop(Some((self.node, at)), pointer, diagnostic);
        recorded()
    }

    fn describe(&self, fault: Fault, pointer: &Pointer) -> Option<Diagnostic> {
        let value = || Place::value(pointer.clone());
        let name = pointer
            .steps()
            .last()
            .filter(|step| step.parse::<usize>().is_err());
        let found = match fault {
            Fault::Recorded | Fault::Gone => return None,
            Fault::Custom { message, help } => {
                let mut found = Diagnostic::error(codes::BAD_VALUE, value(), message);
                found.help = help;
                found
            }
            Fault::UnknownValue { value: word, known } => {
                let message = format!("unknown value `{}`", shortened(&word));
                Diagnostic::error(codes::UNKNOWN_VALUE, value(), message).help(suggestion(
                    &word,
                    known,
                    "it is one of",
                ))
            }
            Fault::UnknownKey { key, known } => {
                let place = Place::key(pointer.key(&key));
                Diagnostic::error(
                    codes::UNKNOWN_KEY,
                    place,
                    format!("unknown key `{}`", shortened(&key)),
                )
                .help(suggestion(&key, known, "keys here are"))
            }
            Fault::Missing { key } => {
                let document = self.run.document;
                let given = document
                    .tree
                    .find(&document.sources, self.node, key)
                    .is_some();
                if given || self.run.meant.borrow().contains(&(self.node, key)) {
                    return None;
                }
                let owner =
                    name.map_or_else(String::new, |name| format!(" in `{}`", shortened(&name)));
                Diagnostic::error(
                    codes::MISSING_KEY,
                    Place::key(pointer.clone()),
                    format!("`{key}` is missing{owner}"),
                )
                .label(if self.slot.is_none() {
                    "the spec starts here"
                } else {
                    ""
                })
                .help(format!("add `{key}: …`"))
            }
            Fault::Kind {
                is_null: true,
                expected,
                ..
            } => {
                let what = name.map_or_else(
                    || "this item".to_owned(),
                    |name| format!("`{}`", shortened(&name)),
                );
                Diagnostic::error(
                    codes::NO_VALUE,
                    Place::key(pointer.clone()),
                    format!("{what} has no value"),
                )
                .help(format!("give it {expected}, or remove it"))
            }
            Fault::Kind {
                found, expected, ..
            } => {
                let help = self.kind_help(&expected);
                let mut found = Diagnostic::error(
                    codes::WRONG_TYPE,
                    value(),
                    format!("expected {expected}, found {found}"),
                );
                found.help = help;
                found
            }
            Fault::Value { found, expected } => Diagnostic::error(
                codes::BAD_VALUE,
                value(),
                format!("expected {expected}, found {found}"),
            ),
            Fault::SeveralKinds { keys, at } => {
                let second = keys.get(at).cloned().unwrap_or_default();
                Diagnostic::error(
                    codes::SEVERAL_KINDS,
                    Place::key(pointer.key(&second)),
                    format!("{} exclude each other", listed(&keys)),
                )
                .help("keep exactly one of them")
                .related(Place::key(pointer.key(&keys[0])), "the other one")
            }
        };
        Some(self.masked(found))
    }

    /// A value that may be a secret is not repeated in words.
    fn masked(&self, mut found: Diagnostic) -> Diagnostic {
        if let Some((text, _)) = self.scalar()
            && !text.is_empty()
            && self.is_secret()
        {
            found.message = found.message.replace(text, "***");
            found.help = found.help.map(|help| help.replace(text, "***"));
        }
        found
    }

    fn is_secret(&self) -> bool {
        let document = self.run.document;
        let source = document.sources.slice(document.tree.get(self.node).span);
        source.contains(crate::source::variables::OPENING)
            || document.is_secret(&self.path.pointer())
    }

    fn kind_help(&self, expected: &str) -> Option<String> {
        let (text, plain) = self.scalar()?;
        match expected {
            "text" | "a value or a list of them" if plain => {
                Some(format!("write it in quotes: \"{text}\""))
            }
            "`true` or `false`" if matches!(text, "yes" | "on" | "Yes" | "On" | "YES" | "ON") => {
                Some("write `true`".into())
            }
            "`true` or `false`" if matches!(text, "no" | "off" | "No" | "Off" | "NO" | "OFF") => {
                Some("write `false`".into())
            }
            _ if !plain && !matches!(resolve(text), Value::Text | Value::Null) => {
                Some("write it without quotes".into())
            }
            "a list" => Some("write a list: `[a, b]`, or a line `- a` for each item".into()),
            _ => None,
        }
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Scalar { .. } => {
                let (text, plain) = self.scalar().unwrap_or_default();
                match if plain { resolve(text) } else { Value::Text } {
                    Value::Null => visitor.visit_unit(),
                    Value::Bool(value) => visitor.visit_bool(value),
                    Value::Int(value) => match u64::try_from(value) {
                        Ok(value) => visitor.visit_u64(value),
                        Err(_) => visitor.visit_i64(value),
                    },
                    Value::Big(value) => visitor.visit_u64(value),
                    Value::Float(value) => visitor.visit_f64(value),
                    Value::Text => visitor.visit_str(text),
                }
            }
            Kind::Map(_) => visitor.visit_map(Members::new(self, false)),
            Kind::List(_) => visitor.visit_seq(Items::new(self)),
            Kind::Broken => Err(recorded()),
        }
    }

    fn as_struct<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Map(_) => visitor.visit_map(Members::new(self, true)),
            // Derived structs would take a list as their fields in order, which nobody means.
            Kind::List(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            Kind::Scalar { .. } | Kind::Broken => self.any(visitor),
        }
    }

    fn as_enum<'de, V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Scalar { .. } => match self.scalar() {
                Some((text, plain)) if !plain || resolve(text) == Value::Text => {
                    visitor.visit_enum(Variant::word(self))
                }
                _ => self.any(visitor),
            },
            Kind::Map(_) => visitor.visit_enum(Variant::of_map(self, variants)?),
            Kind::List(_) | Kind::Broken => self.any(visitor),
        }
    }
}

fn suggestion(word: &str, known: &[&str], otherwise: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "no key is allowed here".into(),
        None => format!("{otherwise} {}", listed(known)),
    }
}

macro_rules! settled {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.settle(self.any(visitor))
        })*
    };
}

impl<'de> Deserializer<'de> for Cursor<'_, '_> {
    type Error = Fault;

    settled! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_seq deserialize_map deserialize_identifier
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // A blank value is a mistake unless the inner type takes it: `key:` looks like something was forgotten.
        self.settle(visitor.visit_some(self))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.settle(self.any(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.settle(visitor.visit_newtype_struct(self))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.settle(self.any(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.settle(self.any(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.settle(self.as_struct(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.settle(self.as_enum(variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// Puts the place of `cursor` to a fault that has none.
pub(super) fn place<T>(cursor: Cursor<'_, '_>, result: Result<T, Fault>) -> Result<T, Fault> {
    cursor.settle(result)
}
