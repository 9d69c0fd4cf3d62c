//! Integration tests, in one binary.
#![allow(clippy::unwrap_used)]

mod aws;
mod cases;
mod cli;
mod diff;
mod errors;
mod examples;
mod folder;
mod generated;
mod hostile;
mod kong;
mod lint;
mod nginx;
mod readme;
mod reports;
mod resolve;
mod schema;
mod serve;
mod sources;
mod support;
mod tidy;
mod verify;
mod verify_bypass;
mod verify_url;
