//! Active health probes: each target of a service with `health` is asked on its own clock.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::USER_AGENT};

use super::ask::{Asked, ask};
use super::live::Live;
use super::worker::Worker;

/// Begins probing all targets of the spec in force, until another is.
pub fn begin(worker: &Rc<Worker>) {
    let live = worker.shared.live();
    for (number, service) in live.engine.gateway.services.values().enumerate() {
        if service.health.is_none() {
            continue;
        }
        for target in 0..live.services[number].targets.len() {
            tokio::task::spawn_local(watch(worker.clone(), live.clone(), number, target));
        }
    }
}

async fn watch(worker: Rc<Worker>, live: Arc<Live>, number: usize, target: usize) {
    let Some(health) = live
        .engine
        .gateway
        .services
        .get_index(number)
        .and_then(|(_, s)| s.health.as_ref())
    else {
        return;
    };
    let serving = &live.services[number];
    let endpoint = &live.endpoints[serving.targets[target]];
    let mut every = tokio::time::interval(Duration::from_millis(health.every.0.max(10)));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static("gateway-gen health"));
    loop {
        every.tick().await;
        if !Arc::ptr_eq(&live, &worker.shared.live()) {
            return;
        }
        let within = Duration::from_millis(health.timeout.0);
        let asked = ask(endpoint, &health.path, headers.clone(), within, 64 * 1024).await;
        let well = matches!(
            asked,
            Asked::Answered {
                status: 200..=399,
                ..
            }
        );
        let now = worker.shared.clock.now();
        let turned = serving
            .with_pool(|pool| pool.probed(target, well, now))
            .unwrap_or(false);
        if turned {
            let (name, address) = (
                &live.engine.gateway.services[number].name,
                endpoint.address.authority(),
            );
            let state = if well { "is back" } else { "is out" };
            super::say(&format!("service `{name}`: {address} {state}"));
        }
    }
}
