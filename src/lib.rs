//! gateway-gen: one neutral gateway spec, compiled to several gateways, with every loss declared.

pub mod report;
pub mod source;
