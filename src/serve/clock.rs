//! The clock that the engine is told, shifted by `--clock-offset`.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::engine::Timestamp;

/// The machine's clock and how far ahead of it serve lives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    offset_nanos: i64,
}

impl Clock {
    /// Ahead by so many milliseconds; negative: behind.
    #[must_use]
    pub fn ahead(millis: i64) -> Self {
        Self {
            offset_nanos: millis.saturating_mul(1_000_000),
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Timestamp(nanos.saturating_add_signed(self.offset_nanos))
    }
}
