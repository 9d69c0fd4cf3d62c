//! The `routes` section: each key with what is written under it and what it inherits.

use super::gather::{self, Around};
use super::inherit::{self, Inherited};
use super::route_key::{self, Key};
use super::run::Run;
use super::{codes, headers, identity, names, policies, respond, rewrite, services};
use crate::ir::units::Bytes;
use crate::ir::{Action, Auth, EncodedSlash, Forward, Gateway, Retries, Route, Scopes, Sourced};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// All routes, as written.
pub(super) fn routes(run: &Run<'_>, gateway: &Gateway) -> Vec<Route> {
    let inherited = Inherited::new(run);
    let section = Pointer::root().key("routes");
    let slash = gateway.encoded_slash.value;
    let mut routes = Vec::with_capacity(run.spec.routes.len());
    for (key, written) in &run.spec.routes {
        routes.extend(route(
            run,
            &inherited,
            slash,
            key,
            written,
            section.key(key),
        ));
    }
    routes
}

fn route(
    run: &Run<'_>,
    inherited: &Inherited<'_>,
    slash: EncodedSlash,
    key: &str,
    written: &spec::Route,
    at: Pointer,
) -> Option<Route> {
    let parsed = route_key::parse(key, slash)
        .map_err(|(code, wrong)| run.wrong(code, Place::key(at.clone()), key, wrong))
        .ok();
    let auth = match &written.auth {
        Some(auth) => routes_auth(run, auth, &at),
        None => inherited
            .auth
            .clone()
            .unwrap_or_else(|| Sourced::new(Auth::None { explicit: false }, at.clone())),
    };
    let auth_known = !run.was_written(&at, "auth")
        && (written.auth.is_some() || !run.was_written(&Pointer::root().key("defaults"), "auth"))
        || written.auth.is_some();
    let schemes = if auth_known {
        identity::schemes(run, &auth)
    } else {
        None
    };
    let token = schemes.as_ref().map(|schemes| identity::has_token(schemes));
    let action = action(
        run,
        inherited,
        slash,
        key,
        written,
        parsed.as_ref(),
        token,
        &at,
    );
    let service = written.to.as_deref();
    let or_place = |at: &Pointer| at.clone();
    let limits = inherit::limits(run, &written.limit, &at)
        .or_else(|| inherited.limits.clone())
        .unwrap_or_default();
    let Key {
        methods,
        host,
        pattern,
    } = parsed?;
    let route = Route {
        key: key.to_owned(),
        methods,
        host,
        pattern,
        action: action?,
        auth,
        scopes: match &written.scopes {
            Some(scopes) => self::scopes(run, scopes, at.key("scopes")),
            None => inherited
                .scopes
                .clone()
                .unwrap_or_else(|| Sourced::new(Scopes::All(Vec::new()), or_place(&at))),
        },
        groups: match &written.groups {
            Some(groups) => self::groups(run, groups, at.key("groups")),
            None => inherited
                .groups
                .clone()
                .unwrap_or_else(|| Sourced::new(Vec::new(), or_place(&at))),
        },
        limits: limits.list,
        unlimited: limits.unlimited,
        cors: inherit::cors(run, &written.cors, &at).unwrap_or_else(|| inherited.cors.clone()),
        timeout: inherit::timeout(run, &written.timeout, &at)
            .or_else(|| inherited.timeout(service).cloned())
            .unwrap_or_else(|| policies::timeout(run, &spec::Timeout::default(), or_place(&at))),
        retries: inherit::retries(run, &written.retries, &at)
            .or_else(|| inherited.retries(service).cloned())
            .unwrap_or_else(|| Sourced::new(Retries::default(), or_place(&at))),
        max_body: match (written.max_body, &inherited.max_body) {
            (Some(bytes), _) => Sourced::new(bytes, at.key("max_body")),
            (None, Some(bytes)) => bytes.clone(),
            (None, None) => Sourced::new(Bytes(10 << 20), or_place(&at)),
        },
        ip: match &written.ip {
            Some(rules) => Some(policies::ip(run, rules, at.key("ip"))),
            None => inherited.ip.clone(),
        },
        request_headers: header_rules(
            run,
            &written.request_headers,
            "request_headers",
            &inherited.request_headers,
            &at,
        ),
        response_headers: header_rules(
            run,
            &written.response_headers,
            "response_headers",
            &inherited.response_headers,
            &at,
        ),
        websocket: written.upgrade.contains(&spec::Upgrade::Websocket),
        raw: written
            .raw
            .as_ref()
            .map(|raw| Sourced::new(services::raw(raw), at.key("raw"))),
        pointer: at,
    };
    retries_fit(run, written, &route);
    if let Some(schemes) = schemes {
        identity::route(run, &route, &schemes);
    }
    Some(route)
}

fn routes_auth(run: &Run<'_>, written: &spec::AuthRef, at: &Pointer) -> Sourced<Auth> {
    auth(run, written, at.key("auth"))
}

fn header_rules(
    run: &Run<'_>,
    written: &Option<spec::Headers>,
    key: &str,
    inherited: &Option<Sourced<crate::ir::HeaderRules>>,
    at: &Pointer,
) -> Sourced<crate::ir::HeaderRules> {
    match (written, inherited) {
        (Some(rules), _) => {
            let at = at.key(key);
            Sourced::new(headers::rules(run, rules, &at), at)
        }
        (None, Some(rules)) => rules.clone(),
        (None, None) => Sourced::new(Default::default(), at.clone()),
    }
}

#[expect(clippy::too_many_arguments, reason = "what an action may look at")]
fn action(
    run: &Run<'_>,
    inherited: &Inherited<'_>,
    slash: EncodedSlash,
    key: &str,
    written: &spec::Route,
    parsed: Option<&Key>,
    token: Option<bool>,
    at: &Pointer,
) -> Option<Action> {
    one_action(run, written, at);
    let pattern = parsed.map(|parsed| &parsed.pattern);
    if let Some(service) = &written.to {
        if !run.spec.services.contains_key(service) {
            run.unknown(
                codes::UNKNOWN_SERVICE,
                Place::value(at.key("to")),
                "service",
                service,
                "services",
            );
        }
        let rewrite = written.rewrite.as_ref().zip(pattern);
        return Some(Action::Forward(Forward {
            service: service.clone(),
            rewrite: rewrite.and_then(|(text, pattern)| {
                rewrite::resolve(run, text, pattern, slash, at.key("rewrite"))
            }),
            preserve_host: written.preserve_host.unwrap_or(false),
        }));
    }
    if let Some(answer) = &written.respond {
        meaningless(run, written, "respond", at);
        return Some(Action::Respond(respond::resolve(
            run,
            answer,
            pattern,
            &at.key("respond"),
        )));
    }
    let parts = written.gather.as_ref()?;
    meaningless(run, written, "gather", at);
    let own = written.timeout.and_then(|timeout| timeout.response);
    let default = policies::timeout(run, &spec::Timeout::default(), at.clone());
    let around = Around {
        methods: parsed.map(|parsed| &parsed.methods),
        pattern,
        token,
        timeout: &|service| {
            own.unwrap_or_else(|| {
                inherited
                    .timeout(Some(service))
                    .unwrap_or(&default)
                    .response
            })
        },
        route: at,
        key,
    };
    Some(Action::Gather(gather::resolve(run, parts, &around)))
}

fn one_action(run: &Run<'_>, written: &spec::Route, at: &Pointer) {
    let has = [
        ("to", written.to.is_some()),
        ("respond", written.respond.is_some()),
        ("gather", written.gather.is_some()),
    ];
    let mut given = has
        .iter()
        .filter(|(key, is)| *is || run.was_written(at, key))
        .map(|(key, _)| *key);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => run.say(
            Diagnostic::error(
                codes::ACTION,
                Place::key(at.key(second)),
                "a route does one thing",
            )
            .help("keep one of `to`, `respond` and `gather`")
            .related(Place::key(at.key(first)), "the other one"),
        ),
        (Some(_), None) => {}
        (None, _) => {
            let message = "the route does not say what it does".to_owned();
            run.error_key(
                codes::ACTION,
                at,
                message,
                "add `to`, `respond` or `gather`",
            );
        }
    }
}

/// Keys about forwarding have no meaning on a route that forwards nothing.
fn meaningless(run: &Run<'_>, written: &spec::Route, action: &str, at: &Pointer) {
    let keys = [
        ("rewrite", written.rewrite.is_some()),
        ("retries", written.retries.is_some()),
        ("preserve_host", written.preserve_host.is_some()),
        ("upgrade", !written.upgrade.is_empty()),
        ("timeout", written.timeout.is_some() && action == "respond"),
    ];
    for (key, _) in keys.iter().filter(|(_, is)| *is) {
        run.say(
            Diagnostic::error(
                codes::MEANINGLESS,
                Place::key(at.key(key)),
                format!("`{key}` has no meaning with `{action}`"),
            )
            .help("remove it")
            .related(Place::key(at.key(action)), "what the route does"),
        );
    }
}

/// Statuses written for a route whose methods are never retried on one (RFC 9110 section 9.2.2).
fn retries_fit(run: &Run<'_>, written: &spec::Route, route: &Route) {
    let crate::ir::Methods::Only(methods) = &route.methods else {
        return;
    };
    let Some(method) = methods
        .iter()
        .find(|method| matches!(method.as_str(), "POST" | "PATCH"))
    else {
        return;
    };
    if written.retries.is_none() || route.retries.statuses.is_empty() {
        return;
    }
    let message = format!("`{method}` is not retried after an answer: it may take effect twice");
    let place = Place::key(route.pointer.clone());
    let shown = route
        .key
        .find(method.as_str())
        .map(|at| &route.key[at..at + method.len()]);
    let method_place = shown.map_or(place.clone(), |shown| run.part_of(place, &route.key, shown));
    run.say(
        Diagnostic::error(
            codes::RETRIES,
            Place::value(route.retries.pointer.key("when")),
            message,
        )
        .help("keep `connect`, or give the idempotent methods a route of their own")
        .related(method_place, "not idempotent"),
    );
}

/// Who may call.
pub(super) fn auth(run: &Run<'_>, written: &spec::AuthRef, at: Pointer) -> Sourced<Auth> {
    let check = |name: &str, at: Pointer| {
        if !run.spec.auth.contains_key(name) {
            run.unknown(
                codes::UNKNOWN_SCHEME,
                Place::value(at),
                "scheme",
                name,
                "auth",
            );
        }
    };
    let list = |names: &[String], key: &str| {
        let list = at.key(key);
        if names.is_empty() && !run.was_written(&list, "0") {
            let message = "the list names no scheme".to_owned();
            run.error(
                codes::EMPTY,
                &list,
                message,
                "name schemes, or write `auth: none`",
            );
        }
        let mut unique: Vec<String> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            check(name, list.index(index));
            if !unique.contains(name) {
                unique.push(name.clone());
            }
        }
        unique
    };
    let auth = match written {
        spec::AuthRef::None => Auth::None { explicit: true },
        spec::AuthRef::Scheme(name) => {
            check(name, at.clone());
            Auth::Any(vec![name.clone()])
        }
        spec::AuthRef::Any(names) => Auth::Any(list(names, "any")),
        spec::AuthRef::All(names) => match list(names, "all") {
            one if one.len() < 2 => Auth::Any(one),
            all => {
                identity::compatible(run, &all, &at.key("all"));
                Auth::All(all)
            }
        },
    };
    Sourced::new(auth, at)
}

/// Scopes that a token must carry; an empty list of all switches inherited ones off.
pub(super) fn scopes(run: &Run<'_>, written: &spec::Scopes, at: Pointer) -> Sourced<Scopes> {
    let (scopes, list, here) = match written {
        spec::Scopes::All(list) => (Scopes::All(list.clone()), list, at.clone()),
        spec::Scopes::Any(list) => (Scopes::Any(list.clone()), list, at.key("any")),
    };
    if matches!(written, spec::Scopes::Any(list) if list.is_empty()) && !run.was_written(&here, "0")
    {
        let message = "no scope of an empty list can be carried".to_owned();
        run.error(
            codes::EMPTY,
            &here,
            message,
            "list scopes, or write `scopes: []` for none",
        );
    }
    for (index, scope) in list.iter().enumerate() {
        let inner = if run.document.has(&here.index(index)) {
            here.index(index)
        } else {
            here.key("all").index(index)
        };
        names::word(run, "scope", scope, Place::value(inner));
    }
    Sourced::new(scopes, at)
}

/// Groups of which the consumer must be in one; an empty list switches inherited ones off.
pub(super) fn groups(run: &Run<'_>, written: &[String], at: Pointer) -> Sourced<Vec<String>> {
    for (index, group) in written.iter().enumerate() {
        names::word(run, "group", group, Place::value(at.index(index)));
    }
    Sourced::new(written.to_vec(), at)
}
