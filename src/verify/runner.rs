//! PROBES x ADDRESS -> RESULTS: sends each probe, tells the upstreams how to behave, and judges what comes back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::expect::{Expected, Oracle, Reach};
use super::generate::faults::{TROUBLE, Trouble};
use super::identity::AUTHORIZER;
use super::judge::{Difference, judge};
use super::probe::{Observed, Probe, Request, Step};
use super::upstream::{Board, Orders};
use super::wire;
use crate::engine::{Memory, Timestamp};

/// What one probe showed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The probe.
    pub probe: Probe,
    /// What came out otherwise, over all its steps; nothing: as promised.
    pub differences: Vec<Difference>,
    /// The last request, the one that differed where one did.
    pub request: Option<Request>,
    /// What was expected of it.
    pub expected: Option<Expected>,
    /// What came.
    pub observed: Option<Observed>,
}

/// The time now.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// Sends probes to one running gateway.
pub struct Runner<'r> {
    /// Where it listens.
    pub address: SocketAddr,
    /// What must come of requests.
    pub oracle: &'r Oracle,
    /// What upstreams received and do.
    pub board: &'r Arc<Board>,
    /// Counters as the gateway should keep them; new when it is started anew.
    pub counters: Memory,
    /// How many requests were sent; each carries its number.
    pub sent: AtomicU64,
}

/// The header that says which request something at an upstream belongs to.
pub(super) const TAG: &str = "x-verify-tag";
/// How often late parts are looked for, 5 ms apart.
const SETTLE: usize = 20;

impl Runner<'_> {
    /// Sends one probe.
    pub fn run(&self, probe: &Probe) -> Outcome {
        let mut outcome = Outcome {
            probe: probe.clone(),
            differences: Vec::new(),
            request: None,
            expected: None,
            observed: None,
        };
        let breaks = probe.name.ends_with("breaker opens");
        for (number, step) in probe.steps.iter().enumerate() {
            match step {
                Step::Wait(time) => std::thread::sleep(*time),
                Step::Send(request) => {
                    let (mut expected, observed) = self.send(request);
                    if breaks {
                        open_breaker(&mut expected, number + 1 == probe.steps.len());
                    }
                    let found = judge(probe.class, request, &expected, &observed);
                    let differs = !found.is_empty();
                    outcome.differences.extend(found);
                    if differs || number + 1 == probe.steps.len() {
                        outcome.request = Some(request.clone());
                        outcome.expected = Some(expected);
                        outcome.observed = Some(observed);
                    }
                    if differs {
                        break;
                    }
                }
                Step::Burst(request, count) => {
                    outcome.request = Some(request.clone());
                    let found = self.burst(request, *count);
                    let differs = found.is_some();
                    outcome.differences.extend(found);
                    if differs {
                        break;
                    }
                }
            }
        }
        outcome
    }

    /// Sends one request, after the upstreams were told how to behave.
    fn send(&self, request: &Request) -> (Expected, Observed) {
        let (request, orders) = orders(request);
        self.board.order(orders.clone());
        let expected = self.oracle.expect(&request, &orders, &self.counters, now());
        let awaited = match &expected.reach {
            Reach::Nothing | Reach::Any | Reach::Service { .. } => 0,
            Reach::Parts(parts) => parts.len(),
        };
        let observed = self.observe(&request, awaited);
        (expected, observed)
    }

    /// Sends a request and takes what reached upstreams: by its tag, or, for the parts of a gather, by waiting for them.
    fn observe(&self, request: &Request, awaited: usize) -> Observed {
        let tag = self.sent.fetch_add(1, Ordering::Relaxed).to_string();
        let tagged = request.clone().header(TAG, tag.as_str());
        let answer = wire::exchange(self.address, &tagged);
        let mut received = Vec::new();
        for attempt in 0..=SETTLE {
            received.extend(self.board.take().into_iter().filter(|received| {
                let other = received.headers.iter().find(|(name, _)| name == TAG);
                other.map_or(awaited > 0, |(_, value)| *value == tag)
            }));
            // A part that a failed gather no longer waits for arrives a little later.
            if received.len() >= awaited || attempt == SETTLE {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for one in &mut received {
            one.headers.retain(|(name, _)| name != TAG);
        }
        match answer {
            Ok((status, headers, body)) => Observed {
                status,
                headers,
                body,
                received,
            },
            Err(_) => Observed {
                status: 0,
                headers: Vec::new(),
                body: String::new(),
                received,
            },
        }
    }

    /// Sends a request many times and compares how many pass with how many may.
    fn burst(&self, request: &Request, count: u64) -> Option<Difference> {
        let (request, orders) = orders(request);
        self.board.order(orders.clone());
        let passes = |expected: &Expected| !expected.statuses.contains(&429);
        let started = (Instant::now(), now());
        let mut passed = 0;
        for _ in 0..count {
            let observed = self.observe(&request, 0);
            passed += u64::from(observed.status != 429 && observed.status != 0);
        }
        let took = u64::try_from(started.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        // At least what passes when no time goes by, at most what passes when all of it does.
        let slow = Memory::default();
        let step = took / count.max(1) + 1;
        let most = (0..count)
            .filter(|at| {
                passes(&self.oracle.expect(
                    &request,
                    &orders,
                    &slow,
                    started.1.plus_millis(at * step),
                ))
            })
            .count() as u64
            + 1;
        let least = (0..count)
            .filter(|_| {
                passes(
                    &self
                        .oracle
                        .expect(&request, &orders, &self.counters, started.1),
                )
            })
            .count() as u64;
        if (least..=most).contains(&passed) {
            return None;
        }
        Some(Difference {
            aspect: "admitted".into(),
            expected: format!("{least} to {most} of {count} in {took} ms"),
            observed: format!("{passed}"),
        })
    }

    /// Waits until the gateway answers at all.
    ///
    /// # Errors
    /// When it does not within `patience`.
    pub fn wait_until_up(address: SocketAddr, patience: Duration) -> std::io::Result<()> {
        let started = Instant::now();
        loop {
            match std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > patience => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// While a breaker opens a failing request may be answered by the failure or by the breaker; after that, only by the breaker.
fn open_breaker(expected: &mut Expected, last: bool) {
    expected.own = true;
    expected.body = None;
    expected.reach = Reach::Any;
    expected.headers.clear();
    if last {
        expected.statuses = vec![503];
    } else {
        expected.statuses = vec![502, 503];
    }
}

/// Takes the orders for upstreams out of a request.
#[must_use]
pub fn orders(request: &Request) -> (Request, Orders) {
    let mut orders = Orders::default();
    for (name, value) in &request.headers {
        if name == TROUBLE
            && let Some((service, trouble)) = value.split_once('=')
            && let Some(trouble) = Trouble::parse(trouble)
        {
            orders.trouble.insert(service.to_owned(), trouble);
        }
        if name == AUTHORIZER {
            orders.authorizer = value.parse().ok();
        }
    }
    (request.clone().without(TROUBLE).without(AUTHORIZER), orders)
}
