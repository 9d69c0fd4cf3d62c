//! Tree -> typed spec: serde over the tree, every mistake with its place, no follow-up mistakes.
//!
//! A mistake is recorded at its node, the node is dropped, and decoding starts again without it, until it succeeds.
//! A key that is missing only because its value was dropped drops its parent silently. Large maps decode
//! entry by entry ([`entries()`]), so a mistake in one of many routes decodes that one again and not all.

mod access;
mod cursor;
mod entries;
mod fault;
mod key;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use serde::de::DeserializeOwned;

pub use entries::entries;
pub use fault::with_help;

use super::tree::NodeId;
use super::{Document, Pointer, codes};
use crate::report::{Diagnostic, Place};
use cursor::{Cursor, Path};
use fault::Fault;

/// After so many mistakes decoding stops and says so.
pub const MAX_MISTAKES: usize = 100;

/// What decoding gave.
#[derive(Debug)]
pub struct Decoded<T> {
    /// The value without the parts that could not be decoded; `None` when nothing whole was left.
    pub value: Option<T>,
    /// Every mistake, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The nodes that were left out.
    pub broken: Vec<Pointer>,
}

/// One decoding: what was dropped so far.
struct Run<'d> {
    document: &'d Document,
    /// Entries and items that are not shown to serde any more, by parent and number.
    dropped: RefCell<HashSet<(NodeId, usize)>>,
    found: RefCell<Vec<Diagnostic>>,
    broken: RefCell<Vec<Pointer>>,
    /// Keys that an unknown key was probably meant to be, by the map they are in: they are not missing too.
    meant: RefCell<HashSet<(NodeId, &'static str)>>,
    root_broken: Cell<bool>,
    /// Mistakes beyond the limit.
    more: Cell<usize>,
}

impl Run<'_> {
    fn is_dropped(&self, parent: NodeId, at: usize) -> bool {
        let dropped = self.dropped.borrow();
        !dropped.is_empty() && dropped.contains(&(parent, at))
    }

    fn is_full(&self) -> bool {
        self.found.borrow().len() >= MAX_MISTAKES
    }

    /// Notes a mistake and drops its entry, so that the next attempt passes it by.
    fn drop(
        &self,
        slot: Option<(NodeId, usize)>,
        pointer: Pointer,
        diagnostic: Option<Diagnostic>,
    ) {
        match slot {
            Some(slot) => {
                self.dropped.borrow_mut().insert(slot);
            }
            None => self.root_broken.set(true),
        }
        self.broken.borrow_mut().push(pointer);
        match diagnostic {
            Some(_) if self.is_full() => self.more.set(self.more.get() + 1),
            found => self.found.borrow_mut().extend(found),
        }
    }

    fn give_up(&self) -> bool {
        self.root_broken.get() || self.more.get() > 0
    }
}

/// Decodes a document; see the module's documentation.
pub(super) fn decode<T: DeserializeOwned>(document: &Document) -> Decoded<T> {
    let run = Run {
        document,
        dropped: RefCell::default(),
        found: RefCell::default(),
        broken: RefCell::default(),
        meant: RefCell::default(),
        root_broken: Cell::new(false),
        more: Cell::new(0),
    };
    let mut value = None;
    let mut before = usize::MAX;
    loop {
        let cursor = Cursor {
            run: &run,
            node: document.root,
            slot: None,
            path: &Path::Root,
        };
        match T::deserialize(cursor) {
            Ok(decoded) => value = Some(decoded),
            // Every failed attempt drops an entry; one that does not would repeat for ever.
            Err(_) if !run.give_up() && run.dropped.borrow().len() != before => {
                before = run.dropped.borrow().len();
                continue;
            }
            Err(_) => {}
        }
        break;
    }
    let mut diagnostics = run.found.into_inner();
    diagnostics.sort_by_cached_key(|found| {
        let span = document.locate(&found.place);
        span.map_or((u32::MAX, 0), |span| (span.file.0, span.start))
    });
    if run.more.get() > 0 {
        let message =
            format!("the first {MAX_MISTAKES} mistakes are shown; mend them to see the rest");
        diagnostics.push(Diagnostic::error(codes::TOO_MANY, Place::Nowhere, message));
    }
    Decoded {
        value,
        diagnostics,
        broken: run.broken.into_inner(),
    }
}

/// A mistake that has its place already: decoding goes on with the next attempt.
fn recorded() -> Fault {
    Fault::Recorded
}
