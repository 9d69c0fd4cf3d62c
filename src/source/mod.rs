//! TEXT AND WHERE: files, includes, overlays, variables and secrets become one tree whose every node knows its place.

mod pointer;
mod span;

pub use pointer::Pointer;
pub use span::{FileId, Part, Position, Span};
