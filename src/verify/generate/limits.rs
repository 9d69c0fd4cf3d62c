//! Limits and quotas at their edge: burst, one more, another caller, refill.

use std::time::Duration;

use super::Of;
use super::sample::Scene;
use crate::ir::{Action, Limit, LimitKey, Route, SchemeKind};
use crate::verify::probe::{Class, Probe, Request, Step};

const ABOUT: &[&str] = &[
    "limit",
    "plan-limit",
    "gateway-limit",
    "quota",
    "counters",
    "own-answers",
];

/// Larger buckets are not emptied: that would be a load test.
const LARGEST_BURST: u64 = 600;

/// The limit over all routes.
pub(super) fn gateway(scene: &Scene<'_>, probes: &mut Vec<Probe>) {
    let forwarded =
        |route: &&Route| route.limits.is_empty() && matches!(route.action, Action::Forward(_));
    let Some(route) = scene.gateway.routes.iter().find(forwarded) else {
        return;
    };
    let good = scene.identities.good(route, scene.base(route));
    for limit in scene
        .gateway
        .limits
        .iter()
        .filter(|limit| limit.burst <= LARGEST_BURST)
    {
        probes.push(Probe {
            name: format!("gateway: limit {} burst {}", limit.rate, limit.burst),
            class: Class::Limit,
            route: None,
            features: ABOUT.to_vec(),
            steps: edge(limit, &good),
        });
    }
}

/// Empties the bucket, waits for a token where that is soon, and takes it.
fn edge(limit: &Limit, good: &Request) -> Vec<Step> {
    let mut steps = vec![Step::Burst(good.clone(), limit.burst + 3)];
    let token = Duration::from_millis(limit.rate.per.seconds() * 1000 / limit.rate.count.max(1));
    if token <= Duration::from_secs(3) {
        steps.push(Step::Wait(token + Duration::from_millis(150)));
        steps.push(Step::Send(good.clone()));
    }
    steps
}

/// Each limit of the route, and the plan's limit and quota for whoever has one.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let good = of.good();
    for limit in of
        .route
        .limits
        .iter()
        .filter(|limit| limit.burst <= LARGEST_BURST)
    {
        let mut steps = edge(limit, &keyed(limit, &good, "one"));
        if let Some(other) = another(of, limit, &good) {
            steps.push(Step::Send(other));
        }
        of.steps(
            Class::Limit,
            &format!("limit {} burst {}", limit.rate, limit.burst),
            ABOUT,
            steps,
        );
    }
    let schemes = of
        .route
        .auth
        .schemes()
        .iter()
        .filter_map(|name| of.scene.gateway.schemes.get(name))
        .collect::<Vec<_>>();
    for scheme in schemes {
        let known: Vec<_> = of
            .scene
            .identities
            .consumers(scheme)
            .filter(|consumer| {
                of.route.groups.is_empty()
                    || consumer
                        .groups
                        .iter()
                        .any(|group| of.route.groups.contains(group))
            })
            .collect();
        for consumer in known {
            let Some(plan) = consumer
                .plan
                .as_ref()
                .and_then(|name| of.scene.gateway.plans.get(name))
            else {
                continue;
            };
            let request =
                of.scene
                    .identities
                    .with(scheme, Some(consumer), of.route, of.scene.base(of.route));
            for limit in plan
                .limits
                .iter()
                .filter(|limit| limit.burst <= LARGEST_BURST)
            {
                of.steps(
                    Class::Limit,
                    &format!("plan of {} {}", consumer.name, limit.rate),
                    ABOUT,
                    edge(limit, &request),
                );
            }
            if let Some(quota) = plan
                .quota
                .as_ref()
                .filter(|quota| quota.count <= LARGEST_BURST)
            {
                let steps = vec![Step::Burst(request.clone(), quota.count + 3)];
                of.steps(
                    Class::Quota,
                    &format!("quota of {} {}", consumer.name, quota.value),
                    ABOUT,
                    steps,
                );
            }
        }
    }
}

/// The request with the header that its bucket goes by.
fn keyed(limit: &Limit, good: &Request, value: &str) -> Request {
    match &limit.key {
        LimitKey::Header(name) => good.clone().without(name).header(name, value),
        LimitKey::Consumer | LimitKey::ClientIp | LimitKey::Everyone | LimitKey::Claim(_) => {
            good.clone()
        }
    }
}

/// A request of somebody else, whose bucket is full.
fn another(of: &Of<'_, '_>, limit: &Limit, good: &Request) -> Option<Request> {
    match &limit.key {
        LimitKey::Header(_) => Some(keyed(limit, good, "two")),
        LimitKey::Consumer => {
            let scheme = *of.scene.identities.needed(of.route).first()?;
            let consumer = of.scene.identities.consumer(scheme, &of.route.groups);
            let other = of.scene.identities.consumers(scheme).find(|other| {
                Some(other.name.as_str()) != consumer.map(|consumer| consumer.name.as_str())
                    && (of.route.groups.is_empty()
                        || other
                            .groups
                            .iter()
                            .any(|group| of.route.groups.contains(group)))
            });
            match (&scheme.kind, other) {
                (_, Some(other)) => Some(of.scene.identities.with(
                    scheme,
                    Some(other),
                    of.route,
                    of.scene.base(of.route),
                )),
                (SchemeKind::Jwt(_), None) if consumer.is_some() && of.route.groups.is_empty() => {
                    Some(
                        of.scene
                            .identities
                            .with(scheme, None, of.route, of.scene.base(of.route)),
                    )
                }
                _ => None,
            }
        }
        LimitKey::ClientIp | LimitKey::Everyone | LimitKey::Claim(_) => None,
    }
}
