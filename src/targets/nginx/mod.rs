//! GATEWAY -> NGINX: one configuration for open source nginx with njs, printed from a directive tree.

mod build;
mod capabilities;
pub mod document;
mod emit;
mod frame;
pub mod lexer;
mod losses;
mod matching;
mod names;
mod njs;
pub mod parse;
mod policy;
mod raw;
mod routes;
mod settings;
mod upstreams;

use super::Target;

pub use raw::CODES;

/// Open source nginx.
pub const TARGET: Target = Target {
    id: "nginx",
    title: "NGINX",
    support: capabilities::support,
    check: capabilities::check,
    losses: losses::PAGES,
    emit: emit::emit,
    read: None,
};
