//! SOCKETS AROUND THE ENGINE: listeners, upstream connections, health, reload, console and metrics.
//!
//! One thread a core, each with its own runtime, listening socket and idle connections; they share the spec in force,
//! the counters and what is learnt about targets.

mod ask;
mod authorize;
mod body;
mod clock;
mod console;
pub mod console_data;
mod counting;
pub mod development;
mod endpoint;
mod exchange;
mod forward;
mod gathering;
mod key_store;
mod listener;
mod live;
mod log;
mod metrics;
pub mod mock;
mod options;
mod prepare;
mod probes;
mod record;
mod recorder;
mod redis_counters;
mod reload;
mod run;
mod tls;
mod upgrade;
mod upstream;
mod worker;

pub use clock::Clock;
pub use options::Options;
pub use run::{Running, start};

use std::path::PathBuf;

use crate::ir::Gateway;

/// A spec that was read, with the files it came from.
pub struct Ready {
    /// Its meaning, secrets known.
    pub gateway: Gateway,
    /// All files whose change matters, with what was read from them: an edit made while reading is then seen as one.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// What reading a spec came to. What is wrong has been told by then.
pub enum Loaded {
    /// It can be put in force.
    Ready(Box<Ready>),
    /// It cannot.
    Wrong,
}

/// Reads the spec, now and after each change.
pub type Loader = Box<dyn FnMut() -> Loaded + Send>;

/// Tells whoever runs serve.
fn say(text: &str) {
    use std::io::Write as _;
    // When standard error is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
