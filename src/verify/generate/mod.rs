//! GATEWAY -> PROBES: for every route its match, its near misses and each of its policies at their edge.

mod answers;
mod auth;
mod body;
mod cors;
pub mod faults;
mod forgery;
mod gather;
mod headers;
mod limits;
mod permission;
mod request_id;
mod routing;
mod sample;
mod spelling;
mod tricks;

pub use sample::Scene;
pub use spelling::spellings;
pub use tricks::attempts;

use std::collections::HashMap;

use super::probe::{Class, Probe, Request, Step};
use crate::ir::{Route, RouteId};

/// Everything there is to ask about a gateway.
#[must_use]
pub fn probes(scene: &Scene<'_>) -> Vec<Probe> {
    let mut probes = Vec::new();
    answers::gateway(scene, &mut probes);
    routing::gateway(scene, &mut probes);
    limits::gateway(scene, &mut probes);
    for index in 0..scene.gateway.routes.len() {
        of_route(scene, RouteId(index), &mut probes);
    }
    distinct(probes)
}

/// What there is to ask about some routes alone.
#[must_use]
pub fn probes_of(scene: &Scene<'_>, routes: &[RouteId]) -> Vec<Probe> {
    let mut probes = Vec::new();
    for id in routes {
        of_route(scene, *id, &mut probes);
    }
    distinct(probes)
}

fn of_route(scene: &Scene<'_>, id: RouteId, probes: &mut Vec<Probe>) {
    let route = &scene.gateway.routes[id.0];
    let mut of = Of {
        scene,
        id,
        route,
        probes,
    };
    routing::route(&mut of);
    spelling::route(&mut of);
    auth::route(&mut of);
    permission::route(&mut of);
    forgery::route(&mut of);
    request_id::route(&mut of);
    cors::route(&mut of);
    body::route(&mut of);
    headers::route(&mut of);
    answers::route(&mut of);
    gather::route(&mut of);
    faults::route(&mut of);
    limits::route(&mut of);
}

/// Each thing once: what two generators ask alike is asked once, and what is named alike gets a number.
fn distinct(probes: Vec<Probe>) -> Vec<Probe> {
    let mut named: HashMap<String, Vec<Vec<Step>>> = HashMap::new();
    let mut kept = Vec::with_capacity(probes.len());
    for mut probe in probes {
        let alike = named.entry(probe.name.clone()).or_default();
        if alike.contains(&probe.steps) {
            continue;
        }
        alike.push(probe.steps.clone());
        if alike.len() > 1 {
            probe.name = format!("{} ({})", probe.name, alike.len());
        }
        kept.push(probe);
    }
    kept
}

/// Makes the probes of one route.
struct Of<'s, 'g> {
    scene: &'s Scene<'g>,
    id: RouteId,
    route: &'g Route,
    probes: &'s mut Vec<Probe>,
}

impl Of<'_, '_> {
    /// The request that the route takes, with all it asks for.
    fn good(&self) -> Request {
        self.scene
            .identities
            .good(self.route, self.scene.base(self.route))
    }

    /// One request whose answer the given features decide.
    fn ask(&mut self, class: Class, what: &str, features: &[&'static str], request: Request) {
        self.steps(class, what, features, vec![Step::Send(request)]);
    }

    /// Several steps that show one thing.
    fn steps(&mut self, class: Class, what: &str, features: &[&'static str], steps: Vec<Step>) {
        self.probes.push(Probe {
            name: format!("{}: {what}", self.route.key),
            class,
            route: Some(self.id),
            features: features.to_vec(),
            steps,
        });
    }
}
