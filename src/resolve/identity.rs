//! Whether what a route asks of its caller can be known: scopes, groups, claims, consumers and their plans.

use super::codes;
use super::run::Run;
use crate::ir::{Auth, Gateway, LimitKey, Route, SchemeKind, Scopes, Sourced};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// The schemes a route's auth names; `None` when one of them could not be decoded.
pub(super) fn schemes<'a>(run: &Run<'a>, auth: &Auth) -> Option<Vec<&'a spec::Scheme>> {
    auth.schemes()
        .iter()
        .map(|name| run.spec.auth.get(name))
        .collect()
}

fn is_token(scheme: &spec::Scheme) -> bool {
    matches!(scheme, spec::Scheme::Jwt(_) | spec::Scheme::Cognito(_))
}

/// Whether a token is among what is accepted.
pub(super) fn has_token(schemes: &[&spec::Scheme]) -> bool {
    schemes.iter().any(|scheme| is_token(scheme))
}

/// Schemes that must all succeed cannot read different things from one header.
pub(super) fn compatible(run: &Run<'_>, names: &[String], at: &Pointer) {
    let reads_authorization = |name: &&String| {
        matches!(
            run.spec.auth.get(*name),
            Some(spec::Scheme::Jwt(_) | spec::Scheme::Cognito(_) | spec::Scheme::Basic(_))
        )
    };
    let mut readers = names.iter().filter(reads_authorization);
    let (Some(first), Some(second)) = (readers.next(), readers.next()) else {
        return;
    };
    let both_tokens = [first, second]
        .iter()
        .all(|name| run.spec.auth.get(name.as_str()).is_some_and(is_token));
    if both_tokens {
        return;
    }
    let message =
        format!("`{first}` and `{second}` both read `Authorization`, and a request has one");
    run.say(
        Diagnostic::error(
            codes::AUTH_CLASH,
            Place::value(run.spec_index(at, second)),
            message,
        )
        .help("ask for one of them, or write `any`")
        .related(Place::value(run.spec_index(at, first)), "the other scheme"),
    );
}

/// An error at a policy of a route, which may be inherited, with the auth it does not fit.
fn mismatch<T>(
    code: crate::report::Code,
    at: &Pointer,
    policy: &Sourced<T>,
    route: &Route,
    message: String,
) -> Diagnostic {
    let inherited = !policy.pointer.as_str().starts_with(route.pointer.as_str());
    if inherited {
        return Diagnostic::error(code, Place::key(route.pointer.clone()), message)
            .related(Place::value(policy.pointer.clone()), "inherited from here");
    }
    let found = Diagnostic::error(code, Place::value(at.clone()), message);
    if route.auth.pointer == route.pointer {
        return found;
    }
    found.related(Place::value(route.auth.pointer.clone()), "who may call")
}

/// Checks what a route asks of its caller.
pub(super) fn route(run: &Run<'_>, route: &Route, schemes: &[&spec::Scheme]) {
    let (Scopes::All(scopes) | Scopes::Any(scopes)) = &route.scopes.value;
    if !scopes.is_empty() && !has_token(schemes) {
        let message = "scopes stand in a token, and the route asks for none".to_owned();
        run.say(
            mismatch(
                codes::SCOPES,
                &route.scopes.pointer,
                &route.scopes,
                route,
                message,
            )
            .help("give the route a `jwt` or `cognito` scheme under `auth`, or write `scopes: []`"),
        );
    }
    if !route.groups.is_empty() && !schemes.iter().any(|scheme| names_consumers(run, scheme)) {
        let message =
            "groups belong to consumers, and nothing here tells which one calls".to_owned();
        run.say(
            mismatch(codes::GROUPS, &route.groups.pointer, &route.groups, route, message)
                .help("give the route a scheme under `auth` for which a consumer has a credential, or write `groups: []`"),
        );
    }
    for limit in &route.limits {
        let at = limit.pointer.key("per");
        match &limit.key {
            LimitKey::Claim(claim) if !has_token(schemes) => {
                let message = format!("there is no token to take the claim `{claim}` from");
                run.say(
                    mismatch(codes::CLAIM, &at, limit, route, message)
                        .help("give the route a `jwt` or `cognito` scheme under `auth`, or count by something else"),
                );
            }
            LimitKey::Consumer if unknown_consumer(&route.auth, schemes) => {
                let message = "an `external` scheme does not tell which consumer calls".to_owned();
                let at = if run.document.has(&at) {
                    &at
                } else {
                    &limit.pointer
                };
                run.say(
                    mismatch(codes::NO_IDENTITY, at, limit, route, message)
                        .help("count by `client_ip`, `everyone` or `{ header: NAME }`"),
                );
            }
            _ => {}
        }
    }
}

/// Some caller is let in by `external` alone.
fn unknown_consumer(auth: &Auth, schemes: &[&spec::Scheme]) -> bool {
    let external = |scheme: &&spec::Scheme| matches!(scheme, spec::Scheme::External(_));
    match auth {
        Auth::None { .. } => false,
        Auth::Any(_) => schemes.iter().any(external),
        Auth::All(_) => schemes.iter().all(external),
    }
}

/// Whether a scheme can tell that a caller is one of the consumers.
fn names_consumers(run: &Run<'_>, scheme: &spec::Scheme) -> bool {
    if !run.options.complete {
        return !matches!(scheme, spec::Scheme::External(_));
    }
    run.spec.consumers.values().any(|consumer| match scheme {
        spec::Scheme::Jwt(_) | spec::Scheme::Cognito(_) => consumer.jwt.is_some(),
        spec::Scheme::ApiKey(_) => consumer.api_key.is_some(),
        spec::Scheme::Basic(_) => consumer.basic.is_some(),
        spec::Scheme::External(_) => false,
    })
}

/// Checks that each plan can come to apply: some route asks for a credential that its consumer has.
pub(super) fn consumers(run: &Run<'_>, gateway: &Gateway) {
    if run.has_errors() || !run.options.complete {
        return;
    }
    let asked: Vec<&SchemeKind> = gateway
        .schemes
        .values()
        .filter(|scheme| {
            gateway
                .routes
                .iter()
                .any(|route| route.auth.schemes().contains(&scheme.name))
        })
        .map(|scheme| &scheme.kind)
        .collect();
    for consumer in gateway.consumers.values() {
        let known = asked.iter().any(|kind| match kind {
            SchemeKind::Jwt(_) => consumer.jwt.is_some(),
            SchemeKind::ApiKey(_) => !consumer.api_keys.is_empty(),
            SchemeKind::Basic(_) => consumer.basic.is_some(),
            SchemeKind::External(_) => false,
        });
        let Some(plan) = consumer.plan.as_ref().filter(|_| !known) else {
            continue;
        };
        let (has, kind) = if !consumer.api_keys.is_empty() {
            ("api_key", "`api_key`")
        } else if consumer.basic.is_some() {
            ("basic", "`basic`")
        } else {
            ("jwt", "`jwt` or `cognito`")
        };
        let message = format!(
            "the plan `{plan}` never applies to `{}`: no route asks who calls by {kind}",
            consumer.name
        );
        run.say(
            Diagnostic::error(codes::NO_IDENTITY, Place::value(consumer.pointer.key("plan")), message)
                .help(format!("name a scheme of kind {kind} under a route's `auth`, or give the consumer another credential"))
                .related(Place::key(consumer.pointer.key(has)), "the credential"),
        );
    }
}
