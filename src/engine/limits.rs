//! Limits and quotas of a request: whose buckets it takes from, and what it is told when one is empty.

use std::fmt::Write as _;
use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};

use super::answer::Answer;
use super::authenticate::Identity;
use super::compile::Engine;
use super::counters::{Allowance, Shortage, Take};
use super::request::Request;
use super::trace::{Phase, Trace, Verdict};
use crate::ir::{Limit, LimitKey, RouteId, Sourced};
use crate::source::Pointer;

// A header may be long; a key must not be.
const LONGEST: usize = 128;

/// What a request takes from, in the order gateway, route, plan, quota, with their places in the spec.
#[derive(Debug, Default)]
pub struct Asked<'g> {
    /// To be taken all together.
    pub takes: Vec<Take>,
    places: Vec<&'g Pointer>,
}

impl Engine {
    /// What a request takes from.
    #[must_use]
    pub fn takes(
        &self,
        id: RouteId,
        request: &Request<'_>,
        client: IpAddr,
        identity: &Identity,
    ) -> Asked<'_> {
        let route = &self.gateway.routes[id.0];
        let plan = self.plan_of(identity);
        let count = self.gateway.limits.len() + route.limits.len();
        if count == 0 && plan.is_none() {
            return Asked::default();
        }
        let mut asked = Asked {
            takes: Vec::with_capacity(count + 2),
            places: Vec::with_capacity(count + 2),
        };
        let take = |scope: &str, index: usize, limit: &Sourced<Limit>| Take {
            key: self.bucket_key(scope, index, limit, request, client, identity),
            allowance: Allowance::Bucket {
                rate: limit.rate,
                burst: limit.burst,
            },
        };
        for (index, limit) in self.gateway.limits.iter().enumerate() {
            asked.takes.push(take("gateway", index, limit));
            asked.places.push(&limit.pointer);
        }
        for (index, limit) in route.limits.iter().enumerate() {
            asked.takes.push(take(&route.key, index, limit));
            asked.places.push(&limit.pointer);
        }
        if let Some((plan, consumer)) = plan {
            let scope = format!("plan {}", plan.name);
            for (index, limit) in plan.limits.iter().enumerate() {
                asked.takes.push(take(&scope, index, limit));
                asked.places.push(&limit.pointer);
            }
            if let Some(quota) = &plan.quota {
                asked.takes.push(Take {
                    key: format!("quota {}|{}|consumer {consumer}", plan.name, quota.value),
                    allowance: Allowance::Window(quota.value),
                });
                asked.places.push(&quota.pointer);
            }
        }
        asked
    }

    fn plan_of(&self, identity: &Identity) -> Option<(&crate::ir::Plan, &str)> {
        let (name, consumer) = self.gateway.consumers.get_index(identity.consumer?.0)?;
        let plan = self.gateway.plans.get(consumer.plan.as_ref()?)?;
        Some((plan, name))
    }

    fn bucket_key(
        &self,
        scope: &str,
        index: usize,
        limit: &Limit,
        request: &Request<'_>,
        client: IpAddr,
        identity: &Identity,
    ) -> String {
        let mut key = String::with_capacity(scope.len() + 48);
        let _ = write!(key, "{scope}|{index}|");
        match &limit.key {
            LimitKey::Everyone => key.push_str("everyone"),
            LimitKey::ClientIp => {
                let _ = write!(key, "ip {client}");
            }
            LimitKey::Header(name) => {
                key.push_str("header ");
                for (at, value) in request.headers.get_all(name.as_str()).iter().enumerate() {
                    if at > 0 {
                        key.push(',');
                    }
                    push_short(&mut key, value.as_bytes());
                }
            }
            LimitKey::Claim(name) => {
                key.push_str("claim ");
                push_short(
                    &mut key,
                    identity.claim(name).unwrap_or_default().as_bytes(),
                );
            }
            LimitKey::Consumer => self.push_consumer(&mut key, client, identity),
        }
        key
    }

    fn push_consumer(&self, key: &mut String, client: IpAddr, identity: &Identity) {
        let named = identity
            .consumer
            .and_then(|id| self.gateway.consumers.get_index(id.0));
        if let Some((name, _)) = named {
            let _ = write!(key, "consumer {name}");
        } else if let Some((scheme, claims)) = identity.tokens.first() {
            let _ = write!(key, "token {}|", self.schemes[*scheme].name);
            let sub = super::token::claim_text(&claims.all, "sub").unwrap_or_default();
            push_short(key, sub.as_bytes());
        } else {
            let _ = write!(key, "ip {client}");
        }
    }
}

impl Asked<'_> {
    /// The answer to a shortage.
    pub fn limited(&self, shortage: Shortage, trace: &mut Trace) -> Answer {
        let take = self.takes.get(shortage.index);
        if let (Some(take), Some(place)) = (take, self.places.get(shortage.index)) {
            trace.add(Phase::Limits, place, Verdict::Refused, || {
                format!(
                    "nothing is left of `{}` for {} s",
                    take.key, shortage.retry_after
                )
            });
        }
        match take.map(|take| take.allowance) {
            Some(Allowance::Window(_)) => {
                Answer::limited("quota", "the quota is used up", shortage.retry_after)
            }
            _ => Answer::limited("limit", "too many requests", shortage.retry_after),
        }
    }

    /// Notes in the trace that all were admitted.
    pub fn admitted(&self, trace: &mut Trace) {
        for (take, place) in self.takes.iter().zip(&self.places) {
            trace.add(Phase::Limits, place, Verdict::Passed, || {
                format!("one taken from `{}`", take.key)
            });
        }
    }
}

fn push_short(key: &mut String, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= LONGEST => key.push_str(text),
        _ => {
            key.push('#');
            for byte in digest(&SHA256, value).as_ref() {
                let _ = write!(key, "{byte:02x}");
            }
        }
    }
}
