//! Expected: what must come of a request, and what of it must reach upstreams.

use http::HeaderMap;

use crate::ir::RouteId;

/// What must reach upstreams.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// Nothing: the gateway answers itself.
    Nothing,
    /// One service, once (or again where it fails and is retried).
    Service {
        /// Its name.
        service: String,
        /// Path and query.
        target: String,
        /// The headers it gets.
        headers: HeaderMap,
    },
    /// A part of the request may, before it is refused.
    Any,
    /// Each of these, in any order.
    Parts(Vec<(String, String)>),
}

/// The request ID that must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedId {
    /// The header's name in lower case.
    pub header: String,
    /// The client's value, where it must be kept; otherwise any well-formed one.
    pub value: Option<String>,
}

/// What must come back.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The route it is for.
    pub route: Option<RouteId>,
    /// One of these.
    pub statuses: Vec<u16>,
    /// What reaches upstreams.
    pub reach: Reach,
    /// Headers of the answer, the request ID left out.
    pub headers: HeaderMap,
    /// The request ID that must come back.
    pub request_id: Option<ExpectedId>,
    /// The body, where it is fixed.
    pub body: Option<String>,
    /// A JSON message of the gateway's own.
    pub own: bool,
    /// Why, for people.
    pub reason: String,
}
