//! YAML or JSON text -> tree: the only file that knows the event parser (granit-parser).

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle};

use super::builder::{Builder, Comment, Parsed, Scalar, Style};
use super::sources::{Sources, offset};
use super::tree::{Kind, Tree};
use super::{FileId, Span, codes};
use crate::report::Diagnostic;

/// A JSON key may be this long; the parser's default (1024) is the limit of YAML keys.
const MAX_KEY: usize = 65_536;
/// Consecutive comment lines that may stand before a key: a licence header and more.
const MAX_COMMENTS: usize = 100_000;

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
    let mut builder = Builder::new(sources, file, tree, scalar);
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| Box::new(syntax(&builder, &error)))?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                return Err(Box::new(builder.several_documents(place(&builder, &span))));
            }
        }
        take(&mut builder, event, &span)?;
    }
    Ok(builder.parsed)
}

/// Passes one event on.
fn take(
    builder: &mut Builder<'_>,
    event: Event<'_>,
    span: &granit_parser::Span,
) -> Result<(), Box<Diagnostic>> {
    let at = place(builder, span);
    match event {
        Event::Scalar(_, _, _, Some(tag))
        | Event::SequenceStart(_, _, Some(tag))
        | Event::MappingStart(_, _, Some(tag)) => Err(Box::new(refused(builder, &tag, span, at))),
        Event::Comment(text, _) => {
            if text.trim_start().starts_with(super::comments::MARK) {
                builder.parsed.comments.push(Comment {
                    text: text.into_owned(),
                    span: at,
                });
            }
            Ok(())
        }
        Event::Scalar(text, style, anchor, None) => {
            let style = match style {
                ScalarStyle::Plain => Style::Plain,
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            };
            builder.scalar(text, style, anchor, at)
        }
        Event::SequenceStart(style, anchor, None) => {
            builder.open_list(style == StructureStyle::Flow, anchor, at)
        }
        Event::MappingStart(style, anchor, None) => {
            builder.open_map(style == StructureStyle::Flow, anchor, at)
        }
        Event::SequenceEnd | Event::MappingEnd => {
            builder.close(at);
            Ok(())
        }
        Event::Alias(id) => builder.alias(id, at),
        // Marks of the stream, and what the options leave off.
        _ => Ok(()),
    }
}

fn place(builder: &Builder<'_>, span: &granit_parser::Span) -> Span {
    let length = builder.source().len();
    let at = |marker: &granit_parser::Marker| offset(marker.byte_offset().unwrap_or(0).min(length));
    let (start, end) = (at(&span.start), at(&span.end));
    Span {
        file: builder.file,
        start,
        end: end.max(start),
    }
}

fn refused(
    builder: &Builder<'_>,
    tag: &granit_parser::Tag,
    span: &granit_parser::Span,
    at: Span,
) -> Diagnostic {
    let at = span.tag_span().map_or(at, |tag| place(builder, &tag));
    let message = format!("the tag `{}` is not supported", tag.original());
    builder
        .fatal(codes::TAG, at, message)
        .help("remove it: the spec's own schema decides what a value is")
}

fn syntax(builder: &Builder<'_>, error: &granit_parser::ScanError) -> Diagnostic {
    let start = error.marker().byte_offset().unwrap_or(0);
    super::syntax::describe(
        error.kind(),
        builder.source(),
        start,
        |(start, end), code, message| {
            builder.fatal(
                code,
                Span {
                    file: builder.file,
                    start,
                    end,
                },
                message,
            )
        },
    )
}

/// The parser's kind of mistake, for [`super::syntax`].
pub(super) type SyntaxKind = ErrorKind;
