//! The access log: one JSON object a line on standard output, written in blocks.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::engine::Timestamp;

/// One request, as the log tells it.
#[derive(Clone, Debug, Serialize)]
pub struct Line<'a> {
    /// When it came, RFC 3339 in UTC.
    pub time: String,
    /// Its ID.
    pub request_id: Option<&'a str>,
    /// Who asked.
    pub client_ip: String,
    /// For which host.
    pub host: &'a str,
    /// How.
    pub method: &'a str,
    /// For what, as it was sent, without the query: keys may stand there.
    pub path: &'a str,
    /// The route's key.
    pub route: Option<&'a str>,
    /// Who it was.
    pub consumer: Option<&'a str>,
    /// What was answered.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// How long it took.
    pub duration_ms: f64,
    /// Which target answered.
    pub upstream: Option<&'a str>,
    /// What it said.
    pub upstream_status: Option<u16>,
    /// Why the gateway refused it.
    pub reason: Option<&'a str>,
}

/// The log's buffer.
#[derive(Default)]
pub struct Log {
    buffer: Mutex<Vec<u8>>,
}

const BLOCK: usize = 32 * 1024;

impl Log {
    /// Adds a line.
    pub fn write(&self, line: &Line<'_>) {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if serde_json::to_writer(&mut *buffer, line).is_ok() {
            buffer.push(b'\n');
        }
        if buffer.len() >= BLOCK {
            flush(&mut buffer);
        }
    }

    /// Writes out what there is.
    pub fn flush(&self) {
        flush(&mut self.buffer.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn flush(buffer: &mut Vec<u8>) {
    // A log that nobody reads any more must not stop the gateway.
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(buffer).and_then(|()| out.flush());
    buffer.clear();
}

/// A point in time as the log writes it.
#[must_use]
pub fn time(at: Timestamp) -> String {
    let seconds = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(at.0 % 1_000_000_000 / 1_000_000 * 1_000_000).unwrap_or(0);
    jiff::Timestamp::new(seconds, nanos)
        .map(|t| format!("{t:.3}"))
        .unwrap_or_default()
}

/// Milliseconds with three digits.
#[must_use]
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
