//! GATEWAY -> DESIGN: what each route's checks become on AWS, decided once for the support table and the emitter alike.

use std::collections::{BTreeMap, BTreeSet};

use super::document::domain::SecurityPolicy;
use crate::ir::{
    Action, ApiKeyPlace, Auth, Gateway, HostPattern, IpRules, Keys, LimitKey, Piece, Route,
    RouteId, Scheme, SchemeKind, Scopes, TlsVersion, slots,
};
use crate::spec::{self, AwsApi};

/// Who decides about a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nobody.
    Open,
    /// API Gateway's own check of keys.
    Key,
    /// API Gateway's own check of a Cognito pool's tokens, with any of these scopes.
    Cognito(String, Vec<String>),
    /// API Gateway's own check of tokens (HTTP APIs), by scheme, with any of these scopes.
    Jwt(String, Vec<String>),
    /// A function that the spec names.
    Function(String),
    /// The function written along.
    Own,
}

/// How callers are metered against usage plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meter {
    /// Not at all.
    None,
    /// By the key they send in `X-API-Key`.
    Header,
    /// By a key that the function names.
    Authorizer,
}

/// Which API the settings ask for.
#[must_use]
pub fn api(settings: &spec::Targets) -> AwsApi {
    settings.aws.as_ref().map(|aws| aws.api).unwrap_or_default()
}

/// Whether a loss is allowed.
#[must_use]
pub fn is_allowed(settings: &spec::Targets, id: &str) -> bool {
    settings
        .aws
        .as_ref()
        .is_some_and(|aws| aws.allow.contains_key(id))
}

/// The rules on addresses where all routes have the same: a resource policy can say those.
#[must_use]
pub fn common_ip(gateway: &Gateway) -> Option<&IpRules> {
    // A policy judges the address that connects; the function can look behind a proxy that is trusted.
    if !gateway.trusted_proxies.is_empty() {
        return None;
    }
    let first = gateway.routes.first()?.ip.as_ref()?;
    let same = |route: &Route| route.ip.as_ref() == Some(first);
    gateway.routes.iter().all(same).then_some(&first.value)
}

/// The function must check the route's addresses.
fn own_ip(gateway: &Gateway, route: &Route, api: AwsApi) -> bool {
    route.ip.is_some() && (api == AwsApi::Http || common_ip(gateway).is_none())
}

fn schemes<'g>(gateway: &'g Gateway, route: &'g Route) -> impl Iterator<Item = &'g Scheme> {
    let names = route.auth.schemes().iter();
    names.filter_map(|name| gateway.schemes.get(name))
}

/// Scopes of which one is enough, where that says what the route asks for.
fn any_scope(scopes: &Scopes) -> Option<Vec<String>> {
    match scopes {
        Scopes::Any(list) => Some(list.clone()),
        Scopes::All(list) if list.len() <= 1 => Some(list.clone()),
        Scopes::All(_) => None,
    }
}

/// The claims that a route's action fills in.
#[must_use]
pub fn claims(route: &Route) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut look = |pieces: &[Piece]| {
        for piece in pieces {
            if let Piece::Claim(name) = piece {
                found.insert(name.clone());
            }
        }
    };
    match &route.action {
        Action::Forward(_) => {}
        Action::Respond(respond) => look(respond.location.as_deref().unwrap_or_default()),
        Action::Gather(gather) => {
            for part in &gather.parts {
                look(&part.path);
                look(&part.query);
            }
        }
    }
    found
}

/// What decides about a route, as if it kept every check.
#[must_use]
pub fn check(gateway: &Gateway, settings: &spec::Targets, route: &Route) -> Check {
    let api = api(settings);
    let own_ip = own_ip(gateway, route, api);
    let names = route.auth.schemes();
    if matches!(route.auth.value, Auth::None { .. }) {
        return if own_ip { Check::Own } else { Check::Open };
    }
    let plain = names.len() == 1 && route.groups.is_empty() && !own_ip;
    let Some(scheme) = schemes(gateway, route).next().filter(|_| plain) else {
        return Check::Own;
    };
    match (&scheme.kind, api) {
        (SchemeKind::ApiKey(_), AwsApi::Rest) if meter(gateway, settings) == Meter::Header => {
            Check::Key
        }
        (SchemeKind::External(external), AwsApi::Rest) => match &external.lambda_arn {
            Some(arn) => Check::Function(arn.clone()),
            None => Check::Own,
        },
        (SchemeKind::Jwt(jwt), api) => {
            let native = jwt.forward.is_empty()
                && claims(route).is_empty()
                && !gateway.consumers.values().any(|c| c.jwt.is_some());
            let scopes = any_scope(&route.scopes).filter(|_| native);
            match (scopes, &jwt.cognito, api) {
                (Some(scopes), Some(pool), AwsApi::Rest) if jwt.audience.is_empty() => {
                    Check::Cognito(pool.clone(), scopes)
                }
                (Some(scopes), None, AwsApi::Http) if is_native_jwt(jwt) && scopes.len() <= 10 => {
                    Check::Jwt(scheme.name.clone(), scopes)
                }
                _ => Check::Own,
            }
        }
        _ => Check::Own,
    }
}

/// An HTTP API's own authorizer can verify these tokens: it reads the keys that the issuer publishes, RSA alone.
fn is_native_jwt(jwt: &crate::ir::Jwt) -> bool {
    use crate::ir::Algorithm::{RS256, RS384, RS512};
    let issuer = jwt.issuer.as_deref().unwrap_or_default();
    matches!(&jwt.keys, Keys::JwksUrl(_))
        && issuer.starts_with("https://")
        && (1..=50).contains(&jwt.audience.len())
        && [RS256, RS384, RS512]
            .iter()
            .any(|algorithm| jwt.algorithms.contains(algorithm))
        && jwt
            .algorithms
            .iter()
            .all(|algorithm| [RS256, RS384, RS512].contains(algorithm))
}

/// How callers are metered.
#[must_use]
pub fn meter(gateway: &Gateway, settings: &spec::Targets) -> Meter {
    if api(settings) == AwsApi::Http {
        return Meter::None;
    }
    let keyed = |route: &Route| {
        schemes(gateway, route).any(|scheme| matches!(scheme.kind, SchemeKind::ApiKey(_)))
    };
    let counts = |name: &Option<String>| {
        let plan = name.as_ref().and_then(|name| gateway.plans.get(name));
        plan.is_some_and(|plan| plan.quota.is_some() || !plan.limits.is_empty())
    };
    let counted_consumers = gateway.consumers.values().any(|c| counts(&c.plan));
    let counted_routes = gateway.routes.iter().any(|route| {
        let per_consumer = |key: &LimitKey| *key == LimitKey::Consumer;
        !matches!(route.auth.value, Auth::None { .. })
            && route.limits.iter().any(|limit| per_consumer(&limit.key))
            && only_consumers(gateway, route)
    });
    let keys_used = gateway.routes.iter().any(keyed);
    // Keys alone, in the one header that API Gateway reads, each consumer with one: it checks and meters them itself.
    let standard = |route: &Route| {
        let in_header = |scheme: &Scheme| matches!(&scheme.kind, SchemeKind::ApiKey(ApiKeyPlace::Header(name)) if name.eq_ignore_ascii_case("x-api-key"));
        let one = route.auth.schemes().len() == 1 && schemes(gateway, route).all(in_header);
        one && route.groups.is_empty() && !own_ip(gateway, route, AwsApi::Rest)
    };
    let one_key = gateway.consumers.values().all(|c| c.api_keys.len() <= 1);
    let others = gateway
        .consumers
        .values()
        .any(|c| (c.basic.is_some() || c.jwt.is_some()) && counts(&c.plan));
    let simple = one_key
        && !others
        && gateway
            .routes
            .iter()
            .all(|route| !keyed(route) || standard(route))
        && !gateway.routes.iter().any(|route| {
            !keyed(route)
                && route
                    .limits
                    .iter()
                    .any(|limit| limit.key == LimitKey::Consumer)
                && only_consumers(gateway, route)
        });
    match (keys_used && simple, counted_consumers || counted_routes) {
        (true, _) => Meter::Header,
        (false, true) => Meter::Authorizer,
        (false, false) => Meter::None,
    }
}

/// Whoever passes the route's auth is a consumer: keys and passwords name one, tokens may not.
#[must_use]
pub fn only_consumers(gateway: &Gateway, route: &Route) -> bool {
    let names_one = |scheme: &Scheme| match &scheme.kind {
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => true,
        SchemeKind::Jwt(_) | SchemeKind::External(_) => false,
    };
    let mut all = schemes(gateway, route);
    match &route.auth.value {
        Auth::None { .. } => false,
        Auth::Any(_) => all.all(names_one),
        Auth::All(_) => all.any(names_one),
    }
}

/// Whoever passes may be a consumer with a plan.
#[must_use]
pub fn may_be_consumer(gateway: &Gateway, route: &Route) -> bool {
    schemes(gateway, route).any(|scheme| match &scheme.kind {
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => true,
        SchemeKind::Jwt(_) => gateway.consumers.values().any(|c| c.jwt.is_some()),
        SchemeKind::External(_) => false,
    })
}

/// A request to this route spends from its caller's plan.
#[must_use]
pub fn is_metered(gateway: &Gateway, settings: &spec::Targets, route: &Route) -> bool {
    match (meter(gateway, settings), check(gateway, settings, route)) {
        (Meter::Header, Check::Key) => true,
        (Meter::Authorizer, Check::Own) => may_be_consumer(gateway, route),
        _ => false,
    }
}

/// Headers that clients may not forge, with the authorizer's name for each.
#[must_use]
pub fn forwarded(gateway: &Gateway) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    let used = |scheme: &Scheme| {
        let names = |route: &Route| route.auth.schemes().contains(&scheme.name);
        gateway.routes.iter().any(names)
    };
    for scheme in gateway.schemes.values().filter(|scheme| used(scheme)) {
        let names: Vec<&String> = match &scheme.kind {
            SchemeKind::Jwt(jwt) => jwt.forward.values().collect(),
            SchemeKind::External(external) => external.forward.iter().collect(),
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => Vec::new(),
        };
        for name in names {
            headers.insert(name.to_ascii_lowercase(), context_key(name));
        }
    }
    headers
}

/// The name under which the authorizer hands a header's value over.
#[must_use]
pub fn context_key(header: &str) -> String {
    let clean = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    format!("h_{}", header.chars().map(clean).collect::<String>())
}

/// The headers that a route's own schemes fill in.
#[must_use]
pub fn filled(gateway: &Gateway, route: &Route) -> BTreeSet<String> {
    let mut headers = BTreeSet::new();
    for scheme in schemes(gateway, route) {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => {
                headers.extend(jwt.forward.values().map(|name| name.to_ascii_lowercase()));
            }
            SchemeKind::External(external) => {
                headers.extend(
                    external
                        .forward
                        .iter()
                        .map(|name| name.to_ascii_lowercase()),
                );
            }
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    headers
}

/// Where the keys of a route are read, which are not sent on.
pub fn key_places<'g>(
    gateway: &'g Gateway,
    route: &'g Route,
) -> impl Iterator<Item = &'g ApiKeyPlace> {
    schemes(gateway, route).filter_map(|scheme| match &scheme.kind {
        SchemeKind::ApiKey(place) => Some(place),
        SchemeKind::Jwt(_) | SchemeKind::Basic(_) | SchemeKind::External(_) => None,
    })
}

/// An API has one set of paths for all hosts: a route of one host among several has none here.
#[must_use]
pub fn is_of_every_host(gateway: &Gateway, route: &Route) -> bool {
    match (&route.host, gateway.hosts.as_slice()) {
        (None, _) => true,
        (Some(host), [only]) => host == only,
        (Some(_), _) => false,
    }
}

/// Routes by pattern, those of every host alone, and closed ones of a host whose path no other route takes.
#[must_use]
pub fn served(gateway: &Gateway) -> Vec<crate::ir::Slot> {
    let of_every = |id: &RouteId| is_of_every_host(gateway, &gateway.routes[id.0]);
    let (mut open, one_host): (Vec<_>, Vec<_>) = slots(gateway)
        .into_iter()
        .partition(|slot| slot.routes.iter().all(of_every));
    open.sort_by_key(|slot| slot.routes[0]);
    // Last, so that a route of one host never takes a path from a route of every host.
    for slot in one_host {
        let pattern = &gateway.routes[slot.routes[0].0].pattern;
        let taken = |other: &crate::ir::Slot| {
            same_shape(&gateway.routes[other.routes[0].0].pattern, pattern)
        };
        if !open.iter().any(taken) {
            open.push(slot);
        }
    }
    open
}

fn same_shape(a: &crate::ir::Pattern, b: &crate::ir::Pattern) -> bool {
    use crate::ir::Segment::{Literal, Param};
    a.rest == b.rest
        && a.segments.len() == b.segments.len()
        && a.segments.iter().zip(&b.segments).all(|pair| match pair {
            (Literal(x), Literal(y)) => x == y,
            (Param(_), Param(_)) => true,
            _ => false,
        })
}

/// Names of custom domains with certificate and TLS version; none without a certificate in ACM.
#[must_use]
pub fn domains(gateway: &Gateway) -> Vec<(String, String, SecurityPolicy)> {
    let Some(tls) = &gateway.tls else {
        return Vec::new();
    };
    let Some(arn) = &tls.acm_arn else {
        return Vec::new();
    };
    let policy = match tls.min_version {
        TlsVersion::V1_2 => SecurityPolicy::Tls12,
        TlsVersion::V1_3 => SecurityPolicy::Tls13,
    };
    let name = |host: &HostPattern| (host.to_string(), arn.clone(), policy);
    gateway.hosts.iter().map(name).collect()
}
