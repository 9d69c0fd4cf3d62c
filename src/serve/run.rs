//! Starts the workers, keeps them running, and stops them without breaking a request off.

use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::LocalSet;

use super::clock::Clock;
use super::counting::Counting;
use super::listener::{accept, bind};
use super::options::Options;
use super::prepare::prepare;
use super::recorder::Recorder;
use super::worker::{Shared, Worker};
use super::{Loader, Ready, console, probes, reload};

/// A serve that runs.
pub struct Running {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Where plain HTTP listens.
    pub http: Option<SocketAddr>,
    /// Where HTTPS listens.
    pub https: Option<SocketAddr>,
    /// Where the console listens.
    pub console: Option<SocketAddr>,
}

/// Starts serving a spec.
///
/// # Errors
/// A port is taken, or something of the spec cannot be made ready.
pub fn start(ready: Ready, options: &Options, reload: Option<Loader>) -> Result<Running, String> {
    // One provider for all of TLS; a second call finds it there.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Ready { gateway, files } = ready;
    // Mocks stand in for everything outside; a Redis that is not there would only make limits vanish.
    let local = crate::ir::Counters::Local;
    let counters = if options.mock {
        &local
    } else {
        &gateway.counters.value
    };
    let counting = Counting::new(counters, &gateway.name)?;
    let listen = gateway.listen.value;
    let any = |port: u16| SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let http = options.listen.or(listen.http.map(any));
    let https = listen.https.map(|port| match options.listen {
        // A chosen address moves both listeners; a chosen port 0 asks for free ones.
        Some(chosen) => SocketAddr::new(chosen.ip(), if chosen.port() == 0 { 0 } else { port }),
        None => any(port),
    });
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let count = options.workers.unwrap_or(cores.len().max(1)).max(1);
    let plain = sockets(http, count)?;
    let secure = sockets(https, count)?;
    let live = prepare(gateway, options, None)?;
    let recorder = options.console.map(|_| Recorder::default());
    let shared = Arc::new(Shared::new(
        live,
        counting,
        Clock::ahead(options.clock_offset),
        recorder,
        options.client_timeout,
    ));
    let mut running = Running {
        shared: shared.clone(),
        workers: Vec::new(),
        http: address(&plain),
        https: address(&secure),
        console: None,
    };
    running.console = console::start(&shared, options.console)?;
    let mut plain = plain.into_iter();
    let mut secure = secure.into_iter();
    for number in 0..count {
        let job = Job {
            shared: shared.clone(),
            plain: plain.next(),
            secure: secure.next(),
            // A pinned worker keeps its caches; with more workers than cores that would only hinder.
            core: cores.get(number).copied().filter(|_| count <= cores.len()),
            first: number == 0,
            drain: options.drain,
        };
        let thread = std::thread::Builder::new().name(format!("worker {number}"));
        let spawned = thread.spawn(move || job.run());
        running
            .workers
            .push(spawned.map_err(|error| format!("no thread can be started: {error}"))?);
    }
    if let Some(load) = reload {
        reload::watch(shared, options.clone(), load, files);
    }
    Ok(running)
}

fn sockets(at: Option<SocketAddr>, count: usize) -> Result<Vec<std::net::TcpListener>, String> {
    let Some(mut at) = at else {
        return Ok(Vec::new());
    };
    // Sharing a port is for workers of one process; another process on it is a mistake.
    if at.port() != 0 {
        std::net::TcpListener::bind(at)
            .map_err(|error| format!("can't listen on {at}: {error}"))?;
    }
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let mut bound = bind(at);
        if bound.is_err() && at.ip() == Ipv6Addr::UNSPECIFIED {
            // A machine without IPv6.
            at = SocketAddr::from((std::net::Ipv4Addr::UNSPECIFIED, at.port()));
            bound = bind(at);
        }
        let socket = bound.map_err(|error| format!("can't listen on {at}: {error}"))?;
        at = socket.local_addr().unwrap_or(at);
        all.push(socket);
    }
    Ok(all)
}

fn address(sockets: &[std::net::TcpListener]) -> Option<SocketAddr> {
    sockets.first()?.local_addr().ok()
}

struct Job {
    shared: Arc<Shared>,
    plain: Option<std::net::TcpListener>,
    secure: Option<std::net::TcpListener>,
    core: Option<core_affinity::CoreId>,
    first: bool,
    drain: Duration,
}

impl Job {
    fn run(self) {
        if let Some(core) = self.core {
            core_affinity::set_for_current(core);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        let tasks = LocalSet::new();
        let shared = self.shared.clone();
        tasks.block_on(&runtime, async move {
            let worker = Worker::new(self.shared.clone());
            if let Some(socket) = self.plain {
                tokio::task::spawn_local(accept(worker.clone(), socket, false));
            }
            if let Some(socket) = self.secure {
                tokio::task::spawn_local(accept(worker.clone(), socket, true));
            }
            let mut stopping = self.shared.stopping.subscribe();
            let mut every = tokio::time::interval(Duration::from_millis(200));
            let mut probing = 0;
            loop {
                tokio::select! {
                    _ = every.tick() => {}
                    _ = stopping.wait_for(|stop| *stop) => break,
                }
                worker.local().sweep();
                if self.first {
                    self.shared.log.flush();
                    let version = self.shared.version();
                    if version != probing {
                        probing = version;
                        probes::begin(&worker);
                    }
                }
            }
            drained(&self.shared, self.drain).await;
        });
        shared.log.flush();
    }
}

/// Waits until every connection that was open when it stopped has ended, but not for ever.
async fn drained(shared: &Shared, most: Duration) {
    let until = tokio::time::Instant::now() + most;
    while shared.busy() > 0 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Running {
    /// Takes no new requests, waits for those under way, and ends.
    pub fn stop(self) {
        self.shared.stopping.send_replace(true);
        for worker in self.workers {
            // A worker that panicked has said so.
            let _ = worker.join();
        }
        self.shared.log.flush();
    }

    /// Waits for SIGTERM or SIGINT, then stops.
    pub fn until_signal(self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(async {
                use tokio::signal::unix::{SignalKind, signal};
                let Ok(mut term) = signal(SignalKind::terminate()) else {
                    return;
                };
                let Ok(mut interrupt) = signal(SignalKind::interrupt()) else {
                    return;
                };
                tokio::select! {
                    _ = term.recv() => {}
                    _ = interrupt.recv() => {}
                }
            });
        }
        self.stop();
    }
}
