//! GATEWAY x TRICKS -> BREACHES: thousands of requests without valid credentials, none of which may reach a guarded upstream.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::engines::{Launcher, Started};
use super::expect::{Oracle, Reach};
use super::generate::{Scene, attempts};
use super::identity::Clock;
use super::judge::Difference;
use super::probe::{Observed, Probe, Received, Request, Step};
use super::run::{Finding, Verdict, free_port, outside, plain, relax};
use super::runner::{Outcome, TAG, now, orders};
use super::upstream::{Board, Orders};
use super::{rig, wire};
use crate::engine::Unlimited;
use crate::ir::{Auth, Gateway};

/// Connections at a time: as many as two cores keep busy.
const AT_ONCE: usize = 4;
/// What is still under way when the last answer came arrives within this.
const SETTLE: Duration = Duration::from_millis(300);

/// Tries `count` times to get past the guards of a gateway's routes. Empty where no route is guarded.
///
/// # Errors
/// When the engine does not start or the gateway cannot be rigged.
pub fn bypass(
    gateway: &Gateway,
    launcher: &dyn Launcher,
    seed: u64,
    count: usize,
) -> anyhow::Result<Vec<Finding>> {
    let board = Arc::new(Board::default());
    let rigged = rig::rig(gateway.clone(), &outside(gateway, &board)?);
    let rigged = relax(plain(rigged, free_port()?));
    let clock = Clock {
        now: now().seconds(),
    };
    let probes = attempts(&Scene::new(&rigged, clock), seed, count);
    if probes.is_empty() {
        return Ok(Vec::new());
    }
    let oracle = Oracle::new(rigged.clone()).map_err(anyhow::Error::msg)?;
    let refusing = Orders {
        authorizer: Some(401),
        ..Orders::default()
    };
    board.order(refusing.clone());
    let started = launcher.start(&rigged)?;
    board.take();
    let statuses = send_all(started.address, &probes);
    std::thread::sleep(SETTLE);
    Started::stop(started);
    Ok(weigh(&oracle, &refusing, &probes, &statuses, board.take()))
}

/// Sends every attempt under its number. The answers' statuses, 0 where none came.
fn send_all(address: SocketAddr, probes: &[Probe]) -> Vec<u16> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut statuses = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(request) = probes.get(number).and_then(request) else {
                return statuses;
            };
            let mut request = orders(request).0;
            // In front, so that it belongs to the first request where a trick makes two of one.
            let tag = (TAG.to_owned(), number.to_string());
            request.headers.insert(0, tag);
            let status = wire::exchange(address, &request).map_or(0, |(status, ..)| status);
            statuses.push((number, status));
        }
    };
    let mut all = vec![0; probes.len()];
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        for (number, status) in workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
        {
            all[number] = status;
        }
    });
    all
}

fn request(probe: &Probe) -> Option<&Request> {
    match probe.steps.first() {
        Some(Step::Send(request)) => Some(request),
        Some(Step::Burst(..) | Step::Wait(_)) | None => None,
    }
}

/// What an attempt may reach: what the engine forwards on a route that nobody guards.
fn open(oracle: &Oracle, orders_given: &Orders, request: &Request) -> BTreeSet<(String, String)> {
    let request = orders(request).0;
    let expected = oracle.expect(&request, orders_given, &Unlimited, now());
    let guarded = expected
        .route
        .is_none_or(|id| !matches!(oracle.gateway().routes[id.0].auth.value, Auth::None { .. }));
    match expected.reach {
        _ if guarded => BTreeSet::new(),
        Reach::Service {
            service, target, ..
        } => BTreeSet::from([(service, target)]),
        Reach::Parts(parts) => parts.into_iter().collect(),
        Reach::Nothing | Reach::Any => BTreeSet::new(),
    }
}

fn weigh(
    oracle: &Oracle,
    refusing: &Orders,
    probes: &[Probe],
    statuses: &[u16],
    received: Vec<Received>,
) -> Vec<Finding> {
    let mut by_attempt: BTreeMap<usize, Vec<Received>> = BTreeMap::new();
    let mut untagged = Vec::new();
    for one in received {
        let tag = one.headers.iter().find(|(name, _)| name == TAG);
        match tag.and_then(|(_, value)| value.parse().ok()) {
            Some(number) => by_attempt.entry(number).or_default().push(one),
            None => untagged.push(one),
        }
    }
    let mut anywhere = BTreeSet::new();
    let mut findings = Vec::with_capacity(probes.len());
    for (number, probe) in probes.iter().enumerate() {
        let may =
            request(probe).map_or_else(BTreeSet::new, |request| open(oracle, refusing, request));
        let reached = by_attempt.remove(&number).unwrap_or_default();
        findings.push(finding(probe, statuses[number], &may, reached));
        anywhere.extend(may);
    }
    // Parts of a gather carry no number, and no attempt is known for what is smuggled behind one.
    untagged.retain(|one| !anywhere.contains(&(one.service.clone(), one.target.clone())));
    if let (Some(probe), false) = (probes.last(), untagged.is_empty()) {
        let probe = Probe {
            name: "gateway: behind one of the attempts".into(),
            ..probe.clone()
        };
        findings.push(finding(&probe, 0, &BTreeSet::new(), untagged));
    }
    findings
}

fn finding(
    probe: &Probe,
    status: u16,
    may: &BTreeSet<(String, String)>,
    received: Vec<Received>,
) -> Finding {
    let differences: Vec<Difference> = received
        .iter()
        .filter(|one| !may.contains(&(one.service.clone(), one.target.clone())))
        .map(|one| Difference {
            aspect: "reached".into(),
            expected: "no upstream".into(),
            observed: format!("{} {}", one.service, one.target),
        })
        .collect();
    let verdict = if differences.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed
    };
    Finding {
        outcome: Outcome {
            probe: probe.clone(),
            differences,
            request: request(probe).cloned(),
            expected: None,
            observed: Some(Observed {
                status,
                headers: Vec::new(),
                body: String::new(),
                received,
            }),
        },
        verdict,
        loss: None,
        why: None,
    }
}
