//! THE GATEWAY: what a spec means, resolved, ordered and engine-neutral; matching and precedence; facts.

mod auth;
mod capture;
mod fact;
mod gateway;
pub mod keys;
pub mod matching;
pub mod normalise;
mod pattern;
mod policy;
pub mod precedence;
mod route;
mod service;
pub mod units;

pub use auth::{
    Algorithm, ApiKeyPlace, Auth, Basic, Consumer, ConsumerId, External, Jwt, Keys, Plan, Scheme,
    SchemeKind, Scopes, Secret,
};
pub use fact::{Fact, Feature, Subject, facts};
pub use gateway::{
    AccessLog, CounterFailure, Counters, EncodedSlash, File, Gateway, KeyMaterial, Listen,
    RequestId, ServerTls, TlsVersion,
};
pub use matching::{Matched, Matcher};
pub use normalise::{Refusal, normalise, normalise_host};
pub use pattern::{HostPattern, Method, Methods, Pattern, Segment};
pub use policy::{Cors, HeaderRules, IpRules, Limit, LimitKey, Origins, Retries, Timeout};
pub use precedence::{Precedence, Slot, slots};
pub use route::{
    Action, Forward, Gather, Keep, Part, Piece, Respond, Rewrite, RewritePiece, Route, RouteId,
};
pub use service::{
    Address, Balance, Breaker, Health, Protocol, Raw, Service, Target, UpstreamTls, Via, ViaAws,
};

use crate::source::Pointer;

/// A value and the place in the spec that it came from. The place takes no part in equality.
#[derive(Clone, Debug, Default)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written: on the route itself, or where it was inherited from.
    pub pointer: Pointer,
}

impl<T> Sourced<T> {
    /// `value`, written at `pointer`.
    pub fn new(value: T, pointer: Pointer) -> Self {
        Self { value, pointer }
    }
}

impl<T: PartialEq> PartialEq for Sourced<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T> std::ops::Deref for Sourced<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
