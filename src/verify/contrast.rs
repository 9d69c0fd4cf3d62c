//! GATEWAY x GATEWAY -> REQUESTS: for a route that differs, a request that the two answer differently.

use std::collections::BTreeSet;

use super::expect::{Expected, Oracle, Reach};
use super::generate::{Scene, probes_of};
use super::identity::Clock;
use super::probe::{Probe, Request, Step};
use super::rig::{Outside, rig};
use super::upstream::Orders;
use crate::engine::{Memory, Timestamp};
use crate::ir::{Gateway, RouteId};

/// A request that two gateways answer differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// The key of the route that it is about.
    pub route: String,
    /// What it tries.
    pub name: String,
    /// The request.
    pub request: Request,
    /// How often it is sent before the answers part, at least 1.
    pub times: u64,
    /// What the left one does.
    pub left: String,
    /// What the right one does.
    pub right: String,
}

/// One request for each of these routes (by key, of either side) on which the engine decides differently; routes whose
/// difference no probe shows are left out.
///
/// # Errors
/// A gateway that the engine can't make ready.
pub fn contrast(
    left: &Gateway,
    right: &Gateway,
    routes: &BTreeSet<String>,
    clock: Clock,
) -> Result<Vec<Contrast>, String> {
    let outside = Outside::default();
    let (left, right) = (rig(left.clone(), &outside), rig(right.clone(), &outside));
    let oracles = (Oracle::new(left.clone())?, Oracle::new(right.clone())?);
    let mut found: Vec<Contrast> = Vec::new();
    for key in routes {
        let of = |gateway: &Gateway| {
            let scene = Scene::new(gateway, clock);
            let ids = gateway.routes.iter().enumerate();
            let ids: Vec<RouteId> = ids
                .filter(|(_, route)| route.key == *key)
                .map(|(at, _)| RouteId(at))
                .collect();
            probes_of(&scene, &ids)
        };
        // Another outcome says more than another header.
        let mut best: Option<Contrast> = None;
        for probe in of(&left).into_iter().chain(of(&right)) {
            match ask(&oracles, &probe, key, clock) {
                Some((contrast, true)) => {
                    best = Some(contrast);
                    break;
                }
                Some((contrast, false)) => best = best.or(Some(contrast)),
                None => {}
            }
        }
        found.extend(best);
    }
    Ok(found)
}

/// The first step of a probe whose answers differ, and whether they end otherwise.
fn ask(
    oracles: &(Oracle, Oracle),
    probe: &Probe,
    route: &str,
    clock: Clock,
) -> Option<(Contrast, bool)> {
    let counters = (Memory::default(), Memory::default());
    let mut now = Timestamp::from_seconds(clock.now);
    let orders = Orders::default();
    for step in &probe.steps {
        let (request, times) = match step {
            Step::Send(request) => (request, 1),
            Step::Burst(request, times) => (request, *times),
            Step::Wait(time) => {
                now = now.plus_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
                continue;
            }
        };
        for at in 1..=times {
            let left = oracles.0.expect(request, &orders, &counters.0, now);
            let right = oracles.1.expect(request, &orders, &counters.1, now);
            if let Some((left, right, ends)) = parted(&left, &right) {
                let contrast = Contrast {
                    route: route.to_owned(),
                    name: probe.name.clone(),
                    request: request.clone(),
                    times: at,
                    left,
                    right,
                };
                return Some((contrast, ends));
            }
        }
    }
    None
}

/// In what two answers differ, in words.
fn parted(left: &Expected, right: &Expected) -> Option<(String, String, bool)> {
    if left.statuses != right.statuses || reached(&left.reach) != reached(&right.reach) {
        return Some((outcome(left), outcome(right), true));
    }
    let sent = |reach: &Reach| match reach {
        Reach::Service { headers, .. } => headers.clone(),
        Reach::Nothing | Reach::Any | Reach::Parts(_) => http::HeaderMap::new(),
    };
    let (to_left, to_right) = (sent(&left.reach), sent(&right.reach));
    let header = |left: &http::HeaderMap, right: &http::HeaderMap, whose: &str| {
        let names = left.keys().chain(right.keys());
        let shown = |headers: &http::HeaderMap, name| {
            let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
            if values.is_empty() {
                format!("{whose} has no `{name}`")
            } else {
                format!("{whose} has `{name}: {}`", values.join(", "))
            }
        };
        let name = names.into_iter().find(|name| {
            left.get_all(*name).iter().collect::<Vec<_>>()
                != right.get_all(*name).iter().collect::<Vec<_>>()
        })?;
        Some((shown(left, name), shown(right, name)))
    };
    header(&to_left, &to_right, "the request to the service")
        .or_else(|| header(&left.headers, &right.headers, "the answer"))
        .or_else(|| {
            (left.body != right.body).then(|| {
                let body = |expected: &Expected| match &expected.body {
                    Some(body) => format!("the body is `{body}`"),
                    None => "the body is the service's".to_owned(),
                };
                (body(left), body(right))
            })
        })
        .map(|(left, right)| (left, right, false))
}

fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn reached(reach: &Reach) -> Vec<(String, String)> {
    match reach {
        Reach::Nothing | Reach::Any => Vec::new(),
        Reach::Service {
            service, target, ..
        } => vec![(service.clone(), target.clone())],
        Reach::Parts(parts) => parts.clone(),
    }
}

fn outcome(expected: &Expected) -> String {
    let reached = reached(&expected.reach);
    if reached.is_empty() {
        let status = expected.statuses.first().copied().unwrap_or_default();
        return format!("{status} ({})", expected.reason);
    }
    let asked: Vec<String> = reached
        .iter()
        .map(|(service, target)| format!("{service} {target}"))
        .collect();
    format!("reaches {}", asked.join(", "))
}
