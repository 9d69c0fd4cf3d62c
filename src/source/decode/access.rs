//! Maps, lists and enums as serde asks for them: what was dropped is not shown.

use serde::Deserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::cursor::{Cursor, Path};
use super::fault::Fault;
use super::key::Key;
use super::recorded;
use crate::source::tree::{Entry, Kind, NodeId};

/// A map's entries.
pub(super) struct Members<'a, 'd> {
    map: Cursor<'a, 'd>,
    next: usize,
    /// The entry whose key was shown last.
    current: Option<usize>,
    /// Whether `x-*` keys are passed over: in maps of settings, not in maps of names.
    closed: bool,
}

impl<'a, 'd> Members<'a, 'd> {
    pub fn new(map: Cursor<'a, 'd>, closed: bool) -> Self {
        Self {
            map,
            next: 0,
            current: None,
            closed,
        }
    }

    fn entries(&self) -> &'d [Entry] {
        self.map.run.document.tree.entries(self.map.node)
    }

    fn key(&self, at: usize) -> &'d str {
        let document = self.map.run.document;
        document.tree.key(&document.sources, &self.entries()[at])
    }
}

/// Whether an entry or item is not to be shown.
fn hidden(map: &Cursor<'_, '_>, at: usize, value: NodeId) -> bool {
    let broken = matches!(map.run.document.tree.get(value).kind, Kind::Broken);
    broken || map.run.is_dropped(map.node, at)
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        while let Some(entry) = self.entries().get(self.next) {
            let at = self.next;
            self.next += 1;
            let key = self.key(at);
            if hidden(&self.map, at, entry.value) || (self.closed && key.starts_with("x-")) {
                continue;
            }
            self.current = Some(at);
            return seed
                .deserialize(Key(key))
                .map(Some)
                .map_err(|fault| self.map.settle_key(at, key, fault));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(at) = self.current else {
            return Err(recorded());
        };
        let node = self.entries()[at].value;
        if hidden(&self.map, at, node) {
            return Err(Fault::Gone);
        }
        let path = Path::Key(self.map.path, self.key(at));
        let cursor = Cursor {
            run: self.map.run,
            node,
            slot: Some((self.map.node, at)),
            path: &path,
        };
        // A value may fail without having asked for anything: then the fault has no place yet.
        super::cursor::place(cursor, seed.deserialize(cursor))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries().len() - self.next)
    }
}

/// A list's items.
pub(super) struct Items<'a, 'd> {
    list: Cursor<'a, 'd>,
    next: usize,
}

impl<'a, 'd> Items<'a, 'd> {
    pub fn new(list: Cursor<'a, 'd>) -> Self {
        Self { list, next: 0 }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Kind::List(items) = &self.list.run.document.tree.get(self.list.node).kind else {
            return Ok(None);
        };
        while let Some(node) = items.get(self.next).copied() {
            let at = self.next;
            self.next += 1;
            if hidden(&self.list, at, node) {
                continue;
            }
            let path = Path::Item(self.list.path, at);
            let cursor = Cursor {
                run: self.list.run,
                node,
                slot: Some((self.list.node, at)),
                path: &path,
            };
            return super::cursor::place(cursor, seed.deserialize(cursor)).map(Some);
        }
        Ok(None)
    }
}

/// An enum: a word, or a map of exactly one key.
pub(super) struct Variant<'a, 'd> {
    at: Cursor<'a, 'd>,
    entry: Option<usize>,
}

impl<'a, 'd> Variant<'a, 'd> {
    pub fn word(at: Cursor<'a, 'd>) -> Self {
        Self { at, entry: None }
    }

    /// # Errors
    /// No key, or more than one that is known.
    pub fn of_map(at: Cursor<'a, 'd>, variants: &'static [&'static str]) -> Result<Self, Fault> {
        let document = at.run.document;
        let entries = document.tree.entries(at.node);
        let key = |n: usize| document.tree.key(&document.sources, &entries[n]);
        let all: Vec<usize> = (0..entries.len())
            .filter(|n| !key(*n).starts_with("x-"))
            .collect();
        let shown: Vec<usize> = all
            .iter()
            .copied()
            .filter(|n| !hidden(&at, *n, entries[*n].value))
            .collect();
        // Unknown keys are reported one after the other; then the known ones must be a single one.
        let unknown = shown.iter().find(|n| !variants.contains(&key(**n)));
        match (unknown, shown.as_slice()) {
            (Some(unknown), _) => {
                let fault = Fault::UnknownKey {
                    key: key(*unknown).to_owned(),
                    known: variants,
                };
                Err(at.settle_key(*unknown, key(*unknown), fault))
            }
            (None, [one]) => Ok(Self {
                at,
                entry: Some(*one),
            }),
            (None, []) if all.is_empty() => {
                let message = format!("expected one of {}", super::fault::listed(variants));
                Err(Fault::Custom {
                    message,
                    help: None,
                })
            }
            (None, []) => {
                // Its only key was dropped, so what holds it goes without another word.
                at.run.drop(at.slot, at.path.pointer(), None);
                Err(recorded())
            }
            (None, several) => {
                let keys = several.iter().map(|n| key(*n).to_owned()).collect();
                Err(Fault::SeveralKinds { keys, at: 1 })
            }
        }
    }
}

impl<'de, 'a, 'd> EnumAccess<'de> for Variant<'a, 'd> {
    type Error = Fault;
    type Variant = Content<'a, 'd>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Fault> {
        let document = self.at.run.document;
        let content = Content {
            at: self.at,
            entry: self.entry,
        };
        let Some(entry) = self.entry else {
            let word = self.at.scalar().map(|(text, _)| text).unwrap_or_default();
            return Ok((seed.deserialize(Key(word))?, content));
        };
        let key = document.tree.key(
            &document.sources,
            &document.tree.entries(self.at.node)[entry],
        );
        let variant = seed
            .deserialize(Key(key))
            .map_err(|fault| self.at.settle_key(entry, key, fault))?;
        Ok((variant, content))
    }
}

/// What stands behind an enum's word or key.
pub(super) struct Content<'a, 'd> {
    at: Cursor<'a, 'd>,
    entry: Option<usize>,
}

impl Content<'_, '_> {
    fn with<R>(self, read: impl FnOnce(Cursor<'_, '_>) -> Result<R, Fault>) -> Result<R, Fault> {
        let document = self.at.run.document;
        let Some(at) = self.entry else {
            let word = self.at.scalar().map(|(text, _)| text).unwrap_or_default();
            return Err(Fault::Custom {
                message: format!("`{word}` needs settings"),
                help: Some(format!("write `{{ {word}: … }}`")),
            });
        };
        let entry = &document.tree.entries(self.at.node)[at];
        let path = Path::Key(self.at.path, document.tree.key(&document.sources, entry));
        let cursor = Cursor {
            run: self.at.run,
            node: entry.value,
            slot: Some((self.at.node, at)),
            path: &path,
        };
        super::cursor::place(cursor, read(cursor))
    }
}

impl<'de> VariantAccess<'de> for Content<'_, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.entry.is_none() {
            return Ok(());
        }
        self.with(|_| {
            Err(Fault::Custom {
                message: "this takes no settings".into(),
                help: Some("write the word alone".into()),
            })
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.with(|cursor| seed.deserialize(cursor))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.with(|cursor| cursor.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.with(|cursor| cursor.deserialize_struct("", fields, visitor))
    }
}
