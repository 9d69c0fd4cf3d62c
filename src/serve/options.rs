//! How serve was asked to run.

use std::net::SocketAddr;
use std::time::Duration;

/// How serve was asked to run. Everything about requests is in the spec.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where plain HTTP listens instead of the spec's port on every address. Port 0: any free one.
    pub listen: Option<SocketAddr>,
    /// An echo upstream stands in for every service.
    pub mock: bool,
    /// The development key, where tokens signed by it are accepted.
    pub development_key: Option<Vec<u8>>,
    /// Where the console listens; none: off.
    pub console: Option<SocketAddr>,
    /// How far the clock is ahead of the machine's, in milliseconds; may be negative.
    pub clock_offset: i64,
    /// Worker threads; none: one a core.
    pub workers: Option<usize>,
    /// How long a client may take for a request's head, and between pieces of its body.
    pub client_timeout: Duration,
    /// How long requests may take to end after a signal to stop.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: None,
            mock: false,
            development_key: None,
            console: None,
            clock_offset: 0,
            workers: None,
            client_timeout: Duration::from_secs(60),
            drain: Duration::from_secs(30),
        }
    }
}
