//! Integration tests, in one binary.

mod errors;
mod generated;
mod hostile;
mod reports;
mod resolve;
mod schema;
mod sources;
mod cli;
mod folder;
