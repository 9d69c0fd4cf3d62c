//! POLICIES -> DIRECTIVES: one file a policy, named as in the model.

pub mod auth;
pub mod cors;
pub mod credentials;
pub mod gather;
pub mod headers;
pub mod ip;
pub mod jwt;
pub mod large;
pub mod limit;
pub mod log;
pub mod quota;
pub mod remote;
pub mod tls;
