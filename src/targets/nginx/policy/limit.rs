//! LIMITS -> ZONES: a token bucket of capacity N is `burst=N-1 nodelay`; one zone for each rate and kind of key.

use crate::ir::units::{Per, Rate};
use crate::ir::{Auth, Limit, LimitKey, Route};
use crate::targets::nginx::build::Build;
use crate::targets::nginx::document::Block;
use crate::targets::nginx::names::header_variable;

/// A rate as nginx counts it: thousandths of a request per second, whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The number before `r/s` or `r/m`.
    pub number: u64,
    /// `r/s` or `r/m`.
    pub unit: &'static str,
    /// Thousandths of a request per second.
    pub millis: u64,
}

/// The nearest rate that nginx can write and that admits no more, or the smallest there is.
#[must_use]
pub fn kept(rate: Rate) -> Kept {
    let (number, unit, scale) = match rate.per {
        Per::Second => (rate.count, "r/s", 1),
        Per::Minute if rate.count.is_multiple_of(60) => (rate.count / 60, "r/s", 1),
        Per::Minute => (rate.count, "r/m", 60),
        Per::Hour if rate.count.is_multiple_of(3600) => (rate.count / 3600, "r/s", 1),
        Per::Hour => ((rate.count / 60).max(1), "r/m", 60),
    };
    // nginx reads the number into a signed 64 bit integer times 1000.
    Kept {
        number,
        unit,
        millis: number * 1000 / scale,
    }
}

/// Seconds after which one more request passes.
#[must_use]
pub fn wait(rate: Rate) -> u64 {
    1000_u64.div_ceil(kept(rate).millis.max(1)).max(1)
}

fn zone(build: &mut Build<'_>, rate: Rate, key: String) -> String {
    let kept = kept(rate);
    let rate = format!("{}{}", kept.number, kept.unit);
    let name = {
        use sha2::{Digest, Sha256};
        // A zone whose key changes under the same name makes a reload fail unseen, so the name tells the key.
        let hash = Sha256::digest(key.as_bytes());
        format!(
            "gw_{}_{:02x}{:02x}{:02x}",
            rate.replace("r/", ""),
            hash[0],
            hash[1],
            hash[2]
        )
    };
    build.zones.entry((rate, key)).or_insert(name).clone()
}

/// `limit_req` lines, with one line per zone: of two buckets that refill alike the smaller decides.
pub struct Lines {
    lines: Vec<(String, u64)>,
    wait: u64,
}

impl Lines {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lines: Vec::new(),
            wait: 0,
        }
    }

    /// Whether anything is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn add(&mut self, zone: String, limit: &Limit) {
        self.wait = self.wait.max(wait(limit.rate));
        match self.lines.iter_mut().find(|(other, _)| *other == zone) {
            Some((_, burst)) => *burst = limit.burst.min(*burst),
            None => self.lines.push((zone, limit.burst)),
        }
    }

    /// The lines, and `$gw_wait` for Retry-After.
    pub fn put(&self, out: &mut Block) {
        if self.wait > 0 {
            out.put("set", ["$gw_wait".to_owned(), self.wait.to_string()]);
        }
        for (zone, burst) in &self.lines {
            let zone = format!("zone={zone}");
            match burst {
                0 | 1 => out.put("limit_req", [zone]),
                burst => out.put(
                    "limit_req",
                    [zone, format!("burst={}", burst - 1), "nodelay".to_owned()],
                ),
            }
        }
    }
}

/// The key of a bucket; `scope` is the route's name or `gateway`.
fn key(
    build: &mut Build<'_>,
    limit: &Limit,
    scope: &str,
    route: &Route,
    sets: &mut Block,
) -> String {
    let whose = match &limit.key {
        LimitKey::Everyone => String::new(),
        LimitKey::ClientIp => " $remote_addr".to_owned(),
        LimitKey::Consumer => " $gw_bucket".to_owned(),
        LimitKey::Header(name) => format!(" {}", header_variable(name)),
        LimitKey::Claim(claim) => {
            let schemes: Vec<usize> = route
                .auth
                .schemes()
                .iter()
                .map(|name| build.scheme(name))
                .collect();
            let tokens: Vec<usize> = schemes
                .into_iter()
                .filter(|scheme| super::auth::is_token(build, *scheme))
                .collect();
            let values: String = tokens
                .iter()
                .map(|scheme| format!("${{{}}}", build.claim(*scheme, claim, "text")))
                .collect();
            let variable = format!("$gw_by_{}", claim_word(claim));
            sets.put("set", [variable.clone(), values]);
            format!(" {variable}")
        }
    };
    format!("{scope}{whose}")
}

fn claim_word(claim: &str) -> String {
    claim
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() {
                char::from(b).to_string()
            } else {
                format!("_{b:02x}")
            }
        })
        .collect()
}

/// All limits that hold for a route: the gateway's, its own, and those of plans that its callers can have.
pub fn of_route(build: &mut Build<'_>, route: &Route, sets: &mut Block) -> Lines {
    let gateway = build.gateway;
    let mut lines = Lines::new();
    for limit in &gateway.limits {
        let key = key(build, limit, "gateway", route, sets);
        let zone = zone(build, limit.rate, key);
        lines.add(zone, limit);
    }
    for limit in &route.limits {
        let key = key(build, limit, "$gw_id", route, sets);
        let zone = zone(build, limit.rate, key);
        lines.add(zone, limit);
    }
    if matches!(route.auth.value, Auth::None { .. }) {
        return lines;
    }
    for (index, plan) in gateway.plans.values().enumerate() {
        if plan.limits.is_empty() || !super::auth::reaches_plan(build, route, &plan.name) {
            continue;
        }
        for limit in &plan.limits {
            // An empty key is not limited: callers without this plan.
            let zone = zone(build, limit.rate, format!("$gw_plan_{index}"));
            lines.add(zone, limit);
        }
    }
    lines
}

/// The zones, once all routes are known, and the maps that say who is in a plan.
pub fn zones(build: &Build<'_>) -> Block {
    let mut out = Block::new();
    if build.zones.is_empty() {
        return out;
    }
    out.comment("Limits: token buckets, refilled continuously.");
    let mut bucket = Block::new();
    bucket.pair("", "$remote_addr");
    bucket.pair("default", "$gw_who");
    out.open("map", ["$gw_who", "$gw_bucket"], bucket);
    for (index, plan) in build
        .gateway
        .plans
        .values()
        .enumerate()
        .filter(|(_, plan)| !plan.limits.is_empty())
    {
        let mut members = Block::new();
        members.pair("default", "");
        for (id, consumer) in build.consumers() {
            if consumer.plan.as_ref() == Some(&plan.name) {
                members.pair(id.clone(), format!("plan{index} {id}"));
            }
        }
        out.open(
            "map",
            ["$gw_who".to_owned(), format!("$gw_plan_{index}")],
            members,
        );
    }
    let size = match build.zones.len() {
        0..=16 => "10m",
        17..=256 => "1m",
        _ => "128k",
    };
    for ((rate, key), name) in &build.zones {
        out.put(
            "limit_req_zone",
            [
                key.clone(),
                format!("zone={name}:{size}"),
                format!("rate={rate}"),
            ],
        );
    }
    out.put("limit_req_status", ["429"]);
    out.put("limit_req_log_level", ["info"]);
    out
}
