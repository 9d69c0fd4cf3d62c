//! Identity: credentials that satisfy a route, and every way to get each scheme's wrong.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::keys::TRUSTED;
use super::probe::Request;
use crate::ir::{
    Algorithm, ApiKeyPlace, Auth, Consumer, Gateway, Jwt, Route, Scheme, SchemeKind, Scopes, Secret,
};

/// The header by which an external authorizer of a rig is told what to answer.
pub const AUTHORIZER: &str = "X-Verify-Authorizer";

/// When tokens are made and how long they last.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Seconds since 1970-01-01 UTC.
    pub now: u64,
}

/// Makes credentials for one gateway.
#[derive(Clone, Copy)]
pub struct Identities<'g> {
    gateway: &'g Gateway,
    clock: Clock,
}

impl<'g> Identities<'g> {
    /// For a rigged gateway.
    #[must_use]
    pub fn new(gateway: &'g Gateway, clock: Clock) -> Self {
        Self { gateway, clock }
    }

    /// When tokens are made, in seconds since 1970-01-01 UTC.
    pub(super) fn now(&self) -> u64 {
        self.clock.now
    }

    /// The schemes a good request carries: one for `any`, every one for `all`.
    #[must_use]
    pub fn needed(&self, route: &Route) -> Vec<&'g Scheme> {
        let schemes = |names: &[String]| {
            names
                .iter()
                .filter_map(|name| self.gateway.schemes.get(name))
                .collect::<Vec<_>>()
        };
        match &route.auth.value {
            Auth::None { .. } => Vec::new(),
            Auth::All(names) => schemes(names),
            Auth::Any(names) => {
                let fits = |scheme: &&Scheme| self.fits(route, scheme);
                let candidates = schemes(names);
                let chosen = candidates
                    .iter()
                    .copied()
                    .find(fits)
                    .or(candidates.first().copied());
                chosen.into_iter().collect()
            }
        }
    }

    /// The scheme alone can satisfy the route's scopes and groups.
    fn fits(&self, route: &Route, scheme: &Scheme) -> bool {
        let (Scopes::All(scopes) | Scopes::Any(scopes)) = &route.scopes.value;
        let scoped = scopes.is_empty() || matches!(scheme.kind, SchemeKind::Jwt(_));
        scoped && (route.groups.is_empty() || self.consumer(scheme, &route.groups).is_some())
    }

    /// A consumer known by the scheme and in one of the groups, if there are any.
    #[must_use]
    pub fn consumer(&self, scheme: &Scheme, groups: &[String]) -> Option<&'g Consumer> {
        self.consumers(scheme).find(|consumer| {
            groups.is_empty() || consumer.groups.iter().any(|group| groups.contains(group))
        })
    }

    /// Everybody known by the scheme.
    pub fn consumers(&self, scheme: &Scheme) -> impl Iterator<Item = &'g Consumer> + use<'g> {
        let kind = match &scheme.kind {
            SchemeKind::Jwt(_) => 0,
            SchemeKind::ApiKey(_) => 1,
            SchemeKind::Basic(_) => 2,
            SchemeKind::External(_) => 3,
        };
        self.gateway
            .consumers
            .values()
            .filter(move |consumer| match kind {
                0 => consumer.jwt.is_some(),
                1 => !consumer.api_keys.is_empty(),
                2 => consumer.basic.is_some(),
                _ => false,
            })
    }

    /// The request with everything the route asks for.
    #[must_use]
    pub fn good(&self, route: &Route, request: Request) -> Request {
        self.needed(route)
            .into_iter()
            .fold(request, |request, scheme| {
                let consumer = self.consumer(scheme, &route.groups);
                self.with(scheme, consumer, route, request)
            })
    }

    /// The request as `consumer` (or, for tokens, as nobody in particular) by this scheme.
    #[must_use]
    pub fn with(
        &self,
        scheme: &Scheme,
        consumer: Option<&Consumer>,
        route: &Route,
        request: Request,
    ) -> Request {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => bearer(request, &self.token(jwt, consumer, route)),
            SchemeKind::ApiKey(place) => {
                match consumer.and_then(|consumer| consumer.api_keys.first()) {
                    Some(key) => with_key(place, request, &plain(key)),
                    None => request,
                }
            }
            SchemeKind::Basic(_) => match consumer.and_then(|consumer| consumer.basic.as_ref()) {
                Some((user, password)) => with_basic(request, user, &plain(password)),
                None => request,
            },
            SchemeKind::External(_) => request.without(AUTHORIZER).header(AUTHORIZER, "200"),
        }
    }

    /// Claims that pass all checks of the scheme and the route.
    #[must_use]
    pub fn claims(&self, jwt: &Jwt, consumer: Option<&Consumer>, route: &Route) -> Value {
        let mut claims = Map::new();
        claims.insert("sub".into(), json!("verify user/1"));
        claims.insert("exp".into(), json!(self.clock.now + 3600));
        claims.insert("iat".into(), json!(self.clock.now - 5));
        if let Some(issuer) = &jwt.issuer {
            claims.insert("iss".into(), json!(issuer));
        }
        if let Some(audience) = jwt.audience.first() {
            claims.insert("aud".into(), json!([audience, "https://other.example"]));
        }
        let (Scopes::All(scopes) | Scopes::Any(scopes)) = &route.scopes.value;
        if !scopes.is_empty() {
            claims.insert(
                "scope".into(),
                json!(format!("verify:other {}", scopes.join(" "))),
            );
        }
        for claim in jwt.forward.keys() {
            claims
                .entry(claim.clone())
                .or_insert_with(|| json!(format!("value of {claim}")));
        }
        if let Some((claim, value)) = consumer.and_then(|consumer| consumer.jwt.as_ref()) {
            claims.insert(claim.clone(), json!(value));
        }
        Value::Object(claims)
    }

    /// A token that passes.
    #[must_use]
    pub fn token(&self, jwt: &Jwt, consumer: Option<&Consumer>, route: &Route) -> String {
        TRUSTED.sign(first(jwt), &self.claims(jwt, consumer, route))
    }
}

pub(super) fn first(jwt: &Jwt) -> Algorithm {
    jwt.algorithms.first().copied().unwrap_or(Algorithm::RS256)
}

/// The secret's text; a rig knows all.
#[must_use]
pub fn plain(secret: &Secret) -> String {
    match secret {
        Secret::Known { text, .. } => text.clone(),
        Secret::Reference(name) => super::rig::secret_value(name),
    }
}

/// The request with a bearer token.
#[must_use]
pub fn bearer(request: Request, token: &str) -> Request {
    request
        .without("Authorization")
        .header("Authorization", format!("Bearer {token}"))
}

pub(super) fn with_key(place: &ApiKeyPlace, request: Request, key: &str) -> Request {
    match place {
        ApiKeyPlace::Header(name) => request.without(name).header(name, key),
        ApiKeyPlace::Query(name) => request.with_query(&format!("{name}={key}")),
    }
}

pub(super) fn with_basic(request: Request, user: &str, password: &str) -> Request {
    let text = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    request
        .without("Authorization")
        .header("Authorization", format!("Basic {text}"))
}

/// The request without the scheme's credentials.
#[must_use]
pub fn strip(scheme: &Scheme, request: Request) -> Request {
    match &scheme.kind {
        SchemeKind::Jwt(_) | SchemeKind::Basic(_) => request.without("Authorization"),
        SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => request.without(name),
        SchemeKind::ApiKey(ApiKeyPlace::Query(name)) => {
            let path = request.path().to_owned();
            let kept: Vec<&str> = request
                .query()
                .into_iter()
                .flat_map(|query| query.split('&'))
                .filter(|pair| !pair.starts_with(&format!("{name}=")))
                .collect();
            let target = if kept.is_empty() {
                path
            } else {
                format!("{path}?{}", kept.join("&"))
            };
            Request { target, ..request }
        }
        SchemeKind::External(_) => request.without(AUTHORIZER).header(AUTHORIZER, "401"),
    }
}
