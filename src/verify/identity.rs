//! Identity: credentials that satisfy a route, and every way to get each scheme's wrong.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::keys::{FOREIGN, TRUSTED, kid, unsigned};
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

/// A wrong credential and what is wrong with it.
pub struct Wrong {
    /// Such as `expired token`.
    pub what: &'static str,
    /// The request with it.
    pub request: Request,
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

    /// Every way to get the scheme wrong, the rest of the request being good.
    #[must_use]
    pub fn wrong(&self, scheme: &Scheme, route: &Route, rest: &Request) -> Vec<Wrong> {
        let mut all = vec![Wrong {
            what: "no credentials",
            request: strip(scheme, rest.clone()),
        }];
        let mut say = |what, request| all.push(Wrong { what, request });
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => {
                let consumer = self.consumer(scheme, &route.groups);
                for (what, token) in self.bad_tokens(jwt, consumer, route) {
                    say(what, bearer(rest.clone(), &token));
                }
                let good = self.token(jwt, consumer, route);
                say(
                    "token without Bearer",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", good.as_str()),
                );
                say(
                    "token as Basic",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", format!("Basic {good}")),
                );
            }
            SchemeKind::ApiKey(place) => {
                let key = self
                    .consumers(scheme)
                    .next()
                    .and_then(|consumer| consumer.api_keys.first())
                    .map(plain)
                    .unwrap_or_default();
                say("unknown key", with_key(place, rest.clone(), "nobody"));
                say("empty key", with_key(place, rest.clone(), ""));
                say(
                    "key in other case",
                    with_key(place, rest.clone(), &swap_case(&key)),
                );
                say(
                    "start of a key",
                    with_key(place, rest.clone(), &key[..key.len().saturating_sub(1)]),
                );
                say(
                    "key and more",
                    with_key(place, rest.clone(), &format!("{key}x")),
                );
                say("pattern for any key", with_key(place, rest.clone(), ".*"));
            }
            SchemeKind::Basic(_) => {
                let known = self
                    .consumers(scheme)
                    .find_map(|consumer| consumer.basic.as_ref());
                let (user, password) = known
                    .map(|(user, password)| (user.clone(), plain(password)))
                    .unwrap_or_default();
                say("wrong password", with_basic(rest.clone(), &user, "wrong"));
                say(
                    "unknown user",
                    with_basic(rest.clone(), "nobody", &password),
                );
                say("empty password", with_basic(rest.clone(), &user, ""));
                say(
                    "password in other case",
                    with_basic(rest.clone(), &user, &swap_case(&password)),
                );
                say(
                    "not base64",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", "Basic ***"),
                );
                say(
                    "no colon",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", "Basic bm9jb2xvbg=="),
                );
            }
            SchemeKind::External(_) => {
                for (what, answer) in [
                    ("authorizer says 401", "401"),
                    ("authorizer says 403", "403"),
                    ("authorizer fails", "500"),
                ] {
                    say(
                        what,
                        rest.clone().without(AUTHORIZER).header(AUTHORIZER, answer),
                    );
                }
            }
        }
        all
    }

    fn bad_tokens(
        &self,
        jwt: &Jwt,
        consumer: Option<&Consumer>,
        route: &Route,
    ) -> Vec<(&'static str, String)> {
        let algorithm = first(jwt);
        let good = self.claims(jwt, consumer, route);
        let changed = |key: &str, value: Value| {
            let mut claims = good.clone();
            claims[key] = value;
            TRUSTED.sign(algorithm, &claims)
        };
        let without = |key: &str| {
            let mut claims = good.clone();
            claims
                .as_object_mut()
                .map(|claims| claims.shift_remove(key));
            TRUSTED.sign(algorithm, &claims)
        };
        let token = TRUSTED.sign(algorithm, &good);
        let mut bad = vec![
            (
                "expired token",
                changed("exp", json!(self.clock.now - 3600)),
            ),
            ("token without exp", without("exp")),
            ("exp as text", changed("exp", json!("soon"))),
            (
                "token not valid yet",
                changed("nbf", json!(self.clock.now + 3600)),
            ),
            (
                "algorithm none",
                unsigned(&json!({ "alg": "none", "typ": "JWT" }), &good, ""),
            ),
            (
                "algorithm None",
                unsigned(&json!({ "alg": "None", "kid": kid(algorithm) }), &good, ""),
            ),
            (
                "unknown algorithm",
                unsigned(
                    &json!({ "alg": "XX256", "kid": kid(algorithm) }),
                    &good,
                    "AAAA",
                ),
            ),
            ("tampered payload", tampered(&token, &good)),
            (
                "two parts",
                token
                    .rsplit_once('.')
                    .map(|(head, _)| head.to_owned())
                    .unwrap_or_default(),
            ),
            ("four parts", format!("{token}.x")),
            ("garbage", "garbage".to_owned()),
            (
                "empty signature",
                token
                    .rsplit_once('.')
                    .map(|(head, _)| format!("{head}."))
                    .unwrap_or_default(),
            ),
        ];
        if jwt.issuer.is_some() {
            bad.push((
                "wrong issuer",
                changed("iss", json!("https://evil.example/")),
            ));
            bad.push(("no issuer", without("iss")));
        }
        if !jwt.audience.is_empty() {
            bad.push(("wrong audience", changed("aud", json!("other"))));
            bad.push(("no audience", without("aud")));
        }
        if algorithm.is_hmac() {
            bad.push(("signed with another secret", resigned(algorithm, &good)));
        } else {
            bad.push(("signed with another key", FOREIGN.sign(algorithm, &good)));
            // RFC 8725, 2.1: the public key taken for a shared secret.
            bad.push(("HS256 with the public key", confused(algorithm, &good)));
        }
        let other = Algorithm::ALL
            .into_iter()
            .find(|other| !jwt.algorithms.contains(other) && !other.is_hmac());
        if let Some(other) = other {
            bad.push(("algorithm not listed", TRUSTED.sign(other, &good)));
        }
        bad
    }
}

fn first(jwt: &Jwt) -> Algorithm {
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

fn with_key(place: &ApiKeyPlace, request: Request, key: &str) -> Request {
    match place {
        ApiKeyPlace::Header(name) => request.without(name).header(name, key),
        ApiKeyPlace::Query(name) => request.with_query(&format!("{name}={key}")),
    }
}

fn with_basic(request: Request, user: &str, password: &str) -> Request {
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

fn swap_case(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

fn tampered(token: &str, claims: &Value) -> String {
    let mut claims = claims.clone();
    claims["sub"] = json!("somebody else");
    let middle = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut parts: Vec<&str> = token.split('.').collect();
    if let Some(part) = parts.get_mut(1) {
        *part = &middle;
    }
    parts.join(".")
}

fn resigned(algorithm: Algorithm, claims: &Value) -> String {
    let header = jsonwebtoken::Header::new(match algorithm {
        Algorithm::HS384 => jsonwebtoken::Algorithm::HS384,
        Algorithm::HS512 => jsonwebtoken::Algorithm::HS512,
        _ => jsonwebtoken::Algorithm::HS256,
    });
    jsonwebtoken::encode(
        &header,
        claims,
        &jsonwebtoken::EncodingKey::from_secret(b"another secret of some length, 32+"),
    )
    .unwrap_or_default()
}

fn confused(algorithm: Algorithm, claims: &Value) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(kid(algorithm));
    let public = TRUSTED.jwks(&[algorithm])["keys"][0].to_string();
    jsonwebtoken::encode(
        &header,
        claims,
        &jsonwebtoken::EncodingKey::from_secret(public.as_bytes()),
    )
    .unwrap_or_default()
}
