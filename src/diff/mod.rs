//! GATEWAY x GATEWAY -> CHANGES: what differs, field by field, and what that means for clients, security and operation.

mod action;
pub mod align;
mod auth;
mod change;
mod gateway;
mod headers;
pub mod kind;
mod people;
mod policy;
mod route;
mod service;

pub use change::{Change, Subject};
pub use kind::{Class, Kind};

use crate::ir::Gateway;

/// Every difference from `left` to `right`: the gateway first, then who is known, services, and routes by host and pattern.
#[must_use]
pub fn compare(left: &Gateway, right: &Gateway) -> Vec<Change> {
    let mut changes = Vec::new();
    gateway::gateway(&mut changes, left, right);
    people::people(&mut changes, left, right);
    service::services(&mut changes, &left.services, &right.services);
    route::routes(&mut changes, left, right);
    changes
}
