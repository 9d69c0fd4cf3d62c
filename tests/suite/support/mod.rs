//! What tests of running gateways share: echo services, a client that sends exact bytes, tokens, and real engines.

pub mod client;
pub mod echo;
pub mod nginx;
pub mod tokens;
