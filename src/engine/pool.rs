//! Which target of a service gets the next request: balancing, health and breakers, with the time passed in.

use super::request::Timestamp;
use crate::ir::{Balance, Service};

/// The state of a service's targets.
#[derive(Clone, Debug)]
pub struct Pool {
    targets: Vec<State>,
    failures: Option<(u32, u64)>,
    healthy_after: u32,
    unhealthy_after: u32,
    balance: Balance,
}

#[derive(Clone, Debug)]
struct State {
    weight: i64,
    current: i64,
    busy: u32,
    healthy: bool,
    // Probe results in a row that speak against `healthy`.
    streak: u32,
    breaker: Breaker,
}

/// A breaker's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Requests pass; so many failed in a row.
    Closed(u32),
    /// Nothing passes until then.
    Open(Timestamp),
    /// One trial request is under way, since then.
    Trial(Timestamp),
}

/// A target as the console shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// Probes find it well.
    pub healthy: bool,
    /// `closed`, `open` or `trial`.
    pub breaker: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// Requests under way.
    pub busy: u32,
}

impl Pool {
    /// All targets well.
    #[must_use]
    pub fn new(service: &Service) -> Self {
        let state = |target: &crate::ir::Target| State {
            weight: i64::from(target.weight.max(1)),
            current: 0,
            busy: 0,
            healthy: true,
            streak: 0,
            breaker: Breaker::Closed(0),
        };
        let health = service.health.as_ref();
        Self {
            targets: service.targets.iter().map(state).collect(),
            failures: service.breaker.as_ref().map(|b| (b.failures, b.open.0)),
            healthy_after: health.map_or(1, |h| h.healthy_after),
            unhealthy_after: health.map_or(1, |h| h.unhealthy_after),
            balance: service.balance.value.clone(),
        }
    }

    /// Chooses a target and counts it as busy. `tried` are left out while there is another; `hash` is of what the service balances by.
    pub fn choose(&mut self, now: Timestamp, hash: u64, tried: &[usize]) -> Option<usize> {
        let usable: Vec<usize> = (0..self.targets.len())
            .filter(|&i| self.usable(i, now))
            .collect();
        let fresh: Vec<usize> = usable
            .iter()
            .copied()
            .filter(|i| !tried.contains(i))
            .collect();
        let among = if fresh.is_empty() { usable } else { fresh };
        let chosen = match self.balance {
            Balance::RoundRobin => self.in_turn(&among),
            Balance::LeastConnections => self.least_busy(&among),
            Balance::HashClientIp | Balance::HashHeader(_) => self.by_hash(&among, hash),
        }?;
        let target = &mut self.targets[chosen];
        target.busy += 1;
        if matches!(target.breaker, Breaker::Open(_) | Breaker::Trial(_)) {
            target.breaker = Breaker::Trial(now);
        }
        Some(chosen)
    }

    fn usable(&self, index: usize, now: Timestamp) -> bool {
        let target = &self.targets[index];
        let passes = match target.breaker {
            Breaker::Closed(_) => true,
            Breaker::Open(until) => now >= until,
            // A trial that never ended (its task was dropped) must not close the target for good.
            Breaker::Trial(since) => {
                now >= since.plus_millis(self.failures.map_or(0, |(_, open)| open))
            }
        };
        target.healthy && passes
    }

    /// Smooth weighted round robin: over any run of as many requests as the weights' sum, each gets its share, spread evenly.
    fn in_turn(&mut self, among: &[usize]) -> Option<usize> {
        let total: i64 = among.iter().map(|&i| self.targets[i].weight).sum();
        for &i in among {
            self.targets[i].current += self.targets[i].weight;
        }
        let chosen = among
            .iter()
            .copied()
            .max_by_key(|&i| (self.targets[i].current, std::cmp::Reverse(i)))?;
        self.targets[chosen].current -= total;
        Some(chosen)
    }

    fn least_busy(&mut self, among: &[usize]) -> Option<usize> {
        let load =
            |i: usize| (i64::from(self.targets[i].busy) * 1_000_000) / self.targets[i].weight;
        let least = among.iter().map(|&i| load(i)).min()?;
        let equal: Vec<usize> = among
            .iter()
            .copied()
            .filter(|&i| load(i) == least)
            .collect();
        self.in_turn(&equal)
    }

    /// Rendezvous hashing: a target that goes out moves only its own clients.
    fn by_hash(&self, among: &[usize], hash: u64) -> Option<usize> {
        #[allow(clippy::cast_precision_loss)]
        let score = |i: usize| {
            let mixed = mix(hash ^ mix(i as u64 + 1));
            let unit = ((mixed >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            -(self.targets[i].weight as f64) / unit.ln()
        };
        among
            .iter()
            .copied()
            .max_by(|&a, &b| score(a).total_cmp(&score(b)))
    }

    /// A request to a target went well or failed: known when its answer's head has come, or when none will.
    pub fn judged(&mut self, index: usize, failed: bool, now: Timestamp) {
        let (Some(target), Some((most, open))) = (self.targets.get_mut(index), self.failures)
        else {
            return;
        };
        target.breaker = match (target.breaker, failed) {
            (Breaker::Closed(count), true) if count + 1 < most => Breaker::Closed(count + 1),
            (Breaker::Closed(_) | Breaker::Trial(_), true) => Breaker::Open(now.plus_millis(open)),
            (Breaker::Closed(_) | Breaker::Trial(_), false) => Breaker::Closed(0),
            // It was sent before the breaker opened and says nothing about now.
            (Breaker::Open(until), _) => Breaker::Open(until),
        };
    }

    /// A request to a target is over, however it went.
    pub fn released(&mut self, index: usize) {
        if let Some(target) = self.targets.get_mut(index) {
            target.busy = target.busy.saturating_sub(1);
        }
    }

    /// A health probe has ended. Returns whether the target went out or came back.
    pub fn probed(&mut self, index: usize, well: bool, now: Timestamp) -> bool {
        let (back, out) = (self.healthy_after, self.unhealthy_after);
        let Some(target) = self.targets.get_mut(index) else {
            return false;
        };
        if well && matches!(target.breaker, Breaker::Open(until) if now >= until) {
            target.breaker = Breaker::Closed(0);
        }
        if target.healthy == well {
            target.streak = 0;
            return false;
        }
        target.streak += 1;
        if target.streak >= if well { back } else { out } {
            target.healthy = well;
            target.streak = 0;
            return true;
        }
        false
    }

    /// Seconds until a target that is out because of its breaker gets a trial; 1 where none is.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> u64 {
        let until = |state: &State| match state.breaker {
            Breaker::Open(until) => Some(until.0.saturating_sub(now.0).div_ceil(1_000_000_000)),
            Breaker::Closed(_) | Breaker::Trial(_) => None,
        };
        self.targets
            .iter()
            .filter_map(until)
            .min()
            .unwrap_or(1)
            .max(1)
    }

    /// The targets as they stand.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        let one = |state: &State| Standing {
            healthy: state.healthy,
            breaker: match state.breaker {
                Breaker::Closed(_) => "closed",
                Breaker::Open(_) => "open",
                Breaker::Trial(_) => "trial",
            },
            failures: if let Breaker::Closed(count) = state.breaker {
                count
            } else {
                0
            },
            busy: state.busy,
        };
        self.targets.iter().map(one).collect()
    }

    /// Takes over what an older pool of the same targets knew.
    pub fn inherit(&mut self, older: &Self) {
        if older.targets.len() == self.targets.len() {
            for (new, old) in self.targets.iter_mut().zip(&older.targets) {
                new.healthy = old.healthy;
                new.streak = old.streak;
                if self.failures.is_some() {
                    new.breaker = old.breaker;
                }
            }
        }
    }
}

// The finaliser of SplitMix64.
fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
