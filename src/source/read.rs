//! A spec's files -> one document: reads, includes, merges the overlay, points services elsewhere.

use std::collections::HashMap;
use std::path::PathBuf;

use super::comments::{self, Allow};
use super::document::Document;
use super::include::Loader;
use super::input::Input;
use super::sources::Sources;
use super::tree::NodeId;
use crate::report::Diagnostic;

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
    read_edited(options, &HashMap::new())
}

/// Reads a spec as it would be with these texts in place of the files of that path.
///
/// # Errors
/// As [`read`].
pub fn read_edited(
    options: &ReadOptions<'_>,
    edited: &HashMap<PathBuf, String>,
) -> Result<Document, Box<Failure>> {
    let mut sources = Sources::default();
    let mut loader = Loader::new(options, edited, &mut sources);
    match document(&mut loader) {
        Ok((root, allows)) => {
            let Loader {
                tree, diagnostics, ..
            } = loader;
            Ok(Document {
                sources,
                tree,
                root,
                diagnostics,
                allows,
            })
        }
        Err(fatal) => {
            let mut diagnostics = loader.diagnostics;
            diagnostics.push(*fatal);
            Err(Box::new(Failure {
                diagnostics,
                sources,
                exit: 2,
            }))
        }
    }
}

fn document(loader: &mut Loader<'_>) -> Result<(NodeId, Vec<Allow>), Box<Diagnostic>> {
    let options = loader.options;
    let mut root = loader.spec()?;
    if let Some(env) = &options.env {
        let spec = match &options.input {
            Input::File(path) => Some(path.as_path()),
            Input::Text { .. } | Input::Bytes { .. } => None,
        };
        root = loader.overlay(root, spec, env)?;
    }
    for (name, url) in &options.services {
        loader.redirect(root, name, url);
    }
    let allows = comments::attach(
        &loader.tree,
        loader.sources,
        root,
        &loader.comments,
        &mut loader.diagnostics,
    );
    Ok((root, allows))
}
