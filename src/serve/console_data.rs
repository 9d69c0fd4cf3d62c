//! What the console shows, as JSON: no secret, no key, no header is in it.

use serde_json::{Value, json};

use super::metrics::TargetFigure;
use super::worker::Shared;
use crate::ir::{Action, Auth, Gateway, Limit, LimitKey, Route, Scopes};

const MOST_COUNTERS: usize = 200;

/// Routes, services and counters as they stand.
#[must_use]
pub fn state(shared: &Shared) -> Value {
    let live = shared.live();
    let gateway = &live.engine.gateway;
    let services: Vec<Value> = gateway
        .services
        .values()
        .zip(&live.services)
        .map(|(service, serving)| {
            let standing = serving.with_pool(|pool| pool.standing());
            let targets = service.targets.iter().enumerate().map(|(number, target)| {
                let state = standing.as_ref().and_then(|all| all.get(number));
                json!({
                    "address": format!("{}://{}{}", target.address.protocol.name(), target.address.authority(), target.address.path),
                    "weight": target.weight,
                    "healthy": state.is_none_or(|s| s.healthy),
                    "breaker": state.map_or("none", |s| s.breaker),
                    "failures": state.map_or(0, |s| s.failures),
                    "busy": state.map(|s| s.busy),
                })
            });
            json!({
                "name": service.name,
                "probed": service.health.is_some(),
                "breaker": service.breaker.is_some(),
                "targets": targets.collect::<Vec<_>>(),
            })
        })
        .collect();
    let now = shared.clock.now();
    json!({
        "name": gateway.name,
        "version": shared.version(),
        "time": super::log::time(now),
        "connections": shared.busy(),
        "routes": gateway.routes.iter().map(|route| self::route(gateway, route)).collect::<Vec<_>>(),
        "services": services,
        "counters": shared.counting.memory.readings(now, MOST_COUNTERS),
        "counted_in": if shared.counting.is_shared() { "redis" } else { "memory" },
    })
}

fn route(gateway: &Gateway, route: &Route) -> Value {
    json!({
        "key": route.key,
        "to": goes_to(&route.action),
        "auth": auth(&route.auth.value),
        "scopes": match &route.scopes.value {
            Scopes::All(all) => all.join(" "),
            Scopes::Any(any) => any.join(" | "),
        },
        "groups": route.groups.value.join(" | "),
        "limits": gateway.limits.iter().chain(&route.limits).map(|l| limit(l)).collect::<Vec<_>>(),
        "cors": route.cors.is_some(),
    })
}

/// Where a route leads, in a few words.
#[must_use]
pub fn goes_to(action: &Action) -> String {
    match action {
        Action::Forward(forward) => forward.service.clone(),
        Action::Respond(respond) => format!("answers {}", respond.status),
        Action::Gather(gather) => {
            let names: Vec<&str> = gather
                .parts
                .iter()
                .map(|part| part.service.as_str())
                .collect();
            format!("gathers {}", names.join(", "))
        }
    }
}

/// Who may use a route, in a few words.
#[must_use]
pub fn auth(auth: &Auth) -> String {
    match auth {
        Auth::None { .. } => "none".into(),
        Auth::Any(names) => names.join(" | "),
        Auth::All(names) => names.join(" & "),
    }
}

/// A limit, in a few words.
#[must_use]
pub fn limit(limit: &Limit) -> String {
    let key = match &limit.key {
        LimitKey::Consumer => "consumer".to_owned(),
        LimitKey::ClientIp => "client".to_owned(),
        LimitKey::Everyone => "everyone".to_owned(),
        LimitKey::Header(name) => format!("header {name}"),
        LimitKey::Claim(name) => format!("claim {name}"),
    };
    format!("{} burst {} per {key}", limit.rate, limit.burst)
}

/// Targets for the metrics.
#[must_use]
pub fn figures(shared: &Shared) -> Vec<TargetFigure> {
    let live = shared.live();
    let mut all = Vec::new();
    for (service, serving) in live.engine.gateway.services.values().zip(&live.services) {
        let standing = serving.with_pool(|pool| pool.standing());
        for (number, target) in service.targets.iter().enumerate() {
            let state = standing.as_ref().and_then(|all| all.get(number));
            all.push(TargetFigure {
                service: service.name.clone(),
                target: target.address.authority(),
                up: state.is_none_or(|s| s.healthy && s.breaker != "open"),
            });
        }
    }
    all
}
