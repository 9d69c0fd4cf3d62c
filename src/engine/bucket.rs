//! A token bucket in whole numbers: no rounding, whatever the rate.

use super::request::Timestamp;
use crate::ir::units::Rate;

/// One token is worth as many units as its rate's period has nanoseconds, so that each nanosecond adds `rate.count` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    units: u128,
    at: Timestamp,
}

fn token(rate: Rate) -> u128 {
    u128::from(rate.per.seconds()) * 1_000_000_000
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn full(rate: Rate, burst: u64, now: Timestamp) -> Self {
        Self {
            units: u128::from(burst) * token(rate),
            at: now,
        }
    }

    /// The bucket as it stands `now`. Time never runs backwards for it.
    #[must_use]
    pub fn refilled(self, rate: Rate, burst: u64, now: Timestamp) -> Self {
        let elapsed = now.0.saturating_sub(self.at.0);
        let added = u128::from(elapsed) * u128::from(rate.count);
        Self {
            units: self
                .units
                .saturating_add(added)
                .min(u128::from(burst) * token(rate)),
            at: self.at.max(now),
        }
    }

    /// Seconds until a token is there, rounded up; 0 when one is there.
    #[must_use]
    pub fn wait(self, rate: Rate) -> u64 {
        let missing = token(rate).saturating_sub(self.units);
        let nanos = missing.div_ceil(u128::from(rate.count.max(1)));
        u64::try_from(nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
    }

    /// Whole tokens there.
    #[must_use]
    pub fn tokens(self, rate: Rate) -> u64 {
        u64::try_from(self.units / token(rate)).unwrap_or(u64::MAX)
    }

    /// Takes one token, which must be there.
    #[must_use]
    pub fn less_one(self, rate: Rate) -> Self {
        Self {
            units: self.units.saturating_sub(token(rate)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::units::Per;
    use proptest::prelude::*;

    const SLOW: Rate = Rate {
        count: 7,
        per: Per::Minute,
    };

    fn admitted(rate: Rate, burst: u64, times: &[u64]) -> usize {
        let mut bucket = Bucket::full(rate, burst, Timestamp(0));
        let mut count = 0;
        for &at in times {
            bucket = bucket.refilled(rate, burst, Timestamp(at));
            if bucket.wait(rate) == 0 {
                bucket = bucket.less_one(rate);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn seven_a_minute_are_seven_in_every_minute_for_a_year() {
        // Asked every second for a year: the burst and exactly 7 a minute, without drift.
        let year = 365 * 86_400;
        let times: Vec<u64> = (0..year).map(|s| s * 1_000_000_000).collect();
        let expected = 7 + 7 * (year - 1) / 60;
        assert_eq!(
            admitted(SLOW, 7, &times),
            usize::try_from(expected).unwrap()
        );
    }

    #[test]
    fn an_empty_bucket_says_when_the_next_token_comes() {
        let bucket = Bucket::full(SLOW, 1, Timestamp(0)).less_one(SLOW);
        assert_eq!(bucket.wait(SLOW), 9);
        assert_eq!(
            bucket
                .refilled(SLOW, 1, Timestamp(8_571_428_571))
                .wait(SLOW),
            1
        );
        assert_eq!(
            bucket
                .refilled(SLOW, 1, Timestamp(8_571_428_572))
                .wait(SLOW),
            0
        );
    }

    proptest! {
        #[test]
        fn no_window_of_any_length_admits_more_than_burst_plus_rate(
            count in 1u64..1000, burst in 1u64..50, mut times in prop::collection::vec(0u64..20_000_000_000, 1..400),
        ) {
            times.sort_unstable();
            let rate = Rate { count, per: Per::Second };
            let span = times[times.len() - 1];
            let bound = u128::from(burst) + u128::from(span) * u128::from(count) / 1_000_000_000;
            prop_assert!(admitted(rate, burst, &times) as u128 <= bound);
        }
    }
}
