//! gateway-gen: one neutral gateway spec, compiled to several gateways, with every loss declared.
//!
#![doc = include_str!("../ARCHITECTURE.md")]

pub mod build;
pub mod cli;
pub mod diff;
pub mod engine;
pub mod ir;
pub mod lint;
pub mod report;
pub mod resolve;
pub mod serve;
pub mod source;
pub mod spec;
pub mod targets;
pub mod verify;
