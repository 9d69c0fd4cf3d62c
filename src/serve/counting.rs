//! Where limits and quotas are counted: in memory, or in Redis for several nodes.

use std::sync::Arc;

use super::redis_counters::RedisCounters;
use crate::engine::{Counters, Memory, Shortage, Take, Timestamp};
use crate::ir::CounterFailure;

/// Where limits and quotas are counted. It outlives reloads.
#[derive(Clone)]
pub struct Counting {
    /// This node's memory.
    pub memory: Arc<Memory>,
    redis: Option<Arc<RedisCounters>>,
}

/// Why a request is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// Nothing is left.
    Short(Shortage),
    /// The counters cannot be asked, and the spec says to refuse then.
    Down,
}

impl Counting {
    /// As the spec says.
    ///
    /// # Errors
    /// A Redis URL that is none.
    pub fn new(counters: &crate::ir::Counters, name: &str) -> Result<Self, String> {
        let redis = match counters {
            crate::ir::Counters::Local => None,
            crate::ir::Counters::Redis { url, on_failure } => {
                Some(Arc::new(RedisCounters::new(url, *on_failure, name)?))
            }
        };
        Ok(Self {
            memory: Arc::default(),
            redis,
        })
    }

    /// Whether other nodes count along.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.redis.is_some()
    }

    /// Takes one from each, or nothing from any.
    ///
    /// # Errors
    /// Why not.
    pub async fn take(&self, takes: &[Take], now: Timestamp) -> Result<(), NotAdmitted> {
        if takes.is_empty() {
            return Ok(());
        }
        let Some(redis) = &self.redis else {
            return self.memory.take(takes, now).map_err(NotAdmitted::Short);
        };
        match redis.take(takes, now).await {
            Ok(taken) => taken.map_err(NotAdmitted::Short),
            Err(()) if redis.on_failure == CounterFailure::Admit => Ok(()),
            Err(()) => Err(NotAdmitted::Down),
        }
    }
}
