//! GATEWAY -> NGINX: one configuration for open source nginx with njs, printed from a directive tree.

mod actions;
mod addresses;
mod build;
mod capabilities;
mod dispatch;
pub mod document;
mod emit;
mod frame;
mod hosts;
pub mod lexer;
mod losses;
mod matching;
mod names;
mod njs;
pub mod parse;
mod policy;
mod raw;
mod routes;
mod server;
mod settings;
mod sizes;
mod upstreams;

use super::Target;

pub use raw::CODES;

/// Open source nginx.
pub const TARGET: Target = Target {
    id: "nginx",
    title: "NGINX",
    support: capabilities::support,
    check: settings::check,
    losses: losses::PAGES,
    emit: emit::emit,
    read: None,
};
