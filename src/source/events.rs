//! YAML or JSON text -> tree: the only file that knows the event parser (granit-parser).

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};

use super::sources::{Sources, offset};
use super::tree::{Entry, Kind, Node, NodeId, Text, Tree};
use super::{FileId, Pointer, Span, codes};
use crate::report::{Diagnostic, Place};

/// How deep collections may nest; a spec needs about 12.
const MAX_DEPTH: usize = 100;
/// How many nodes aliases may add: far above any real spec, far below an alias bomb.
const MAX_ALIASED: u64 = 1_000_000;
/// A JSON key may be this long; the parser's default (1024) is the limit of YAML keys.
const MAX_KEY: usize = 65_536;
/// Consecutive comment lines that may stand before a key: a licence header and more.
const MAX_COMMENTS: usize = 100_000;

/// A comment, with the bytes from `#` to the end of its line.
#[derive(Debug)]
pub(super) struct Comment {
    pub text: String,
    pub span: Span,
}

/// What one file's text gave.
pub(super) struct Parsed {
    /// `None` for a file without any content.
    pub root: Option<NodeId>,
    pub comments: Vec<Comment>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses one file into `tree`. Scalars pass through `scalar`, which may replace or refuse them.
///
/// # Errors
/// The first mistake after which the rest cannot be read: syntax, depth, alias bombs, several documents.
pub(super) fn parse(
    sources: &Sources,
    file: FileId,
    tree: &mut Tree,
    scalar: &mut dyn FnMut(&Scalar<'_>, Kind) -> Kind,
) -> Result<Parsed, Box<Diagnostic>> {
    let text = sources
        .get(file)
        .map(super::Source::text)
        .unwrap_or_default();
    let mut options = granit_parser::options! {
        simple_key_max_lookahead: MAX_KEY,
        max_buffered_comment_events: MAX_COMMENTS,
        disallow_directives: false,
    };
    // Emitting comments costs a tenth of the parsing; few specs have any of ours.
    options.set_emit_comments(text.contains(super::comments::MARK));
    let mut builder = Builder {
        sources,
        file,
        base: text.as_ptr() as usize,
        length: text.len(),
        tree,
        scalar,
        frames: Vec::new(),
        anchors: HashMap::new(),
        aliased: 0,
        documents: 0,
        parsed: Parsed {
            root: None,
            comments: Vec::new(),
            diagnostics: Vec::new(),
        },
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| Box::new(builder.syntax(&error)))?;
        builder.event(event, &span)?;
    }
    Ok(builder.parsed)
}

/// A scalar value as it is read, for those who replace variables and refuse control characters.
pub(super) struct Scalar<'a> {
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
    },
    List(Vec<NodeId>),
}

struct Builder<'a> {
    sources: &'a Sources,
    file: FileId,
    base: usize,
    length: usize,
    tree: &'a mut Tree,
    scalar: &'a mut dyn FnMut(&Scalar<'_>, Kind) -> Kind,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    aliased: u64,
    documents: usize,
    parsed: Parsed,
}

impl Builder<'_> {
    fn event(
        &mut self,
        event: Event<'_>,
        span: &granit_parser::Span,
    ) -> Result<(), Box<Diagnostic>> {
        let place = self.span(span);
        match &event {
            Event::Scalar(_, _, _, Some(tag))
            | Event::SequenceStart(_, _, Some(tag))
            | Event::MappingStart(_, _, Some(tag)) => {
                return Err(Box::new(self.tag(tag, span, place)));
            }
            _ => {}
        }
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Box::new(self.several_documents(place)));
                }
            }
            Event::Comment(text, _) => {
                if text.trim_start().starts_with(super::comments::MARK) {
                    self.parsed.comments.push(Comment {
                        text: text.into_owned(),
                        span: place,
                    });
                }
            }
            Event::Scalar(text, style, anchor, _) => self.scalar(text, style, anchor, place)?,
            Event::SequenceStart(style, anchor, _) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                self.open(Items::List(Vec::new()), flow, anchor, place)?;
            }
            Event::MappingStart(style, anchor, _) => {
                let flow = style == granit_parser::StructureStyle::Flow;
                self.open(
                    Items::Map {
                        entries: Vec::new(),
                        key: None,
                    },
                    flow,
                    anchor,
                    place,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            Event::Alias(id) => self.alias(id, place)?,
            // Marks of the stream, and what the options above leave off.
            _ => {}
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        mut span: Span,
    ) -> Result<(), Box<Diagnostic>> {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if block {
            span.end = self.trimmed(span);
        }
        let plain = style == ScalarStyle::Plain;
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
            let text = match kind {
                Kind::Scalar { text, .. } => text,
                Kind::Map(_) | Kind::List(_) | Kind::Broken => Text::Owned(text.as_ref().into()),
            };
            if let Some(Frame {
                items: Items::Map { key, .. },
                ..
            }) = self.frames.last_mut()
            {
                *key = Some((text, span));
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

    fn close(&mut self, span: Span) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let end = if frame.flow {
            span.end
        } else {
            frame.end.max(frame.start)
        };
        let kind = match frame.items {
            Items::Map { entries, .. } => Kind::Map(entries.into()),
            Items::List(items) => Kind::List(items.into()),
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

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Box<Diagnostic>> {
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
            Items::Map { entries, key } => {
                if let Some((key, key_span)) = key.take() {
                    frame.end = frame.end.max(key_span.end);
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

    /// Text that the parser borrowed from the source is kept as its place there.
    fn slice(&self, text: &Cow<'_, str>) -> Option<Text> {
        let Cow::Borrowed(text) = text else {
            return None;
        };
        let start = (text.as_ptr() as usize).checked_sub(self.base)?;
        let end = start + text.len();
        (end <= self.length).then(|| Text::Slice {
            start: offset(start),
            end: offset(end),
        })
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let at = |marker: &granit_parser::Marker| {
            offset(marker.byte_offset().unwrap_or(0).min(self.length))
        };
        let (start, end) = (at(&span.start), at(&span.end));
        Span {
            file: self.file,
            start,
            end: end.max(start),
        }
    }

    fn trimmed(&self, span: Span) -> u32 {
        let text = self.sources.slice(span);
        span.start + offset(text.trim_end().len())
    }
}

/// Mistakes.
impl Builder<'_> {
    fn fatal(
        &self,
        code: crate::report::Code,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        let pointer = pointer(self.sources, self.file, &self.frames);
        Diagnostic::error(code, Place::Text { pointer, span }, message)
    }

    fn too_deep(&self, span: Span) -> Diagnostic {
        let message = format!("values nest deeper than {MAX_DEPTH} levels");
        let start = Span {
            end: span.start + 1,
            ..span
        };
        self.fatal(codes::TOO_DEEP, start, message).help(
            "no part of a spec needs that: look for a bracket or an indent that is never closed",
        )
    }

    fn tag(&self, tag: &granit_parser::Tag, span: &granit_parser::Span, place: Span) -> Diagnostic {
        let place = span.tag_span().map_or(place, |tag| self.span(&tag));
        let message = format!("the tag `{}` is not supported", tag.original());
        self.fatal(codes::TAG, place, message)
            .help("remove it: the spec's own schema decides what a value is")
    }

    fn several_documents(&self, span: Span) -> Diagnostic {
        let end = (span.start + 3).min(offset(self.length));
        self.fatal(codes::DOCUMENTS, Span { end, ..span }, "a second document starts here").help("a spec is one document: put the rest into a file of its own and name it under `include`")
    }

    fn merge_key(&self, span: Span) -> Diagnostic {
        self.fatal(
            codes::MERGE_KEY,
            span,
            "merge keys (`<<`) are not supported",
        )
        .help("YAML 1.2 has none; write shared settings under `defaults`, or alias the whole value")
    }

    fn duplicates(&mut self, node: NodeId) {
        for (first, later) in self.tree.duplicates(self.sources, node) {
            let entries = self.tree.entries(node);
            let key = self.tree.key(self.sources, &entries[later]);
            let pointer = pointer(self.sources, self.file, &self.frames).key(key);
            let place = |at: usize| Place::Text {
                pointer: pointer.clone(),
                span: entries[at].key_span,
            };
            let found = Diagnostic::error(
                codes::DUPLICATE_KEY,
                place(later),
                format!("`{key}` is given twice"),
            )
            .label("given again here")
            .help("keep one of them: which one would win differs between readers")
            .related(place(first), "first given here");
            self.parsed.diagnostics.push(found);
        }
    }

    fn syntax(&self, error: &granit_parser::ScanError) -> Diagnostic {
        let start = error.marker().byte_offset().unwrap_or(0).min(self.length);
        let text = self
            .sources
            .get(self.file)
            .map(super::Source::text)
            .unwrap_or_default();
        super::syntax::describe(error.kind(), text, start, |span, code, message| {
            self.fatal(
                code,
                Span {
                    file: self.file,
                    start: span.0,
                    end: span.1,
                },
                message,
            )
        })
    }
}

/// The pointer of the value that is being read.
fn pointer(sources: &Sources, file: FileId, frames: &[Frame]) -> Pointer {
    let mut pointer = Pointer::root();
    for frame in frames {
        match &frame.items {
            Items::List(items) => pointer = pointer.index(items.len()),
            Items::Map {
                key: Some((key, _)),
                ..
            } => {
                let key = match key {
                    Text::Owned(text) => text,
                    Text::Slice { start, end } => sources.slice(Span {
                        file,
                        start: *start,
                        end: *end,
                    }),
                };
                pointer = pointer.key(key);
            }
            Items::Map { key: None, .. } => {}
        }
    }
    pointer
}

/// The parser's kind of mistake, for [`super::syntax`].
pub(super) type SyntaxKind = ErrorKind;
