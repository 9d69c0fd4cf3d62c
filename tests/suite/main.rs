//! Integration tests, in one binary.
#![allow(clippy::unwrap_used)]

mod cli;
mod errors;
mod folder;
mod generated;
mod hostile;
mod lint;
mod reports;
mod resolve;
mod schema;
mod sources;
mod tidy;
mod verify;
