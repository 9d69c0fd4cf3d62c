//! GATEWAY -> FOLDER: every target asked for its losses and its artefacts, and all of it put in place at once.

pub mod codes;
mod exchange;
mod files;
mod folder;
mod manifest;
mod outcome;
mod summary;

pub use files::{Files, files, report_text};
pub use folder::{Change, Folder, Plan};
pub use manifest::{Manifest, REPORT, ROOTS};
pub use outcome::{Outcome, build};
pub use summary::summary;
