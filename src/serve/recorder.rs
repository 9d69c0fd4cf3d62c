//! The last requests with their traces, kept for the console.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::broadcast;

use crate::engine::Step;

const KEPT: usize = 200;

/// A request as the console shows it. It holds no headers, no query and no body.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Counts up.
    pub number: u64,
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// Its ID.
    pub request_id: Option<String>,
    /// Who asked.
    pub client_ip: String,
    /// How.
    pub method: String,
    /// For which host.
    pub host: String,
    /// For what.
    pub path: String,
    /// The route's key.
    pub route: Option<String>,
    /// Who it was.
    pub consumer: Option<String>,
    /// What was answered.
    pub status: u16,
    /// Bytes of the body.
    pub bytes: u64,
    /// How long it took.
    pub duration_ms: f64,
    /// Which target answered.
    pub upstream: Option<String>,
    /// Why the gateway refused it.
    pub reason: Option<&'static str>,
    /// Why, place by place.
    pub steps: Vec<Step>,
}

/// Keeps the last requests and tells whoever watches.
pub struct Recorder {
    kept: Mutex<(u64, VecDeque<Seen>)>,
    watchers: broadcast::Sender<Seen>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            watchers: broadcast::Sender::new(256),
        }
    }
}

impl Recorder {
    /// Adds a request.
    pub fn add(&self, mut seen: Seen) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        seen.number = kept.0;
        if self.watchers.receiver_count() > 0 {
            // It fails only when the last watcher has just left.
            let _ = self.watchers.send(seen.clone());
        }
        if kept.1.len() >= KEPT {
            kept.1.pop_front();
        }
        kept.1.push_back(seen);
    }

    /// The last requests, oldest first.
    #[must_use]
    pub fn last(&self) -> Vec<Seen> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().cloned().collect()
    }

    /// Those to come.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Seen> {
        self.watchers.subscribe()
    }
}
