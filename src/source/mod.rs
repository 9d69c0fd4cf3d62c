//! TEXT AND WHERE: files, includes, overlays, variables and secrets become one tree whose every node knows its place.

mod builder;
pub mod codes;
mod comments;
mod decode;
mod document;
mod events;
mod glob;
mod include;
mod input;
mod nearest;
mod overlay;
mod pointer;
mod read;
mod redirect;
mod scalar;
mod scalars;
mod sources;
mod span;
mod syntax;
mod tree;
mod variables;

pub use comments::Allow;
pub use decode::{Decoded, MAX_MISTAKES, entries, with_help};
pub use document::Document;
pub use input::{Input, MAX_BYTES};
pub use nearest::nearest;
pub use pointer::Pointer;
pub use read::{Failure, ReadOptions, read, read_edited};
pub use sources::{Source, Sources};
pub use span::{FileId, Part, Position, Span};
