//! Counters in memory: sharded, exact, and bounded whatever clients send.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bucket::Bucket;
use super::counters::{Allowance, Counters, Shortage, Take};
use super::request::Timestamp;
use super::window;
use crate::ir::units::Rate;

const SHARDS: usize = 64;

/// Buckets and windows by key. Above its bound it first forgets what has refilled, which changes nothing, then what is nearest to full.
#[derive(Debug)]
pub struct Memory {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    most: usize,
}

#[derive(Debug, Default)]
struct Shard {
    buckets: HashMap<Box<str>, (Bucket, Rate, u64)>,
    // Never evicted: there are no more of them than consumers in the spec.
    windows: HashMap<Box<str>, Used>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    start: u64,
    count: u64,
    of: u64,
}

/// One counter as the console shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reading {
    /// Which.
    pub key: String,
    /// Tokens or admitted requests left.
    pub left: u64,
    /// Capacity or quota.
    pub of: u64,
    /// `limit` or `quota`.
    pub kind: &'static str,
}

impl Default for Memory {
    fn default() -> Self {
        Self::bounded(256 * 1024)
    }
}

impl Memory {
    /// At most about `most` buckets.
    #[must_use]
    pub fn bounded(most: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            most: most.div_ceil(SHARDS).max(1),
        }
    }

    fn shard(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0)
    }

    /// Buckets held.
    #[must_use]
    pub fn len(&self) -> usize {
        let count = |shard: &Mutex<Shard>| lock(shard).buckets.len();
        self.shards.iter().map(count).sum()
    }

    /// Whether no bucket is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The counters as they stand, at most `most`, those nearest to empty first.
    #[must_use]
    pub fn readings(&self, now: Timestamp, most: usize) -> Vec<Reading> {
        let mut readings = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            readings.extend(shard.windows.iter().map(|(key, used)| Reading {
                key: key.to_string(),
                left: used.of.saturating_sub(used.count),
                of: used.of,
                kind: "quota",
            }));
            readings.extend(
                shard
                    .buckets
                    .iter()
                    .map(|(key, (bucket, rate, burst))| Reading {
                        key: key.to_string(),
                        left: bucket.refilled(*rate, *burst, now).tokens(*rate),
                        of: *burst,
                        kind: "limit",
                    }),
            );
        }
        let share = |r: &Reading| u128::from(r.left) * 1_000_000 / u128::from(r.of.max(1));
        readings.sort_by(|a, b| share(a).cmp(&share(b)).then_with(|| a.key.cmp(&b.key)));
        readings.truncate(most);
        readings
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A panic elsewhere leaves counts as they were: each is written whole.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    /// Seconds to wait for this take; 0 when it admits.
    fn wait(&self, take: &Take, now: Timestamp) -> u64 {
        match take.allowance {
            Allowance::Bucket { rate, burst } => self
                .buckets
                .get(take.key.as_str())
                .map_or(0, |(bucket, ..)| {
                    bucket.refilled(rate, burst, now).wait(rate)
                }),
            Allowance::Window(quota) => {
                let (start, end) = window::bounds(quota.window, now);
                match self.windows.get(take.key.as_str()) {
                    Some(used) if used.start == start && used.count >= quota.count => {
                        end.saturating_sub(now.seconds()).max(1)
                    }
                    _ => 0,
                }
            }
        }
    }

    fn take(&mut self, take: &Take, now: Timestamp, most: usize) {
        match take.allowance {
            Allowance::Bucket { rate, burst } => {
                if let Some(held) = self.buckets.get_mut(take.key.as_str()) {
                    *held = (
                        held.0.refilled(rate, burst, now).less_one(rate),
                        rate,
                        burst,
                    );
                    return;
                }
                if self.buckets.len() >= most {
                    self.evict(now, most);
                }
                let bucket = Bucket::full(rate, burst, now).less_one(rate);
                self.buckets
                    .insert(take.key.as_str().into(), (bucket, rate, burst));
            }
            Allowance::Window(quota) => {
                let (start, _) = window::bounds(quota.window, now);
                let fresh = Used {
                    start,
                    count: 0,
                    of: quota.count,
                };
                let used = match self.windows.get_mut(take.key.as_str()) {
                    Some(used) => used,
                    None => self
                        .windows
                        .entry(take.key.as_str().into())
                        .or_insert(fresh),
                };
                if used.start != start {
                    *used = fresh;
                }
                used.of = quota.count;
                used.count += 1;
            }
        }
    }

    fn evict(&mut self, now: Timestamp, most: usize) {
        self.buckets.retain(|_, (bucket, rate, burst)| {
            bucket.refilled(*rate, *burst, now).tokens(*rate) < *burst
        });
        // A sweep that frees little would be repeated by every new key: an eighth is freed at least.
        let keep = most - most.div_ceil(8);
        if self.buckets.len() <= keep {
            return;
        }
        let missing = |(bucket, rate, burst): &(Bucket, Rate, u64)| {
            burst
                - bucket
                    .refilled(*rate, *burst, now)
                    .tokens(*rate)
                    .min(*burst)
        };
        let mut debts: Vec<u64> = self.buckets.values().map(missing).collect();
        let drop = self.buckets.len() - keep;
        let (_, &mut edge, _) = debts.select_nth_unstable(drop - 1);
        let mut left = drop;
        self.buckets.retain(|_, held| {
            let out = left > 0 && missing(held) <= edge;
            left -= usize::from(out);
            !out
        });
    }
}

impl Counters for Memory {
    fn take(&self, takes: &[Take], now: Timestamp) -> Result<(), Shortage> {
        let places: Vec<usize> = takes.iter().map(|take| self.shard(&take.key)).collect();
        // Locked in one order by everybody, so that two requests never wait for each other.
        let mut order = places.clone();
        order.sort_unstable();
        order.dedup();
        let mut held: Vec<(usize, MutexGuard<'_, Shard>)> =
            order.iter().map(|&i| (i, lock(&self.shards[i]))).collect();
        let at = |place: usize| order.binary_search(&place).unwrap_or(0);
        let mut shortage: Option<Shortage> = None;
        for (index, take) in takes.iter().enumerate() {
            let wait = held[at(places[index])].1.wait(take, now);
            if wait > 0 {
                let first = shortage.get_or_insert(Shortage {
                    index,
                    retry_after: wait,
                });
                first.retry_after = first.retry_after.max(wait);
            }
        }
        if let Some(shortage) = shortage {
            return Err(shortage);
        }
        for (index, take) in takes.iter().enumerate() {
            held[at(places[index])].1.take(take, now, self.most);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ir::units::{Per, Quota, Window};

    fn bucket(key: &str, count: u64, per: Per, burst: u64) -> Take {
        let rate = Rate { count, per };
        Take {
            key: key.to_owned(),
            allowance: Allowance::Bucket { rate, burst },
        }
    }

    fn quota(key: &str, count: u64, window: Window) -> Take {
        Take {
            key: key.to_owned(),
            allowance: Allowance::Window(Quota { count, window }),
        }
    }

    #[test]
    fn a_rejected_request_takes_no_token_anywhere() {
        let memory = Memory::default();
        let wide = bucket("wide", 1, Per::Hour, 3);
        let narrow = bucket("narrow", 1, Per::Second, 1);
        let both = [wide.clone(), narrow];
        let now = Timestamp::from_seconds(1000);
        assert_eq!(memory.take(&both, now), Ok(()));
        assert_eq!(
            memory.take(&both, now),
            Err(Shortage {
                index: 1,
                retry_after: 1
            })
        );
        let alone = [wide];
        assert_eq!(memory.take(&alone, now), Ok(()));
        assert_eq!(memory.take(&alone, now), Ok(()));
        assert_eq!(memory.take(&alone, now).unwrap_err().retry_after, 3600);
    }

    #[test]
    fn a_monthly_quota_ends_at_its_number_and_starts_again_on_the_first() {
        let memory = Memory::default();
        let take = [quota("acme", 10_000, Window::Month)];
        let november: jiff::Timestamp = "2026-11-30T23:59:58Z".parse().unwrap();
        let now = Timestamp::from_seconds(u64::try_from(november.as_second()).unwrap());
        for _ in 0..10_000 {
            memory.take(&take, now).unwrap();
        }
        assert_eq!(
            memory.take(&take, now),
            Err(Shortage {
                index: 0,
                retry_after: 2
            })
        );
        assert_eq!(memory.take(&take, now.plus_millis(2000)), Ok(()));
    }

    #[test]
    fn a_million_clients_stay_within_the_bound_and_the_one_in_debt_is_not_forgotten() {
        let memory = Memory::bounded(100_000);
        let now = Timestamp::from_seconds(1);
        let greedy = [bucket("greedy", 1, Per::Hour, 2)];
        memory.take(&greedy, now).unwrap();
        memory.take(&greedy, now).unwrap();
        for client in 0..1_000_000 {
            memory
                .take(&[bucket(&format!("client {client}"), 1, Per::Hour, 2)], now)
                .unwrap();
        }
        assert!(memory.len() <= 100_000 + SHARDS, "{}", memory.len());
        assert!(memory.take(&greedy, now).is_err());
    }

    #[test]
    fn threads_together_take_exactly_the_burst() {
        let memory = Memory::default();
        let now = Timestamp::from_seconds(5);
        let admitted: usize = std::thread::scope(|scope| {
            let one = || {
                let takes = [
                    bucket("a", 1, Per::Hour, 500),
                    bucket("b", 1, Per::Hour, 700),
                ];
                (0..400)
                    .filter(|_| memory.take(&takes, now).is_ok())
                    .count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        });
        assert_eq!(admitted, 500);
    }
}
