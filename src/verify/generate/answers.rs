//! What the gateway answers itself: health and fixed answers.

use super::Of;
use super::sample::Scene;
use crate::ir::Action;
use crate::verify::probe::{Body, Class, Probe, Request, Step};

/// The health endpoint, on any host and without credentials.
pub(super) fn gateway(scene: &Scene<'_>, probes: &mut Vec<Probe>) {
    let Some(health) = &scene.gateway.health else {
        return;
    };
    for (what, host, method) in [
        ("health", "localhost", "GET"),
        ("health by HEAD", "localhost", "HEAD"),
        ("health on another host", "127.0.0.1", "GET"),
    ] {
        probes.push(Probe {
            name: format!("gateway: {what}"),
            class: Class::Answer,
            route: None,
            features: vec!["gateway-health", "hosts"],
            steps: vec![Step::Send(Request {
                method: method.into(),
                host: host.into(),
                target: health.value.clone(),
                headers: Vec::new(),
                body: Body::None,
            })],
        });
    }
}

/// A fixed answer with awkward paths and queries, which a redirect repeats.
pub(super) fn route(of: &mut Of<'_, '_>) {
    if !matches!(of.route.action, Action::Respond(_)) {
        return;
    }
    let good = of.good();
    of.ask(Class::Answer, "fixed answer", &["respond"], good.clone());
    of.ask(
        Class::Answer,
        "fixed answer with an awkward query",
        &["respond"],
        good.with_query("x=%0d%0aSet-Cookie:%20a=b"),
    );
}
