//! POLICIES -> PROPERTIES: one file a policy, each with what it becomes on AWS.

pub mod answers;
pub mod auth;
pub mod cors;
pub mod headers;
pub mod ip;
pub mod limit;
pub mod plans;
pub mod spelling;
