//! One file a feature: how it becomes plugins, and what of it is left to functions.

pub mod auth;
pub mod cors;
pub mod headers;
pub mod limit;
pub mod token;
