//! Token buckets and quotas -> the fixed windows of rate-limiting, and what its one instance a request cannot hold.

use serde_json::{Map, Value, json};

use super::super::document::Plugin;
use super::super::functions::BUCKET_HEADER;
use super::auth::Access;
use crate::ir::units::{Per, Quota, Window};
use crate::ir::{CounterFailure, Counters, Gateway, Limit, LimitKey, Plan, Route, Sourced};

/// Kong's windows, shortest first.
pub const WINDOWS: [&str; 5] = ["second", "minute", "hour", "day", "month"];

/// Requests by window, in the order of [`WINDOWS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([Option<u64>; 5]);

impl Counts {
    /// The windows of a bucket: its rate; a shorter one for a smaller burst; the rate's own for a larger burst, with the next
    /// longer one holding what is refilled meanwhile.
    #[must_use]
    pub fn of(limit: &Limit) -> Self {
        let unit = match limit.rate.per {
            Per::Second => 0,
            Per::Minute => 1,
            Per::Hour => 2,
        };
        let mut counts = Self::default();
        counts.0[unit] = Some(limit.rate.count);
        if limit.burst < limit.rate.count && unit > 0 {
            counts.0[unit - 1] = Some(limit.burst);
        }
        if limit.burst > limit.rate.count {
            let refills = if unit == 2 { 24 } else { 60 };
            counts.0[unit] = Some(limit.burst);
            counts.0[unit + 1] = Some(
                limit
                    .burst
                    .saturating_add(limit.rate.count.saturating_mul(refills)),
            );
        }
        counts
    }

    /// The smaller number of each window.
    pub fn narrow(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = match (*mine, theirs) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
    }

    /// Adds a quota; false for a week, which Kong has no window for.
    pub fn add_quota(&mut self, quota: Quota) -> bool {
        let place = match quota.window {
            Window::Day => 3,
            Window::Month => 4,
            Window::Week => return false,
        };
        let mut other = Self::default();
        other.0[place] = Some(quota.count);
        self.narrow(other);
        true
    }

    /// By name, non-decreasing as Kong asks: a longer window with a smaller number bounds the shorter ones.
    #[must_use]
    pub fn windows(&self) -> Map<String, Value> {
        let mut bound = u64::MAX;
        let mut numbers: Vec<(&str, u64)> = Vec::new();
        for (name, count) in WINDOWS.iter().zip(self.0).rev() {
            if let Some(count) = count {
                bound = bound.min(count);
                numbers.push((name, bound));
            }
        }
        numbers
            .into_iter()
            .rev()
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect()
    }
}

/// How the plugin tells whose bucket it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// `limit_by` with this word.
    Word(&'static str),
    /// By a request header of the client.
    Header(String),
    /// By a header that a function sets from this.
    Function(Value),
}

/// What the plugin can tell apart; `None` where only a function can, after all checks.
#[must_use]
pub fn identity(key: &LimitKey, access: Access, functions: bool) -> Option<Identity> {
    match (key, access) {
        (LimitKey::ClientIp, _) | (LimitKey::Consumer, Access::Open) => Some(Identity::Word("ip")),
        (LimitKey::Consumer, Access::Credentials) => Some(Identity::Word("consumer")),
        (LimitKey::Consumer, Access::Token) if functions => {
            Some(Identity::Function(json!({ "consumer": true })))
        }
        (LimitKey::Claim(claim), Access::Token) if functions => {
            Some(Identity::Function(json!({ "claim": claim })))
        }
        // Everybody with a token is one consumer to Kong: stricter than asked, declared as a loss.
        (LimitKey::Consumer, Access::Token | Access::Mixed) if !functions => {
            Some(Identity::Word("consumer"))
        }
        (LimitKey::Consumer | LimitKey::Claim(_), _) => None,
        (LimitKey::Everyone, _) if functions => {
            Some(Identity::Function(json!({ "everyone": true })))
        }
        (LimitKey::Everyone, _) => Some(Identity::Word("service")),
        (LimitKey::Header(name), _) if functions => {
            Some(Identity::Function(json!({ "header": name })))
        }
        (LimitKey::Header(name), _) => Some(Identity::Header(name.clone())),
    }
}

/// Which limits of a route the plugin counts, and which are left.
#[derive(Clone, Debug, Default)]
pub struct Split<'g> {
    /// Those of the first key the plugin can tell, merged.
    pub plugin: Option<(Identity, Counts)>,
    /// The others.
    pub rest: Vec<&'g Sourced<Limit>>,
}

/// Splits a route's limits.
#[must_use]
pub fn split(route: &Route, access: Access, functions: bool) -> Split<'_> {
    let mut split = Split::default();
    for limit in &route.limits {
        let identity = identity(&limit.key, access, functions);
        match (&mut split.plugin, identity) {
            (Some((held, counts)), Some(other)) if *held == other => {
                counts.narrow(Counts::of(limit))
            }
            (place @ None, Some(identity)) => *place = Some((identity, Counts::of(limit))),
            _ => split.rest.push(limit),
        }
    }
    split
}

/// The plugin with these windows.
#[must_use]
pub fn plugin(identity: &Identity, counts: &Counts, counters: &Counters) -> Plugin {
    let mut config = counts.windows();
    match identity {
        Identity::Word(word) => {
            config.insert("limit_by".into(), json!(word));
        }
        Identity::Header(name) => {
            config.insert("limit_by".into(), json!("header"));
            config.insert("header_name".into(), json!(name));
        }
        Identity::Function(_) => {
            config.insert("limit_by".into(), json!("header"));
            config.insert("header_name".into(), json!(BUCKET_HEADER));
        }
    }
    match counters {
        Counters::Local => {
            config.insert("policy".into(), json!("local"));
        }
        Counters::Redis { url, on_failure } => {
            config.insert("policy".into(), json!("redis"));
            config.insert(
                "fault_tolerant".into(),
                json!(*on_failure == CounterFailure::Admit),
            );
            config.insert("redis".into(), redis(url));
        }
    }
    config.insert("error_message".into(), json!("rate limit exceeded"));
    Plugin::new("rate-limiting", Value::Object(config))
}

fn redis(url: &url::Url) -> Value {
    let mut redis = Map::new();
    redis.insert(
        "host".into(),
        json!(
            url.host_str()
                .unwrap_or("localhost")
                .trim_matches(['[', ']'])
        ),
    );
    redis.insert("port".into(), json!(url.port().unwrap_or(6379)));
    if !url.username().is_empty() {
        redis.insert("username".into(), json!(decoded(url.username())));
    }
    if let Some(password) = url.password() {
        redis.insert("password".into(), json!(decoded(password)));
    }
    if let Some(database) = url
        .path()
        .strip_prefix('/')
        .and_then(|text| text.parse::<u32>().ok())
    {
        redis.insert("database".into(), json!(database));
    }
    if url.scheme() == "rediss" {
        redis.insert("ssl".into(), json!(true));
        redis.insert("ssl_verify".into(), json!(true));
    }
    Value::Object(redis)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let raw = text.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let pair = text
            .get(at + 1..at + 3)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (raw[at], pair) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                at += 3;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A limit as a function counts it: a bucket that gains one token an `interval` of seconds.
#[must_use]
pub fn bucket(name: &str, limit: &Limit) -> Value {
    let key = match &limit.key {
        LimitKey::Consumer => json!("consumer"),
        LimitKey::ClientIp => json!("client_ip"),
        LimitKey::Everyone => json!("everyone"),
        LimitKey::Header(header) => json!({ "header": header }),
        LimitKey::Claim(claim) => json!({ "claim": claim }),
    };
    let interval = limit.rate.per.seconds() as f64 / limit.rate.count as f64;
    json!({ "name": name, "key": key, "interval": interval, "burst": limit.burst })
}

/// A quota as a function counts it.
#[must_use]
pub fn quota(name: &str, quota: Quota) -> Value {
    let window = match quota.window {
        Window::Day => "day",
        Window::Week => "week",
        Window::Month => "month",
    };
    json!({ "name": name, "key": "consumer", "quota": quota.count, "window": window })
}

/// Who counts a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanCounter {
    /// A plugin on each of its consumers.
    Plugin,
    /// A function.
    Function,
}

/// A consumer's plugin replaces those of routes, so it counts a plan only where no route has limits of its own; a consumer
/// that tokens name is none to Kong.
#[must_use]
pub fn plan_counter(gateway: &Gateway, plan: &Plan, functions: bool) -> PlanCounter {
    let week = plan
        .quota
        .as_ref()
        .is_some_and(|quota| quota.window == Window::Week);
    let limited_route = gateway.routes.iter().any(|route| !route.limits.is_empty());
    let by_token = gateway
        .consumers
        .values()
        .any(|consumer| consumer.plan.as_ref() == Some(&plan.name) && consumer.jwt.is_some());
    if functions && (week || limited_route || by_token) {
        PlanCounter::Function
    } else {
        PlanCounter::Plugin
    }
}

/// The windows of a plan; the second is false where a week's quota is left out.
#[must_use]
pub fn plan_counts(plan: &Plan) -> (Counts, bool) {
    let mut counts = Counts::default();
    for limit in &plan.limits {
        counts.narrow(Counts::of(limit));
    }
    let complete = plan
        .quota
        .as_ref()
        .is_none_or(|quota| counts.add_quota(quota.value));
    (counts, complete)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn windows(rate: &str, burst: u64) -> String {
        let limit = Limit {
            rate: rate.parse().unwrap(),
            burst,
            key: LimitKey::ClientIp,
        };
        Value::Object(Counts::of(&limit).windows()).to_string()
    }

    #[test]
    fn a_bucket_becomes_its_rate_with_a_window_for_its_burst() {
        assert_eq!(windows("100/min", 100), r#"{"minute":100}"#);
        assert_eq!(windows("100/min", 20), r#"{"second":20,"minute":100}"#);
        assert_eq!(windows("10/s", 50), r#"{"second":50,"minute":650}"#);
        assert_eq!(windows("5/h", 10), r#"{"hour":10,"day":130}"#);
        assert_eq!(windows("100/s", 5), r#"{"second":100}"#);
    }

    #[test]
    fn windows_never_decrease() {
        let mut counts = Counts::of(&Limit {
            rate: "1000/min".parse().unwrap(),
            burst: 1000,
            key: LimitKey::Consumer,
        });
        assert!(counts.add_quota("500/day".parse().unwrap()));
        assert_eq!(
            Value::Object(counts.windows()).to_string(),
            r#"{"minute":500,"day":500}"#
        );
        assert!(!counts.add_quota("5/week".parse().unwrap()));
    }
}
