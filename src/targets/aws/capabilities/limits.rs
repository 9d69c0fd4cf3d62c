//! What an API keeps of limits and quotas.

use super::super::design;
use super::super::policy::limit::{self, Kept};
use super::Asked;
use crate::ir::units::{Quota, Window};
use crate::ir::{Limit, LimitKey, Methods, Plan, Route};
use crate::spec::AwsApi;
use crate::targets::{Shortfall, Support};

pub(super) fn counters() -> Support {
    Support::approximate(
        "best-effort",
        "AWS counts throttles and quotas for a region at once and calls them targets, not ceilings; it names no bound for what passes above them",
    )
}

fn unkept(key: &LimitKey, api: AwsApi) -> Support {
    let whose = match key {
        LimitKey::Consumer => "each caller that is known by a token",
        LimitKey::ClientIp => "each client address",
        LimitKey::Header(_) => "each value of a header",
        LimitKey::Claim(_) => "each value of a claim",
        LimitKey::Everyone => "everybody",
    };
    let (kind, help) = match api {
        AwsApi::Rest => (
            "a REST API",
            "`per: everyone` bounds all callers together, plans bound consumers",
        ),
        AwsApi::Http => ("an HTTP API", "use `api: rest`, or `per: everyone`"),
    };
    let why = format!(
        "{kind} has no bucket for {whose}: one caller can use all that the account admits (10 000 requests a second unless changed)"
    );
    Support::exact().and(Shortfall::unsupported("limit-key", why).help(help))
}

pub(super) fn of_gateway(asked: Asked<'_>, asked_limit: &Limit) -> Support {
    if asked_limit.key == LimitKey::Everyone {
        let methods: usize = asked.gateway.routes.iter().map(methods_of).sum();
        let why = format!(
            "AWS counts each method of each path alone, and a method with a limit of its own by that: the {methods} methods here can together pass {methods} times {} and {methods} times the burst of {}",
            asked_limit.rate, asked_limit.burst
        );
        return Support::approximate("limit-per-method", why);
    }
    match (asked.api, limit::counted_by(asked_limit, None)) {
        (AwsApi::Rest, Some(_)) => {
            Support::approximate("limit-window", limit::window_text(asked_limit))
        }
        _ => unkept(&asked_limit.key, asked.api),
    }
}

/// Methods of paths that a route takes: each has a bucket of its own.
fn methods_of(route: &Route) -> usize {
    let methods = match &route.methods {
        Methods::Any => 7,
        Methods::Only(list) => {
            let head = list.iter().any(|m| m == "GET") && !list.iter().any(|m| m == "HEAD");
            list.len() + usize::from(head)
        }
    };
    methods * if route.pattern.rest { 2 } else { 1 }
}

pub(super) fn of_route(asked: Asked<'_>, route: &Route, asked_limit: &Limit) -> Support {
    let per_method = |whose: &str| {
        let count = methods_of(route);
        if count == 1 {
            return Support::exact();
        }
        let why = format!(
            "AWS counts each method of each path alone: {whose} can pass {count} times {} and {count} times the burst of {}",
            asked_limit.rate, asked_limit.burst
        );
        Support::approximate("limit-per-method", why)
    };
    let kept = limit::kept(asked.gateway, route, asked_limit);
    match (asked.api, kept) {
        (_, Kept::Throttle) => per_method("everybody together"),
        (AwsApi::Http, _) | (_, Kept::No) => unkept(&asked_limit.key, asked.api),
        (AwsApi::Rest, Kept::Plan) => {
            if design::is_metered(asked.gateway, asked.settings, route) {
                per_method("a consumer")
            } else {
                unkept(&asked_limit.key, asked.api)
            }
        }
        (AwsApi::Rest, Kept::Window) => {
            let mut support = Support::approximate("limit-window", limit::window_text(asked_limit));
            if limit::is_shared(asked.gateway) {
                let why = "a web ACL holds 10 rate rules: routes with one number share a rule, so a client's requests to all of them are counted together and refused sooner";
                support = support.and(Shortfall::approximate("limit-shared", why));
            }
            support
        }
    }
}

pub(super) fn plan(asked: Asked<'_>, plan: &Plan) -> Support {
    if asked.api == AwsApi::Http {
        let why = "an HTTP API has no usage plans: what a plan grants is not bounded";
        return Support::exact()
            .and(Shortfall::unsupported("plan-limit", why).help("use `api: rest`"));
    }
    let mut support = Support::exact();
    if plan.limits.len() > 1 {
        let why = "a usage plan holds one rate and one burst: the lowest of each is taken, which refuses sooner";
        support = support.and(Shortfall::approximate("limit-several", why));
    }
    if !is_reached(asked, plan) {
        let why = "no route is called by a consumer of this plan in a way that AWS meters";
        support = support.and(Shortfall::unsupported("plan-limit", why));
    }
    support
}

/// A consumer of the plan can be metered on some route, or there is no such consumer.
fn is_reached(asked: Asked<'_>, plan: &Plan) -> bool {
    let gateway = asked.gateway;
    let nobody = !gateway
        .consumers
        .values()
        .any(|c| c.plan.as_deref() == Some(&plan.name));
    nobody
        || gateway
            .routes
            .iter()
            .any(|route| design::is_metered(gateway, asked.settings, route))
}

pub(super) fn quota(asked: Asked<'_>, quota: Quota) -> Support {
    if asked.api == AwsApi::Http {
        let why = "an HTTP API has no quotas: consumers are not counted over days";
        return Support::exact().and(Shortfall::unsupported("quota", why).help("use `api: rest`"));
    }
    let (window, id) = match quota.window {
        Window::Day => ("a day", "quota-day"),
        Window::Week => ("a week", "quota-week"),
        Window::Month => ("a month", "quota-month"),
    };
    let why = format!(
        "AWS does not say at which hour {window} starts, so up to {} requests can pass around a boundary that is not UTC's; `Retry-After` is 3600 s, not the time to its end",
        quota.count.saturating_mul(2)
    );
    Support::approximate(id, why)
}
