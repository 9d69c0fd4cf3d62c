//! SLOTS -> LAID OUT PATHS: which routes take each path of the API, and where the health endpoint stands.

use super::document::path::{PathId, Paths};
use super::rest::{Failure, fail};
use super::tree;
use crate::ir::{Gateway, Pattern, Segment, Slot};

/// A path and what takes it.
#[derive(Clone, Copy, Debug)]
pub struct Laid {
    /// The path.
    pub path: PathId,
    /// The slot's place in the list; none: the health endpoint.
    pub slot: Option<usize>,
}

/// The health endpoint's path as a pattern.
fn health(gateway: &Gateway) -> Option<Pattern> {
    let path = gateway.health.as_ref()?;
    let segment = |part: &str| Segment::Literal(part.to_owned());
    let parts = path.split('/').filter(|part| !part.is_empty());
    Some(Pattern {
        segments: parts.map(segment).collect(),
        rest: false,
    })
}

/// Lays out all routes. The health endpoint comes before any of them.
///
/// # Errors
/// A path that API Gateway cannot hold, with its route.
pub fn lay_out(gateway: &Gateway, slots: &[Slot]) -> Result<(Paths, Vec<Laid>), Failure> {
    let health = health(gateway);
    let of_slot = |slot: &Slot| &gateway.routes[slot.routes[0].0].pattern;
    let patterns: Vec<&Pattern> = health.iter().chain(slots.iter().map(of_slot)).collect();
    let ahead = usize::from(health.is_some());
    let slot_of = |pattern: usize| pattern.checked_sub(ahead);
    let (paths, places) = tree::lay_out(&patterns).map_err(|(pattern, why)| {
        let slot = slot_of(pattern).and_then(|at| slots.get(at));
        fail(slot.and_then(|slot| slot.routes.first().copied()))(why)
    })?;
    let laid = places
        .into_iter()
        .map(|place| Laid {
            path: place.path,
            slot: slot_of(place.pattern),
        })
        .collect();
    Ok((paths, laid))
}
