//! A spec's files -> one document: reads, includes, merges the overlay, points services elsewhere.

use super::document::Document;
use super::input::{self, Input, MAX_BYTES};
use super::sources::Sources;
use super::tree::{Kind, Node, Tree};
use super::{FileId, Span, comments, events};
use crate::report::{Diagnostic, Place};

/// What to read and how.
pub struct ReadOptions<'a> {
    /// The spec.
    pub input: Input,
    /// Merge `<spec>.<env>.yaml`, which lies beside the spec.
    pub env: Option<String>,
    /// Values for `${env:NAME}`.
    pub variables: &'a dyn Fn(&str) -> Option<String>,
    /// Services to point elsewhere: name and URL.
    pub services: Vec<(String, String)>,
}

/// Why there is no document.
#[derive(Debug)]
pub struct Failure {
    /// What was found, the fatal one last.
    pub diagnostics: Vec<Diagnostic>,
    /// The files, to show where.
    pub sources: Sources,
    /// The exit code: 2 for input that can't be read.
    pub exit: u8,
}

/// Reads a spec and everything that belongs to it.
///
/// # Errors
/// A file that can't be read or is not YAML or JSON. Mistakes in a spec are in [`Document::diagnostics`].
pub fn read(options: &ReadOptions<'_>) -> Result<Document, Box<Failure>> {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    match document(options, &mut sources, &mut diagnostics) {
        Ok((tree, root, allows)) => Ok(Document {
            sources,
            tree,
            root,
            diagnostics,
            allows,
        }),
        Err(fatal) => {
            diagnostics.push(*fatal);
            Err(Box::new(Failure {
                diagnostics,
                sources,
                exit: 2,
            }))
        }
    }
}

type Read = (Tree, super::tree::NodeId, Vec<comments::Allow>);

fn document(
    options: &ReadOptions<'_>,
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Read, Box<Diagnostic>> {
    let file = match &options.input {
        Input::File(path) => input::load(sources, path, &Place::Nowhere)?,
        Input::Text { name, text } => input::add(
            sources,
            name.clone(),
            None,
            text.clone().into_bytes(),
            MAX_BYTES,
        )?,
    };
    let mut tree = Tree::default();
    let parsed = events::parse(sources, file, &mut tree, &mut |_, kind| kind)?;
    diagnostics.extend(parsed.diagnostics);
    let root = parsed.root.unwrap_or_else(|| empty(&mut tree, file));
    Ok((tree, root, Vec::new()))
}

fn empty(tree: &mut Tree, file: FileId) -> super::tree::NodeId {
    tree.add(Node {
        span: Span {
            file,
            start: 0,
            end: 0,
        },
        kind: Kind::Map(Box::default()),
    })
}
