//! A worker: one thread, one core, its own idle connections; what workers share is behind one pointer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use tokio::sync::watch;

use super::clock::Clock;
use super::counting::Counting;
use super::endpoint::Sender;
use super::key_store::KeyStore;
use super::live::Live;
use super::log::Log;
use super::metrics::Metrics;
use super::recorder::Recorder;

/// What all workers share.
pub struct Shared {
    live: RwLock<Arc<Live>>,
    version: AtomicU64,
    open: AtomicUsize,
    /// Limits and quotas.
    pub counting: Counting,
    /// Fetched key sets.
    pub keys: KeyStore,
    /// The clock.
    pub clock: Clock,
    /// The access log.
    pub log: Log,
    /// Figures for Prometheus.
    pub metrics: Metrics,
    /// The last requests with their traces, for the console.
    pub recorder: Option<Recorder>,
    /// Turns true when no new requests are taken.
    pub stopping: watch::Sender<bool>,
    /// Patience with clients.
    pub client_timeout: Duration,
}

impl Shared {
    /// With a first spec in force.
    #[allow(clippy::too_many_arguments)]
    #[must_use]
    pub fn new(
        live: Live,
        counting: Counting,
        clock: Clock,
        recorder: Option<Recorder>,
        client_timeout: Duration,
    ) -> Self {
        Self {
            live: RwLock::new(Arc::new(live)),
            version: AtomicU64::new(1),
            open: AtomicUsize::new(0),
            counting,
            keys: KeyStore::default(),
            clock,
            log: Log::default(),
            metrics: Metrics::default(),
            recorder,
            stopping: watch::Sender::new(false),
            client_timeout,
        }
    }

    /// The spec in force.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Counts up with each spec that is put in force.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Connections open, over all workers.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Puts another in force. Requests under way end with the one they began with.
    pub fn replace(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
        self.version.fetch_add(1, Ordering::Release);
    }
}

/// A spec in force, as one worker sees it.
pub struct Local {
    /// It.
    pub live: Arc<Live>,
    idle: RefCell<Vec<Vec<Idle>>>,
}

struct Idle {
    sender: Sender,
    since: Instant,
}

// As many as a worker can need at once under the loads measured; more are closed.
const MOST_IDLE: usize = 256;
const LONGEST_IDLE: Duration = Duration::from_secs(60);

impl Local {
    fn new(live: Arc<Live>) -> Rc<Self> {
        let idle = live.endpoints.iter().map(|_| Vec::new()).collect();
        Rc::new(Self {
            live,
            idle: RefCell::new(idle),
        })
    }

    /// The connection to an endpoint that was used last, with how long it has been idle.
    pub fn reuse(&self, endpoint: usize) -> Option<(Sender, Duration)> {
        let mut idle = self.idle.borrow_mut();
        while let Some(held) = idle[endpoint].pop() {
            let age = held.since.elapsed();
            if !held.sender.is_closed() && age < LONGEST_IDLE {
                return Some((held.sender, age));
            }
        }
        None
    }

    /// Keeps a connection for the next request.
    pub fn keep(&self, endpoint: usize, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        if !sender.is_closed() && idle[endpoint].len() < MOST_IDLE {
            idle[endpoint].push(Idle {
                sender,
                since: Instant::now(),
            });
        }
    }

    /// Closes connections that nobody has used for long.
    pub fn sweep(&self) {
        for list in self.idle.borrow_mut().iter_mut() {
            list.retain(|held| !held.sender.is_closed() && held.since.elapsed() < LONGEST_IDLE);
        }
    }
}

/// One thread's state.
pub struct Worker {
    /// What all share.
    pub shared: Arc<Shared>,
    local: RefCell<Rc<Local>>,
    version: Cell<u64>,
    random: RefCell<(Box<[u8; 1024]>, usize)>,
}

impl Worker {
    /// A worker's state, made on its thread.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Rc<Self> {
        let version = shared.version.load(Ordering::Acquire);
        let local = Local::new(shared.live());
        Rc::new(Self {
            shared,
            local: RefCell::new(local),
            version: Cell::new(version),
            random: RefCell::new((Box::new([0; 1024]), 1024)),
        })
    }

    /// The spec in force.
    #[must_use]
    pub fn local(&self) -> Rc<Local> {
        let version = self.shared.version.load(Ordering::Acquire);
        if version != self.version.get() {
            *self.local.borrow_mut() = Local::new(self.shared.live());
            self.version.set(version);
        }
        self.local.borrow().clone()
    }

    /// 128 random bits, drawn from the system a kilobyte at a time.
    #[must_use]
    pub fn random(&self) -> u128 {
        let mut random = self.random.borrow_mut();
        let (bytes, used) = &mut *random;
        if *used >= bytes.len() {
            // The system's source fails only where it does not exist; an ID must not stop a request.
            let _ = SystemRandom::new().fill(&mut bytes[..]);
            *used = 0;
        }
        let mut sixteen = [0; 16];
        sixteen.copy_from_slice(&bytes[*used..*used + 16]);
        *used += 16;
        u128::from_le_bytes(sixteen)
    }
}

/// An open connection: counted as long as it lives.
pub struct Open(Arc<Shared>);

impl Open {
    /// One more.
    #[must_use]
    pub fn count(shared: &Arc<Shared>) -> Self {
        shared.open.fetch_add(1, Ordering::AcqRel);
        Self(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}
