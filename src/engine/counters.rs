//! What limits and quotas take from, and the order in which a shortage is told.

use super::request::Timestamp;
use crate::ir::units::{Quota, Rate};

/// One thing that a request must be admitted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which bucket: stable over reloads and nodes, at most a few hundred bytes.
    pub key: String,
    /// How much there is.
    pub allowance: Allowance,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// A token bucket.
    Bucket {
        /// Refill.
        rate: Rate,
        /// Capacity.
        burst: u64,
    },
    /// A quota of a calendar window.
    Window(Quota),
}

/// Which take was not admitted, and when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The first take, in order, that has nothing left.
    pub index: usize,
    /// Seconds until all of them would admit again, at least 1.
    pub retry_after: u64,
}

/// Where tokens and quotas are counted.
pub trait Counters {
    /// Takes one from each, or nothing from any.
    ///
    /// # Errors
    /// The first that has nothing left.
    fn take(&self, takes: &[Take], now: Timestamp) -> Result<(), Shortage>;
}

/// Counters that admit everything, for looking at routes alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Counters for Unlimited {
    fn take(&self, _: &[Take], _: Timestamp) -> Result<(), Shortage> {
        Ok(())
    }
}
