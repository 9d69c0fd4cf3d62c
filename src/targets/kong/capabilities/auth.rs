//! Schemes, consumers and what routes ask of callers.

use super::super::policy::auth::{self, Access};
use super::super::policy::token::{self, Obstacle, TokenCheck};
use crate::ir::{ApiKeyPlace, Auth, Consumer, Gateway, Jwt, Scheme, SchemeKind, Secret};
use crate::targets::{Shortfall, Support};

pub(super) fn scheme(scheme: &Scheme, gateway: &Gateway, functions: bool) -> Support {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => token::checks(gateway)
            .get(&scheme.name)
            .map_or_else(Support::exact, |check| jwt_support(jwt, check, functions)),
        SchemeKind::ApiKey(ApiKeyPlace::Header(name) | ApiKeyPlace::Query(name)) => {
            api_key(&scheme.kind, name, functions)
        }
        SchemeKind::Basic(_) => Support::exact(),
        SchemeKind::External(_) => Support::exact().and(
            Shortfall::unsupported(
                "external-auth",
                "open source Kong has no plugin that asks another service before it forwards",
            )
            .security(),
        ),
    }
}

fn api_key(kind: &SchemeKind, name: &str, functions: bool) -> Support {
    if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        let why =
            format!("key-auth takes names of letters, digits, `-` and `_`, and `{name}` is none");
        return Support::exact().and(Shortfall::unsupported("key-name", why).security());
    }
    if !functions && matches!(kind, SchemeKind::ApiKey(ApiKeyPlace::Query(_))) {
        return Support::approximate(
            "query-rewritten",
            "removing the key writes the query anew: parameters change places and escapes their form",
        );
    }
    Support::exact()
}

fn jwt_support(jwt: &Jwt, check: &TokenCheck, functions: bool) -> Support {
    let unsupported = |id, why: &str, help: &str| {
        Support::exact().and(Shortfall::unsupported(id, why).security().help(help))
    };
    match check.obstacle {
        Some(Obstacle::KeySetUrl) => {
            return unsupported(
                "jwks-url",
                "open source Kong fetches no key sets",
                "save the set beside the spec and name the file: `keys: { jwks: keys.json }`; build again when keys change",
            );
        }
        Some(Obstacle::NoKey) => {
            return unsupported(
                "jwt-key",
                "no key of the scheme is for one of its algorithms",
                "name algorithms that fit the keys",
            );
        }
        Some(Obstacle::NoName) => {
            return unsupported(
                "jwt-key",
                "Kong finds a key by the token's `iss` or `kid`, and the scheme has no issuer and its keys no ID",
                "name the `issuer`",
            );
        }
        Some(Obstacle::NameTaken) => {
            return unsupported(
                "jwt-key",
                "another scheme's key has the same issuer or ID, and Kong holds one key by that name",
                "give the keys IDs of their own",
            );
        }
        None => {}
    }
    let mut support = Support::approximate(
        "jwt-leeway",
        "a token is refused from its `exp` on, 60 s earlier than asked",
    );
    if !check.refused.is_empty() {
        let names: Vec<&str> = check
            .refused
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        let why = format!(
            "Kong checks one algorithm a key: tokens signed with {} are refused",
            names.join(", ")
        );
        support =
            support
                .and(Shortfall::approximate("jwt-algorithm", why).help(
                    "give the keys of a set their `alg`, or list the algorithm in use first",
                ));
    }
    if functions {
        return support;
    }
    if check.placeholder.is_some() {
        support = support.and(placeholder());
    }
    support = support.and(Shortfall::approximate(
        "jwt-nbf",
        "a token without `nbf` is refused: the jwt plugin knows no optional claims",
    ));
    if !jwt.audience.is_empty() {
        support = support.and(
            Shortfall::unsupported(
                "jwt-audience",
                "no plugin of open source Kong looks at `aud`",
            )
            .security(),
        );
    }
    if jwt.issuer.is_some() && check.claim == Some(token::KeyClaim::Kid) {
        support = support.and(
            Shortfall::unsupported(
                "jwt-issuer",
                "the key is found by `kid`, so nothing looks at `iss`",
            )
            .security(),
        );
    }
    if !jwt.forward.is_empty() {
        support = support.and(Shortfall::unsupported("claim-forward", "no plugin of open source Kong copies claims to headers; the headers are removed and stay away"));
    }
    support
}

pub(super) fn consumer(consumer: &Consumer, functions: bool) -> Support {
    if functions {
        return Support::exact();
    }
    let mut support = Support::exact();
    if consumer.jwt.is_some() && (consumer.plan.is_some() || !consumer.groups.is_empty()) {
        support = support.and(Shortfall::unsupported(
            "token-consumer",
            "without functions a token names no consumer, so its plan and groups do not hold",
        ));
    }
    let reference = |secret: &Secret| matches!(secret, Secret::Reference(_));
    if consumer.api_keys.iter().any(reference)
        || consumer
            .basic
            .iter()
            .any(|(_, password)| reference(password))
    {
        support = support.and(placeholder());
    }
    support
}

/// A secret that is filled in later, where no function looks out for what stands in its place.
fn placeholder() -> Shortfall {
    Shortfall::approximate(
        "secret-placeholder",
        "the placeholder of a secret is a working credential until it is filled in",
    )
    .security()
    .help("fill in every `${NAME}` before starting, or build with `--secrets inline`")
}

pub(super) fn auth(asked: &Auth, gateway: &Gateway, functions: bool) -> Support {
    let access = auth::access(gateway, asked);
    let external = asked.schemes().iter().any(|name| {
        gateway
            .schemes
            .get(name)
            .is_some_and(|one| matches!(one.kind, SchemeKind::External(_)))
    });
    // The scheme itself says so.
    if external {
        return Support::exact();
    }
    let unsupported = |why: &str| {
        Support::exact().and(Shortfall::unsupported("auth-combination", why).security())
    };
    if access == Access::Impossible {
        return unsupported(
            "Kong runs one plugin of a kind on a route, so two schemes of one kind cannot both be asked for",
        );
    }
    if matches!(access, Access::Token | Access::Mixed) {
        let checks = token::checks(gateway);
        let each = asked.schemes().iter().filter_map(|name| checks.get(name));
        if each.clone().all(|check| check.obstacle.is_none())
            && auth::key_claim(gateway, asked, &checks).is_none()
        {
            return unsupported(
                "one scheme's keys are found by `iss`, the other's by `kid`, and the jwt plugin of a route looks at one of them",
            );
        }
        if !functions && access == Access::Mixed && checks.len() > each.clone().count() {
            return unsupported(
                "without functions a token of another scheme would do here as well",
            );
        }
        // The last function sees the key's credential, not the token's.
        if functions
            && matches!(asked, Auth::All(_))
            && each.clone().any(|check| check.placeholder.is_some())
        {
            return Support::exact().and(placeholder());
        }
    }
    if auth::mixes_places(gateway, asked) {
        return Support::approximate(
            "key-place",
            "key-auth looks for each of the names in headers and in the query: a key in the wrong one of the two is taken as well, and is sent on",
        );
    }
    Support::exact()
}
