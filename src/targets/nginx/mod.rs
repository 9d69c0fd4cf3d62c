//! GATEWAY -> NGINX: one configuration for open source nginx with njs, printed from a directive tree.

pub mod document;
pub mod lexer;
pub mod parse;
