//! Fetched key sets: kept while they are fresh, fetched again when a key is missing, and not more often than is decent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue};

use super::ask::{Asked, ask_url};
use crate::engine::KeySet;

const FRESH: Duration = Duration::from_secs(600);
const LEAST_FRESH: Duration = Duration::from_secs(60);
const MOST_FRESH: Duration = Duration::from_secs(86_400);
/// No URL is asked twice within this time, whatever tokens come in.
const BETWEEN: Duration = Duration::from_secs(5);
const WITHIN: Duration = Duration::from_secs(5);
const LARGEST: usize = 1 << 20;

/// Key sets by URL. They outlive reloads.
#[derive(Default)]
pub struct KeyStore {
    held: Mutex<HashMap<String, Held>>,
    // One fetch at a time, so that a burst of requests asks once.
    fetching: tokio::sync::Mutex<()>,
    generation: AtomicU64,
}

#[derive(Clone, Default)]
struct Held {
    keys: Option<Arc<KeySet>>,
    text: Vec<u8>,
    stale_at: Option<Instant>,
    asked_at: Option<Instant>,
}

impl Held {
    fn may_ask(&self) -> bool {
        self.asked_at.is_none_or(|at| at.elapsed() >= BETWEEN)
    }
    fn is_fresh(&self) -> bool {
        self.stale_at.is_some_and(|at| Instant::now() < at)
    }
}

impl KeyStore {
    /// The keys at a URL; `again` when the one needed is not among those held. None: they could not be had.
    pub async fn get(&self, url: &url::Url, again: bool) -> Option<Arc<KeySet>> {
        let held = self.held(url);
        if (held.is_fresh() && !again) || !held.may_ask() {
            return held.keys;
        }
        let before = held.asked_at;
        let _one = self.fetching.lock().await;
        let held = self.held(url);
        // Somebody else asked while this request waited.
        if held.asked_at != before {
            return held.keys;
        }
        self.fetch(url, held).await
    }

    fn held(&self, url: &url::Url) -> Held {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(url.as_str()).cloned().unwrap_or_default()
    }

    async fn fetch(&self, url: &url::Url, mut held: Held) -> Option<Arc<KeySet>> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = ask_url(url, headers, WITHIN, LARGEST).await;
        held.asked_at = Some(Instant::now());
        if let Asked::Answered {
            status: 200,
            headers,
            body,
        } = answer
        {
            // The same text keeps its generation, and with it the tokens already verified.
            if held.keys.is_some() && held.text == body {
                held.stale_at = Some(Instant::now() + freshness(&headers));
            } else if let Ok(keys) =
                KeySet::from_jwks(&body, self.generation.fetch_add(1, Ordering::Relaxed) + 1)
            {
                held.keys = Some(Arc::new(keys));
                held.text = body.to_vec();
                held.stale_at = Some(Instant::now() + freshness(&headers));
            }
        }
        let keys = held.keys.clone();
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(url.as_str().to_owned(), held);
        keys
    }
}

fn freshness(headers: &HeaderMap) -> Duration {
    let text = headers
        .get(CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let seconds = text
        .split(',')
        .find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
        .map_or(FRESH, Duration::from_secs);
    seconds.clamp(LEAST_FRESH, MOST_FRESH)
}
