//! What differs between two gateways: golden pairs for every kind, and what holds for all gateways.

mod command;
mod contrast;
mod golden;
mod kong;
mod laws;
mod spec;
