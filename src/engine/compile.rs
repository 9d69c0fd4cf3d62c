//! GATEWAY -> ENGINE: what every request needs, made once: header names and values, keys, credentials, the matcher.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};

use super::cors::Cors;
use super::credentials::Credentials;
use super::keys::KeySet;
use super::token_cache::TokenCache;
use crate::ir::{
    Action, ApiKeyPlace, ConsumerId, Gateway, HeaderRules, Keys, Matcher, RouteId, SchemeKind,
    Secret,
};
use crate::source::Pointer;

/// A gateway ready to decide. It holds no counters, no sockets and no clock.
#[derive(Debug)]
pub struct Engine {
    /// What it was made of.
    pub gateway: Gateway,
    pub(super) matcher: Matcher,
    pub(super) routes: Vec<Route>,
    pub(super) schemes: Vec<Scheme>,
    pub(super) credentials: Credentials,
    pub(super) forged: Forged,
    pub(super) request_id: Option<(HeaderName, bool)>,
    // Accepts development tokens beside a scheme's own keys; set only on request.
    pub(super) development: Option<KeySet>,
    // For naming places that are nowhere in the spec.
    pub(super) root: Pointer,
}

/// The `kid` of development tokens.
pub const DEVELOPMENT_KEY_ID: &str = "gateway-gen-development";

/// Something in the spec that cannot be made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// Where.
    pub pointer: Pointer,
    /// What.
    pub message: String,
}

#[derive(Debug)]
pub(super) struct Route {
    pub cors: Option<Cors>,
    pub schemes: Vec<usize>,
    pub request_headers: Rules,
    pub response_headers: Rules,
    pub service: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Scheme {
    pub name: String,
    pub place: Option<Place>,
    pub keys: Option<KeySet>,
    pub fetched: bool,
    pub forward: Vec<(String, HeaderName)>,
    pub copied: Vec<HeaderName>,
    pub consumers: Vec<(String, String, ConsumerId)>,
    pub challenge: HeaderValue,
    pub cache: TokenCache,
}

#[derive(Debug)]
pub(super) enum Place {
    Header(HeaderName),
    Query(String),
}

/// Header names that only the gateway may set.
#[derive(Debug, Default)]
pub(super) struct Forged {
    pub names: Vec<HeaderName>,
}

/// Header changes with names and values made once.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Removed.
    pub remove: Vec<HeaderName>,
    /// Set.
    pub set: Vec<(HeaderName, HeaderValue)>,
}

fn name(text: &str, pointer: &Pointer) -> Result<HeaderName, Unready> {
    text.parse().map_err(|_| Unready {
        pointer: pointer.clone(),
        message: format!("`{text}` is not a header name"),
    })
}

impl Rules {
    /// From the rules as resolved.
    ///
    /// # Errors
    /// A name or value that cannot stand in a header.
    pub fn new(rules: &HeaderRules, pointer: &Pointer) -> Result<Self, Unready> {
        let value = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| Unready {
                pointer: pointer.clone(),
                message: "a header's value holds control characters".into(),
            })
        };
        Ok(Self {
            remove: rules
                .remove
                .iter()
                .map(|n| name(n, pointer))
                .collect::<Result<_, _>>()?,
            set: rules
                .set
                .iter()
                .map(|(n, v)| Ok((name(n, pointer)?, value(v)?)))
                .collect::<Result<_, Unready>>()?,
        })
    }

    /// First removes, then sets.
    pub fn apply(&self, headers: &mut http::HeaderMap) {
        for name in &self.remove {
            headers.remove(name);
        }
        for (name, value) in &self.set {
            headers.insert(name.clone(), value.clone());
        }
    }
}

impl Engine {
    /// Makes a gateway ready. Its secrets should be known by now: what is only named fits no credential.
    ///
    /// # Errors
    /// All that cannot be made ready.
    pub fn new(gateway: Gateway) -> Result<Self, Vec<Unready>> {
        let mut wrong = Vec::new();
        let mut schemes = Vec::with_capacity(gateway.schemes.len());
        for scheme in gateway.schemes.values() {
            match compile_scheme(&gateway, scheme) {
                Ok(scheme) => schemes.push(scheme),
                Err(unready) => wrong.push(unready),
            }
        }
        let places: HashMap<&str, usize> = gateway
            .schemes
            .keys()
            .enumerate()
            .map(|(i, n)| (n.as_str(), i))
            .collect();
        let mut routes = Vec::with_capacity(gateway.routes.len());
        for route in &gateway.routes {
            match compile_route(&gateway, route, &places) {
                Ok(route) => routes.push(route),
                Err(unready) => wrong.push(unready),
            }
        }
        let request_id = match &gateway.request_id {
            None => None,
            Some(id) => match name(&id.header, &id.pointer) {
                Ok(header) => Some((header, id.keep)),
                Err(unready) => {
                    wrong.push(unready);
                    None
                }
            },
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let names = schemes
            .iter()
            .flat_map(|s: &Scheme| s.forward.iter().map(|(_, name)| name).chain(&s.copied))
            .cloned()
            .collect();
        Ok(Self {
            matcher: Matcher::new(&gateway),
            credentials: Credentials::new(&gateway),
            forged: Forged { names },
            root: Pointer::root(),
            development: None,
            routes,
            schemes,
            request_id,
            gateway,
        })
    }

    /// Accepts HS256 tokens signed with `key` under [`DEVELOPMENT_KEY_ID`] for every scheme of tokens; their claims are checked as any.
    #[must_use]
    pub fn with_development_key(mut self, key: &[u8]) -> Self {
        self.development = Some(KeySet::from_secret(key));
        self
    }

    /// A route as it was resolved.
    #[must_use]
    pub fn route(&self, id: RouteId) -> &crate::ir::Route {
        &self.gateway.routes[id.0]
    }

    /// The request ID's header and whether a client's value is kept.
    #[must_use]
    pub fn request_id(&self) -> Option<(&HeaderName, bool)> {
        self.request_id.as_ref().map(|(name, keep)| (name, *keep))
    }

    /// The number of the service that a route forwards to.
    #[must_use]
    pub fn service_of(&self, id: RouteId) -> Option<usize> {
        self.routes[id.0].service
    }
}

fn compile_route(
    gateway: &Gateway,
    route: &crate::ir::Route,
    schemes: &HashMap<&str, usize>,
) -> Result<Route, Unready> {
    let service = match &route.action {
        Action::Forward(forward) => gateway.services.get_index_of(&forward.service),
        Action::Respond(_) | Action::Gather(_) => None,
    };
    let number = |scheme: &String| {
        schemes
            .get(scheme.as_str())
            .copied()
            .ok_or_else(|| Unready {
                pointer: route.auth.pointer.clone(),
                message: format!("there is no scheme `{scheme}`"),
            })
    };
    Ok(Route {
        cors: route.cors.as_ref().map(|rules| Cors::new(&rules.value)),
        schemes: route
            .auth
            .schemes()
            .iter()
            .map(number)
            .collect::<Result<_, _>>()?,
        request_headers: Rules::new(&route.request_headers, &route.request_headers.pointer)?,
        response_headers: Rules::new(&route.response_headers, &route.response_headers.pointer)?,
        service,
    })
}

fn compile_scheme(gateway: &Gateway, scheme: &crate::ir::Scheme) -> Result<Scheme, Unready> {
    let at = &scheme.pointer;
    let mut out = Scheme {
        name: scheme.name.clone(),
        place: None,
        keys: None,
        fetched: false,
        forward: Vec::new(),
        copied: Vec::new(),
        consumers: Vec::new(),
        challenge: HeaderValue::from_static("Bearer"),
        cache: TokenCache::default(),
    };
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => {
            let unready = |message| Unready {
                pointer: at.clone(),
                message,
            };
            match &jwt.keys {
                Keys::JwksUrl(_) => out.fetched = true,
                Keys::JwksFile(file) => {
                    out.keys = Some(KeySet::from_jwks(&file.content, 0).map_err(unready)?);
                }
                Keys::Pem(file) => {
                    out.keys = Some(KeySet::from_pem(&file.content).map_err(unready)?)
                }
                Keys::Secret(Secret::Known { text, .. }) => {
                    out.keys = Some(KeySet::from_secret(text.as_bytes()));
                }
                // Nobody can sign with a secret that nobody knows.
                Keys::Secret(Secret::Reference(_)) => {}
            }
            for (claim, header) in &jwt.forward {
                out.forward.push((claim.clone(), name(header, at)?));
            }
            for (number, consumer) in gateway.consumers.values().enumerate() {
                if let Some((claim, value)) = &consumer.jwt {
                    out.consumers
                        .push((claim.clone(), value.clone(), ConsumerId(number)));
                }
            }
        }
        SchemeKind::ApiKey(place) => {
            out.challenge = HeaderValue::from_static("ApiKey");
            out.place = Some(match place {
                ApiKeyPlace::Header(header) => Place::Header(name(header, at)?),
                ApiKeyPlace::Query(parameter) => Place::Query(parameter.clone()),
            });
        }
        SchemeKind::Basic(basic) => {
            let realm = basic.realm.replace('\\', "\\\\").replace('"', "\\\"");
            out.challenge =
                HeaderValue::from_str(&format!("Basic realm=\"{realm}\", charset=\"UTF-8\""))
                    .map_err(|_| Unready {
                        pointer: at.clone(),
                        message: "the realm holds control characters".into(),
                    })?;
        }
        SchemeKind::External(external) => {
            out.copied = external
                .forward
                .iter()
                .map(|h| name(h, at))
                .collect::<Result<_, _>>()?;
        }
    }
    Ok(out)
}
