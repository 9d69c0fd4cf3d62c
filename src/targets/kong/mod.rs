//! GATEWAY -> KONG: a declarative file for Kong Gateway 3.9, open source, with the server settings it cannot carry.

mod answers;
mod capabilities;
pub mod check;
pub mod codes;
pub mod conf;
pub mod document;
mod emit;
pub mod functions;
mod health;
mod losses;
pub mod lower;
pub mod names;
pub mod paths;
mod place;
pub mod policy;
pub mod print;
pub mod raw;
mod read;
pub mod respond;
pub mod routes;
mod secrets;
pub mod upstreams;

use super::Target;

/// Kong Gateway, open source.
pub const TARGET: Target = Target {
    id: "kong",
    title: "Kong Gateway",
    support: capabilities::support,
    check: emit::check,
    losses: losses::PAGES,
    emit: emit::emit,
    read: Some(read::read),
};
