//! SPEC x ENGINE -> VERDICTS: rigs the gateway, starts the engine, sends every probe, and holds losses against what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::dice::Dice;
use super::engines::{Launcher, Started};
use super::expect::Oracle;
use super::generate::{Scene, probes};
use super::identity::Clock;
use super::probe::{Class, Probe};
use super::rig::{Outside, published_keys, rig};
use super::runner::{Outcome, Runner, now};
use super::shape;
use super::shows::{HIDDEN, explains};
use super::upstream::{Board, Role, listen};
use crate::engine::Memory;
use crate::ir::{Gateway, Listen, SchemeKind};
use crate::report::Loss;

/// What a probe showed, with the losses taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As promised.
    Passed,
    /// Otherwise, and nothing says so.
    Failed,
    /// Otherwise, as a declared loss says.
    Explained,
    /// Not asked, because it can't be here.
    Skipped,
}

/// One probe's result.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was sent, expected and seen.
    pub outcome: Outcome,
    /// What that means.
    pub verdict: Verdict,
    /// The loss that explains it.
    pub loss: Option<&'static str>,
    /// Why it was left out, where it was.
    pub why: Option<&'static str>,
}

/// All that a run showed.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// In the order of the probes.
    pub findings: Vec<Finding>,
    /// Ids of losses that a probe could have shown and none did.
    pub unseen: Vec<&'static str>,
}

impl Verified {
    /// How many of a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    }
}

/// Runs every probe of a gateway against an engine that it starts itself. `progress` gets done and total.
///
/// # Errors
/// When the engine does not start or the gateway cannot be rigged.
pub fn verify(
    gateway: &Gateway,
    launcher: &dyn Launcher,
    seed: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Verified> {
    let board = Arc::new(Board::default());
    let rigged = rig(gateway.clone(), &outside(gateway, &board)?);
    let rigged = plain(rigged, free_port()?);
    let unlimited = relax(rigged.clone());
    let relaxed = slow_breakers(unlimited.clone());
    let losses = launcher.losses(gateway);
    let clock = Clock {
        now: now().seconds(),
    };
    let mut all = probes(&Scene::new(&rigged, clock));
    Dice::new(seed).shuffle(&mut all);
    let total = all.len();
    let (alone, together): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|probe| matches!(probe.class, Class::Limit | Class::Quota) || breaks(probe));
    let mut verified = Verified::default();
    let mut run =
        |gateway: &Gateway, probes: &[Probe], verified: &mut Verified| -> anyhow::Result<()> {
            let oracle = Oracle::new(gateway.clone()).map_err(anyhow::Error::msg)?;
            let started = launcher.start(gateway)?;
            let runner = Runner {
                address: started.address,
                oracle: &oracle,
                board: &board,
                counters: Memory::default(),
                sent: AtomicU64::default(),
            };
            for probe in probes {
                let outcome = runner.run(probe);
                verified.findings.push(weigh(outcome, &losses, gateway));
                progress(verified.findings.len(), total);
            }
            Started::stop(started);
            Ok(())
        };
    run(&relaxed, &together, &mut verified)?;
    for probe in &alone {
        let gateway = if breaks(probe) { &unlimited } else { &rigged };
        run(gateway, std::slice::from_ref(probe), &mut verified)?;
    }
    verified.unseen = unseen(&losses, &verified.findings);
    Ok(verified)
}

/// The declared losses that a probe could have shown and none did.
pub(super) fn unseen(losses: &[Loss], findings: &[Finding]) -> Vec<&'static str> {
    let seen: BTreeSet<&str> = findings.iter().filter_map(|finding| finding.loss).collect();
    let declared: BTreeSet<&'static str> = losses.iter().map(|loss| loss.id).collect();
    declared
        .into_iter()
        .filter(|id| !seen.contains(id) && !HIDDEN.iter().any(|hidden| hidden.id == *id))
        .collect()
}

fn breaks(probe: &Probe) -> bool {
    probe.name.ends_with("breaker opens")
}

/// Starts what is outside of the gateway.
pub(super) fn outside(gateway: &Gateway, board: &Arc<Board>) -> std::io::Result<Outside> {
    let mut outside = Outside::default();
    for (name, service) in &gateway.services {
        let role = Role::Service(name.clone(), shape::body(gateway, name));
        let listeners = service
            .targets
            .iter()
            .map(|_| listen(role.clone(), board))
            .collect::<Result<_, _>>()?;
        outside.services.insert(name.clone(), listeners);
    }
    let mut sets = BTreeMap::new();
    for (name, scheme) in &gateway.schemes {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => {
                sets.insert(
                    format!("/{name}/jwks.json"),
                    published_keys(jwt).to_string(),
                );
            }
            SchemeKind::External(external) => {
                outside.authorizers.insert(
                    name.clone(),
                    listen(Role::Authorizer(external.forward.clone()), board)?,
                );
            }
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    outside.key_server = Some(listen(Role::Keys(sets), board)?);
    Ok(outside)
}

/// A free loopback port. It is free a moment later too, unless somebody else takes it.
///
/// # Errors
/// When there is none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(
        TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?
            .local_addr()?
            .port(),
    )
}

/// The gateway on one port in plain HTTP: probes look at what is said, not at how it is encrypted.
#[must_use]
pub fn plain(mut gateway: Gateway, port: u16) -> Gateway {
    gateway.tls = None;
    gateway.metrics.value = false;
    gateway.listen.value = Listen {
        http: Some(port),
        https: None,
    };
    gateway
}

/// Breakers so slow that no probe opens them; everything else stays.
fn slow_breakers(mut gateway: Gateway) -> Gateway {
    for service in gateway.services.values_mut() {
        if let Some(breaker) = &mut service.breaker {
            breaker.value.failures = 255;
        }
    }
    gateway
}

/// Buckets so large that no probe meets their edge; everything else stays.
pub(super) fn relax(mut gateway: Gateway) -> Gateway {
    const PLENTY: u64 = 100_000;
    for limit in &mut gateway.limits {
        limit.value.burst = PLENTY;
    }
    for route in &mut gateway.routes {
        for limit in &mut route.limits {
            limit.value.burst = PLENTY;
        }
    }
    for plan in gateway.plans.values_mut() {
        for limit in &mut plan.limits {
            limit.value.burst = PLENTY;
        }
        if let Some(quota) = &mut plan.quota {
            quota.value.count = 1_000_000_000;
        }
    }
    gateway
}

/// Whether a difference is one that a loss declares.
pub(super) fn weigh(outcome: Outcome, losses: &[Loss], gateway: &Gateway) -> Finding {
    if outcome.differences.is_empty() {
        return Finding {
            outcome,
            verdict: Verdict::Passed,
            loss: None,
            why: None,
        };
    }
    let route = outcome.probe.route.and_then(|id| gateway.routes.get(id.0));
    // A loss explains a probe when it explains every difference of it.
    let about = |loss: &&Loss| {
        let place = loss.pointer.as_str();
        let here = route.is_none_or(|route| {
            !place.starts_with("/routes/") || place.starts_with(route.pointer.as_str())
        });
        here && outcome
            .differences
            .iter()
            .all(|difference| explains(loss.id, outcome.probe.class, difference))
    };
    match losses.iter().find(about).map(|loss| loss.id) {
        Some(id) => Finding {
            outcome,
            verdict: Verdict::Explained,
            loss: Some(id),
            why: None,
        },
        None => Finding {
            outcome,
            verdict: Verdict::Failed,
            loss: None,
            why: None,
        },
    }
}
