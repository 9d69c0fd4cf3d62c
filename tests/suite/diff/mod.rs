//! What differs between two gateways: golden pairs for every kind, and what holds for all gateways.

mod command;
mod contrast;
mod golden;
mod laws;
mod spec;
