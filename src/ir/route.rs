//! A route: which requests it takes, what is checked, and what is done.

use indexmap::IndexMap;

use super::units::{Bytes, Millis};
use super::{
    Auth, Cors, HeaderRules, HostPattern, IpRules, Limit, Methods, Pattern, Raw, Retries, Scopes,
    Sourced, Timeout,
};
use crate::source::Pointer;

/// A route's number: its place in [`super::Gateway::routes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub usize);

/// A route with everything that applies to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The key as written.
    pub key: String,
    /// `/routes/KEY`.
    pub pointer: Pointer,
    /// Which methods.
    pub methods: Methods,
    /// Which host; none: every host of the gateway.
    pub host: Option<HostPattern>,
    /// Which paths.
    pub pattern: Pattern,
    /// What is done.
    pub action: Action,
    /// Who may call.
    pub auth: Sourced<Auth>,
    /// Scopes needed.
    pub scopes: Sourced<Scopes>,
    /// Groups of which the consumer must be in one; empty: none needed.
    pub groups: Sourced<Vec<String>>,
    /// Limits; all must admit. Each counts this route alone.
    pub limits: Vec<Sourced<Limit>>,
    /// `limit: none` was written.
    pub unlimited: bool,
    /// Cross-origin rules.
    pub cors: Option<Sourced<Cors>>,
    /// Time limits.
    pub timeout: Sourced<Timeout>,
    /// Further tries.
    pub retries: Sourced<Retries>,
    /// Largest request body.
    pub max_body: Sourced<Bytes>,
    /// Client addresses.
    pub ip: Option<Sourced<IpRules>>,
    /// Changes to the request's headers.
    pub request_headers: Sourced<HeaderRules>,
    /// Changes to the answer's headers.
    pub response_headers: Sourced<HeaderRules>,
    /// A WebSocket upgrade is passed on.
    pub websocket: bool,
    /// Engine-native configuration.
    pub raw: Option<Sourced<Raw>>,
}

/// What is done with an admitted request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It goes to a service.
    Forward(Forward),
    /// A fixed answer.
    Respond(Respond),
    /// Several services are asked and their answers put into one object.
    Gather(Gather),
}

/// It goes to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// A key of [`super::Gateway::services`].
    pub service: String,
    /// The path sent; none: the request's.
    pub rewrite: Option<Sourced<Rewrite>>,
    /// The client's Host is sent.
    pub preserve_host: bool,
}

/// The path sent to a service, below its base path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// In order; each segment with its slash.
    pub segments: Vec<RewritePiece>,
    /// Ends in `*`: what the pattern's `*` matched follows, with its slash.
    pub rest: bool,
}

/// A segment of a rewrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RewritePiece {
    /// As it stands, in normalised form.
    Literal(String),
    /// A parameter's text as it came in the normalised path.
    Param(String),
}

/// A fixed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Respond {
    /// 200 to 599.
    pub status: u16,
    /// The `Location` header's pieces.
    pub location: Option<Vec<Piece>>,
    /// The body, as it is.
    pub body: Option<String>,
    /// Headers.
    pub headers: IndexMap<String, String>,
}

/// A piece of a text with places to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// The normalised request path.
    Path,
    /// `?` and the query as it came, or nothing.
    Query,
    /// A parameter of the pattern.
    Param(String),
    /// A claim of the caller's token.
    Claim(String),
}

/// Several services are asked at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {
    /// In the order of the answer's members.
    pub parts: Vec<Part>,
}

/// One part of a gather.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The member's name.
    pub name: String,
    /// Where it is written.
    pub pointer: Pointer,
    /// A key of [`super::Gateway::services`].
    pub service: String,
    /// Path below the base path; parameters and claims are percent-encoded.
    pub path: Vec<Piece>,
    /// Query without `?`; empty for none.
    pub query: Vec<Piece>,
    /// Its failure fails the whole with 502, or 504 on timeout.
    pub required: bool,
    /// How long it may take.
    pub timeout: Millis,
    /// What stands for it when it fails.
    pub or: serde_json::Value,
    /// What is kept of its body.
    pub keep: Keep,
}

/// What is kept of a part's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of it.
    Whole,
    /// The value at this JSON Pointer.
    Pick(String),
    /// The length of the list at this JSON Pointer.
    Count(String),
}
