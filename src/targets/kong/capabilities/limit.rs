//! Limits, plans and quotas: how near fixed windows and functions come, in numbers.

use super::super::policy::auth::{self, Access};
use super::super::policy::limit::{self, PlanCounter};
use crate::ir::units::{Quota, Window};
use crate::ir::{CounterFailure, Counters, Gateway, Limit, Methods, Plan, Route};
use crate::targets::{Shortfall, Support};

pub(super) fn counters(counters: &Counters, gateway: &Gateway, functions: bool) -> Support {
    let by_function = functions && counted_by_function(gateway);
    let replicas = gateway.replicas;
    let mut support = Support::exact();
    match counters {
        Counters::Local if replicas > 1 => {
            let why = format!(
                "each of the {replicas} nodes counts for itself: up to {replicas} times each limit and quota can pass"
            );
            support = support.and(
                Shortfall::approximate("local-counters", why)
                    .help("count in Redis: `counters: { redis: URL }`"),
            );
        }
        Counters::Redis { .. } if by_function => {
            let why = format!(
                "limits that a function counts (of the gateway, of plans beside routes' own, further ones of a route) are counted by each node: \
                 up to {replicas} times each can pass"
            );
            support = support.and(Shortfall::approximate("local-counters", why));
        }
        Counters::Local | Counters::Redis { .. } => {}
    }
    if matches!(
        counters,
        Counters::Redis {
            on_failure: CounterFailure::Refuse,
            ..
        }
    ) {
        support = support.and(Shortfall::approximate(
            "counter-failure",
            "requests get 500 in place of 503 while Redis is down",
        ));
    }
    support
}

/// Whether a function counts anything.
fn counted_by_function(gateway: &Gateway) -> bool {
    let plans = gateway
        .plans
        .values()
        .any(|plan| limit::plan_counter(gateway, plan, true) == PlanCounter::Function);
    let rest = |route: &Route| {
        !limit::split(route, auth::access(gateway, &route.auth), true)
            .rest
            .is_empty()
    };
    !gateway.limits.is_empty() || plans || gateway.routes.iter().any(rest)
}

/// The worst case of fixed windows against a bucket, in numbers.
fn rate_window(limit: &Limit) -> Support {
    let unit = limit.rate.per.seconds();
    let (rate, burst) = (limit.rate.count, limit.burst);
    let edge = 2 * rate.max(burst);
    let bucket = burst.saturating_add(rate);
    let mut why = format!(
        "up to {edge} requests can pass in {unit} s across a window's edge where the bucket admits {bucket}"
    );
    if burst < rate && unit == 1 {
        why.push_str(&format!("; {rate} can pass at once, as Kong has no window below a second for the burst of {burst}"));
    } else if burst < rate {
        why.push_str(&format!(
            "; {burst} can pass in each calendar {}",
            if unit == 60 { "second" } else { "minute" }
        ));
    }
    why.push_str("; requests under way together are counted late, so a few more can pass");
    Support::approximate("rate-window", why)
}

pub(super) fn function_limit(limit: &Limit, gateway: &Gateway) -> Support {
    if gateway.routes.iter().all(|route| route.limits.is_empty()) {
        return Support::exact();
    }
    let why = format!(
        "the bucket itself is exact ({} at once, {}), but it is looked at after the route's own window, which has then counted a request that this refuses",
        limit.burst, limit.rate
    );
    Support::approximate("limit-order", why)
}

pub(super) fn plan_limit(
    plan: &Plan,
    limit: &Limit,
    gateway: &Gateway,
    functions: bool,
) -> Support {
    match limit::plan_counter(gateway, plan, functions) {
        PlanCounter::Plugin => rate_window(limit),
        PlanCounter::Function => function_limit(limit, gateway),
    }
}

pub(super) fn plan_quota(plan: &Plan, quota: Quota, gateway: &Gateway, functions: bool) -> Support {
    match limit::plan_counter(gateway, plan, functions) {
        PlanCounter::Plugin if quota.window == Window::Week => {
            Support::unsupported("quota-week", "Kong's windows are a day and a month; nothing counts a week")
                .and_help("ask for a quota by day or month, or leave `functions: false` out")
        }
        PlanCounter::Plugin | PlanCounter::Function => Support::approximate(
            "quota-restart",
            "counts in Kong's memory are gone when it restarts: after a restart the whole quota can be used again",
        )
        .only_if(gateway.counters.value == Counters::Local || limit::plan_counter(gateway, plan, functions) == PlanCounter::Function),
    }
}

pub(super) fn route_limit(
    route: &Route,
    limit: &Limit,
    gateway: &Gateway,
    functions: bool,
) -> Support {
    let access = auth::access(gateway, &route.auth);
    let split = limit::split(route, access, functions);
    let left = split.rest.iter().any(|one| std::ptr::eq(&one.value, limit));
    let plans = !functions
        && gateway
            .consumers
            .values()
            .any(|consumer| consumer.plan.is_some())
        && access != Access::Open;
    if left && functions {
        return function_limit(limit, gateway);
    }
    if left || plans {
        let why = "Kong runs one rate limit a request, the most specific: this one does not hold beside the route's others or a consumer's plan";
        return Support::unsupported("limit-shadowed", why)
            .and_help("let functions count it: leave `functions: false` out");
    }
    let mut support = rate_window(limit);
    if route.methods == Methods::Any {
        let why = format!(
            "methods beyond the nine registered ones are counted apart, so {} more can pass at once by them",
            limit.burst
        );
        support = support.and(
            Shortfall::approximate("limit-methods", why)
                .help("name the methods in the route's key"),
        );
    }
    if !functions
        && matches!(access, Access::Token | Access::Mixed)
        && limit.key == crate::ir::LimitKey::Consumer
    {
        support = support.and(Shortfall::approximate(
            "limit-per-token",
            "all tokens of a scheme are one consumer to Kong and share the limit",
        ));
    }
    if !functions && matches!(limit.key, crate::ir::LimitKey::Header(_)) {
        support = support.and(Shortfall::approximate(
            "limit-header",
            "requests without the header are counted by client address",
        ));
    }
    support
}
