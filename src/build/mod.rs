//! GATEWAY -> FOLDER: every target asked for its losses and its artefacts, and all of it written at once or not at all.

pub mod codes;
mod exchange;
mod folder;
mod manifest;
mod outcome;

pub use folder::{Change, Folder, Plan};
pub use manifest::{Manifest, ROOTS};
pub use outcome::{Outcome, build};
