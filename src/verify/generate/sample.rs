//! Scene: what generators look at, and the request that a route takes.

use crate::ir::{Gateway, HostPattern, Methods, Pattern, Route, SchemeKind, Segment};
use crate::verify::identity::{AUTHORIZER, Clock, Identities};
use crate::verify::probe::{Body, Request};

/// A rigged gateway with its identities.
pub struct Scene<'g> {
    /// The gateway.
    pub gateway: &'g Gateway,
    /// Its credentials.
    pub identities: Identities<'g>,
}

/// The query that base requests carry: repeated names, escapes and a plus must arrive as they are.
pub const QUERY: &str = "q=1&q=2&e=%20a+b%2Fc";

impl<'g> Scene<'g> {
    /// For a rigged gateway.
    #[must_use]
    pub fn new(gateway: &'g Gateway, clock: Clock) -> Self {
        Self {
            gateway,
            identities: Identities::new(gateway, clock),
        }
    }

    /// The request that a route takes, without credentials.
    #[must_use]
    pub fn base(&self, route: &Route) -> Request {
        let mut headers = vec![("User-Agent".into(), "gateway-gen-verify".into())];
        let external = |name: &String| {
            self.gateway
                .schemes
                .get(name)
                .is_some_and(|scheme| matches!(scheme.kind, SchemeKind::External(_)))
        };
        // Without credentials an authorizer refuses, unless it is told otherwise.
        if route.auth.schemes().iter().any(external) {
            headers.push((AUTHORIZER.into(), "401".into()));
        }
        Request {
            method: method(route),
            host: self.host(route),
            target: format!("{}?{QUERY}", path(&route.pattern)),
            headers,
            body: Body::None,
        }
    }

    /// A host that the route takes.
    #[must_use]
    pub fn host(&self, route: &Route) -> String {
        match route.host.as_ref().or_else(|| self.gateway.hosts.first()) {
            Some(HostPattern::Exact(name)) => name.clone(),
            Some(HostPattern::Below(suffix)) => format!("verify.{suffix}"),
            None => "localhost".to_owned(),
        }
    }
}

/// A method that the route takes.
pub(super) fn method(route: &Route) -> String {
    match &route.methods {
        Methods::Only(methods) => methods.first().cloned().unwrap_or_else(|| "GET".into()),
        Methods::Any => "GET".into(),
    }
}

/// A path that the pattern takes.
pub(super) fn path(pattern: &Pattern) -> String {
    let mut path = String::new();
    for (number, segment) in pattern.segments.iter().enumerate() {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            // An escape that must stay, a dot and a tilde that must not be touched.
            Segment::Param(_) => path.push_str(&format!("v{number}%20a.b~c")),
        }
    }
    if pattern.rest {
        path.push_str("/below/v%3A1");
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}
