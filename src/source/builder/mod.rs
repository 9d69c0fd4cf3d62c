//! Nodes as they come -> tree: collections by a stack, aliases by a budget, duplicate keys reported.

mod mistakes;

use std::borrow::Cow;
use std::collections::HashMap;

use mistakes::pointer;

use crate::report::Diagnostic;
use crate::source::sources::{Sources, offset};
use crate::source::tree::{Entry, Kind, Node, NodeId, Text, Tree};
use crate::source::{FileId, Pointer, Span, codes};

/// How deep collections may nest; a spec needs about 12.
pub(in crate::source) const MAX_DEPTH: usize = 100;
/// How many nodes aliases may add: far above any real spec, far below an alias bomb.
const MAX_ALIASED: u64 = 1_000_000;

/// A comment, with the bytes from `#` to the end of its line.
#[derive(Debug)]
pub(in crate::source) struct Comment {
    pub text: String,
    pub span: Span,
}

/// What one file's text gave.
pub(in crate::source) struct Parsed {
    /// `None` for a file without any content.
    pub root: Option<NodeId>,
    pub comments: Vec<Comment>,
    pub diagnostics: Vec<Diagnostic>,
}

/// How a scalar is written, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Style {
    Plain,
    Quoted,
    /// `|` or `>`.
    Block,
}

/// A scalar value as it is read, for those who replace variables and refuse control characters.
pub(in crate::source) struct Scalar<'a> {
    pub text: &'a str,
    pub plain: bool,
    pub block: bool,
    pub span: Span,
    pub is_key: bool,
    pub pointer: &'a dyn Fn() -> Pointer,
}

/// An anchored node: how many nodes stand behind it, and how deep.
#[derive(Clone, Copy)]
struct Anchor {
    node: NodeId,
    nodes: u64,
    depth: usize,
}

struct Frame {
    items: Items,
    start: u32,
    /// End of the last child, because block collections end where the next token starts.
    end: u32,
    flow: bool,
    anchor: usize,
    nodes: u64,
    depth: usize,
}

enum Items {
    Map {
        entries: Vec<Entry>,
        key: Option<(Text, Span)>,
        /// The key was reported, so what stands under it is not looked at.
        refused: bool,
    },
    List(Vec<NodeId>),
}

pub(in crate::source) struct Builder<'a> {
    sources: &'a Sources,
    pub file: FileId,
    tree: &'a mut Tree,
    scalar: &'a mut dyn FnMut(&Scalar<'_>, Kind) -> Kind,
    frames: Vec<Frame>,
    spare_maps: Vec<Vec<Entry>>,
    spare_lists: Vec<Vec<NodeId>>,
    anchors: HashMap<usize, Anchor>,
    aliased: u64,
    pub parsed: Parsed,
}

impl<'a> Builder<'a> {
    pub fn new(
        sources: &'a Sources,
        file: FileId,
        tree: &'a mut Tree,
        scalar: &'a mut dyn FnMut(&Scalar<'_>, Kind) -> Kind,
    ) -> Self {
        Self {
            sources,
            file,
            tree,
            scalar,
            frames: Vec::new(),
            spare_maps: Vec::new(),
            spare_lists: Vec::new(),
            anchors: HashMap::new(),
            aliased: 0,
            parsed: Parsed {
                root: None,
                comments: Vec::new(),
                diagnostics: Vec::new(),
            },
        }
    }

    pub fn source(&self) -> &'a str {
        self.sources
            .get(self.file)
            .map(crate::source::Source::text)
            .unwrap_or_default()
    }

    pub fn open_map(
        &mut self,
        flow: bool,
        anchor: usize,
        span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        let entries = self.spare_maps.pop().unwrap_or_default();
        self.open(
            Items::Map {
                entries,
                key: None,
                refused: false,
            },
            flow,
            anchor,
            span,
        )
    }

    pub fn open_list(
        &mut self,
        flow: bool,
        anchor: usize,
        span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        let items = self.spare_lists.pop().unwrap_or_default();
        self.open(Items::List(items), flow, anchor, span)
    }

    pub fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: Style,
        anchor: usize,
        mut span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        let (plain, block) = (style == Style::Plain, style == Style::Block);
        if block {
            span.end = self.trimmed(span);
        }
        let slice = self.slice(&text);
        let is_key = self.expects_key();
        let pointer = || pointer(self.sources, self.file, &self.frames);
        let scalar = Scalar {
            text: &text,
            plain,
            block,
            span,
            is_key,
            pointer: &pointer,
        };
        let owned = |text: &Cow<'_, str>| Text::Owned(text.as_ref().into());
        let kept = Kind::Scalar {
            text: slice.unwrap_or_else(|| owned(&text)),
            plain,
        };
        let kind = (self.scalar)(&scalar, kept);
        if is_key {
            if plain && text == "<<" {
                return Err(Box::new(self.merge_key(span)));
            }
            let (text, is_refused) = match kind {
                Kind::Scalar { text, .. } => (text, false),
                Kind::Map(_) | Kind::List(_) | Kind::Broken => (owned(&text), true),
            };
            if let Some(Frame {
                items: Items::Map { key, refused, .. },
                ..
            }) = self.frames.last_mut()
            {
                *key = Some((text, span));
                *refused = is_refused;
            }
            return Ok(());
        }
        let node = self.tree.add(Node { span, kind });
        self.anchor(
            anchor,
            Anchor {
                node,
                nodes: 1,
                depth: 0,
            },
        );
        self.attach(node, span.end, 1, 0);
        Ok(())
    }

    fn open(
        &mut self,
        items: Items,
        flow: bool,
        anchor: usize,
        span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        if self.expects_key() {
            return Err(Box::new(
                self.fatal(
                    codes::SYNTAX,
                    span,
                    "a key must be text, not a map or a list",
                )
                .help("write the key as plain text; quote it if it starts with `{` or `[`"),
            ));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(Box::new(self.too_deep(span)));
        }
        self.frames.push(Frame {
            items,
            start: span.start,
            end: span.start,
            flow,
            anchor,
            nodes: 1,
            depth: 0,
        });
        Ok(())
    }

    pub fn close(&mut self, span: Span) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let end = if frame.flow {
            span.end
        } else {
            frame.end.max(frame.start)
        };
        // Buffers are used again, so each collection allocates once and exactly.
        let kind = match frame.items {
            Items::Map { mut entries, .. } => {
                let kept = entries.drain(..).collect();
                self.spare_maps.push(entries);
                Kind::Map(kept)
            }
            Items::List(mut items) => {
                let kept = items.drain(..).collect();
                self.spare_lists.push(items);
                Kind::List(kept)
            }
        };
        let span = Span {
            file: self.file,
            start: frame.start,
            end,
        };
        let node = self.tree.add(Node { span, kind });
        self.tree.index(self.sources, node);
        self.duplicates(node);
        self.anchor(
            frame.anchor,
            Anchor {
                node,
                nodes: frame.nodes,
                depth: frame.depth + 1,
            },
        );
        self.attach(node, end, frame.nodes, frame.depth + 1);
    }

    pub fn alias(&mut self, id: usize, span: Span) -> Result<(), Box<Diagnostic>> {
        if self.expects_key() {
            return Err(Box::new(self.fatal(
                codes::SYNTAX,
                span,
                "a key must be text, not an alias",
            )));
        }
        let Some(anchor) = self.anchors.get(&id).copied() else {
            let message = "this alias stands inside the value that it names, which would never end";
            return Err(Box::new(self.fatal(codes::TOO_BIG, span, message)));
        };
        self.aliased = self.aliased.saturating_add(anchor.nodes);
        if self.aliased > MAX_ALIASED {
            let message = format!("aliases expand to more than {MAX_ALIASED} values");
            return Err(Box::new(
                self.fatal(codes::TOO_BIG, span, message)
                    .help("write the values out, or alias smaller parts"),
            ));
        }
        if self.frames.len() + anchor.depth > MAX_DEPTH {
            return Err(Box::new(self.too_deep(span)));
        }
        self.attach(anchor.node, span.end, anchor.nodes, anchor.depth);
        Ok(())
    }

    fn anchor(&mut self, id: usize, anchor: Anchor) {
        if id != 0 {
            self.anchors.insert(id, anchor);
        }
    }

    /// Puts a finished node into the collection around it.
    fn attach(&mut self, node: NodeId, end: u32, nodes: u64, depth: usize) {
        let Some(frame) = self.frames.last_mut() else {
            self.parsed.root = Some(node);
            return;
        };
        frame.end = frame.end.max(end);
        frame.nodes = frame.nodes.saturating_add(nodes);
        frame.depth = frame.depth.max(depth);
        match &mut frame.items {
            Items::Map {
                entries,
                key,
                refused,
            } => {
                if let Some((key, key_span)) = key.take() {
                    frame.end = frame.end.max(key_span.end);
                    let node = if *refused {
                        let kind = Kind::Broken;
                        self.tree.add(Node {
                            span: key_span,
                            kind,
                        })
                    } else {
                        node
                    };
                    entries.push(Entry {
                        key,
                        key_span,
                        value: node,
                    });
                }
            }
            Items::List(items) => items.push(node),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                items: Items::Map { key: None, .. },
                ..
            })
        )
    }

    /// Text that lies in the source itself, where the parser borrowed it, is kept as its place there.
    fn slice(&self, text: &str) -> Option<Text> {
        let start = (text.as_ptr() as usize).checked_sub(self.source().as_ptr() as usize)?;
        let end = start + text.len();
        (end <= self.source().len()).then(|| Text::Slice {
            start: offset(start),
            end: offset(end),
        })
    }

    fn trimmed(&self, span: Span) -> u32 {
        let text = self.sources.slice(span);
        span.start + offset(text.trim_end().len())
    }
}
