//! One arena of nodes, each with its place: maps keep their order, large ones a hashed index.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::sources::Sources;
use super::{Pointer, Span};

/// Maps from this size on are looked up by hash.
const INDEXED_FROM: usize = 24;

/// A node's number in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(pub u32);

/// Text of a scalar or key: bytes of its file, or its own where escapes or variables changed it.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Slice { start: u32, end: u32 },
    Owned(Box<str>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: Text,
    pub key_span: Span,
    pub value: NodeId,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `plain` scalars are resolved by the YAML core schema, others are strings.
    Scalar {
        text: Text,
        plain: bool,
    },
    Map(Box<[Entry]>),
    List(Box<[NodeId]>),
    /// A scalar that could not be read; the mistake has been reported already.
    Broken,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// The nodes of all files of a run.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// For large maps: hashes of their keys, sorted, with the entries' numbers.
    indexes: std::collections::HashMap<u32, Box<[(u32, u32)]>>,
}

impl Tree {
    pub fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(super::sources::offset(self.nodes.len() - 1))
    }

    pub fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn get_mut(&mut self, id: NodeId) -> &mut Node {
        self.indexes.remove(&id.0);
        &mut self.nodes[id.0 as usize]
    }

    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.get(id).kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) | Kind::Broken => &[],
        }
    }

    /// The text behind a key or scalar that stands at `span`.
    pub fn text<'a>(&'a self, sources: &'a Sources, text: &'a Text, span: Span) -> &'a str {
        match text {
            Text::Owned(text) => text,
            Text::Slice { start, end } => sources.slice(Span {
                file: span.file,
                start: *start,
                end: *end,
            }),
        }
    }

    pub fn key<'a>(&'a self, sources: &'a Sources, entry: &'a Entry) -> &'a str {
        self.text(sources, &entry.key, entry.key_span)
    }

    /// A scalar's text.
    pub fn scalar<'a>(&'a self, sources: &'a Sources, id: NodeId) -> Option<&'a str> {
        let node = self.get(id);
        match &node.kind {
            Kind::Scalar { text, .. } => Some(self.text(sources, text, node.span)),
            Kind::Map(_) | Kind::List(_) | Kind::Broken => None,
        }
    }

    /// The first entry of a map under `key`, by its number.
    pub fn find(&self, sources: &Sources, id: NodeId, key: &str) -> Option<usize> {
        let entries = self.entries(id);
        let Some(index) = self.indexes.get(&id.0) else {
            return entries
                .iter()
                .position(|entry| self.key(sources, entry) == key);
        };
        let hash = hash(key);
        let from = index.partition_point(|(other, _)| *other < hash);
        index[from..]
            .iter()
            .take_while(|(other, _)| *other == hash)
            .map(|(_, at)| *at as usize)
            .find(|at| self.key(sources, &entries[*at]) == key)
    }

    pub fn child(&self, sources: &Sources, id: NodeId, key: &str) -> Option<NodeId> {
        self.find(sources, id, key)
            .map(|at| self.entries(id)[at].value)
    }

    /// Makes look-ups in a large map fast; call it once the map is complete.
    pub fn index(&mut self, sources: &Sources, id: NodeId) {
        let entries = self.entries(id);
        if entries.len() < INDEXED_FROM {
            return;
        }
        let mut index: Vec<(u32, u32)> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (hash(self.key(sources, entry)), super::sources::offset(at)))
            .collect();
        index.sort_unstable();
        self.indexes.insert(id.0, index.into());
    }

    /// Keys that stand twice in a map: (first, later) by their numbers.
    pub fn duplicates(&self, sources: &Sources, id: NodeId) -> Vec<(usize, usize)> {
        let entries = self.entries(id);
        let key = |at: usize| self.key(sources, &entries[at]);
        let mut found = Vec::new();
        if let Some(index) = self.indexes.get(&id.0) {
            for run in index
                .chunk_by(|a, b| a.0 == b.0)
                .filter(|run| run.len() > 1)
            {
                for (n, (_, at)) in run.iter().enumerate() {
                    let first = run[..n]
                        .iter()
                        .find(|(_, b)| key(*b as usize) == key(*at as usize));
                    found.extend(first.map(|(_, first)| (*first as usize, *at as usize)));
                }
            }
            found.sort_unstable_by_key(|(_, at)| *at);
        } else {
            for at in 1..entries.len() {
                found.extend(
                    (0..at)
                        .find(|first| key(*first) == key(at))
                        .map(|first| (first, at)),
                );
            }
        }
        found
    }

    /// Takes the later one of each pair of [`Self::duplicates`] out: a pointer could not tell them apart.
    pub fn keep_first(&mut self, sources: &Sources, id: NodeId, duplicates: &[(usize, usize)]) {
        if duplicates.is_empty() {
            return;
        }
        let later: std::collections::HashSet<usize> =
            duplicates.iter().map(|(_, later)| *later).collect();
        let entries = self.entries(id).iter().enumerate();
        let kept = entries
            .filter(|(at, _)| !later.contains(at))
            .map(|(_, entry)| entry.clone())
            .collect();
        self.get_mut(id).kind = Kind::Map(kept);
        self.index(sources, id);
    }

    /// Follows a pointer from `root`: the entry or item it ends at, as (parent, number), and its node.
    pub fn follow(&self, sources: &Sources, root: NodeId, pointer: &Pointer) -> Option<Found> {
        let mut found = Found {
            parent: None,
            node: root,
        };
        for step in pointer.steps() {
            let at = match &self.get(found.node).kind {
                Kind::Map(_) => self.find(sources, found.node, &step)?,
                Kind::List(items) => step.parse().ok().filter(|at| *at < items.len())?,
                Kind::Scalar { .. } | Kind::Broken => return None,
            };
            let node = match &self.get(found.node).kind {
                Kind::Map(entries) => entries[at].value,
                Kind::List(items) => items[at],
                Kind::Scalar { .. } | Kind::Broken => return None,
            };
            found = Found {
                parent: Some((found.node, at)),
                node,
            };
        }
        Some(found)
    }
}

/// Where a pointer leads.
pub(super) struct Found {
    pub parent: Option<(NodeId, usize)>,
    pub node: NodeId,
}

fn hash(key: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
