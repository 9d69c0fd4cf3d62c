//! The `routes` section: each key with what is written under it and what it inherits.

use super::action::{self, Written};
use super::inherit::{self, Inherited};
use super::route_key::{self, Key};
use super::run::Run;
use super::{access, codes, headers, identity, policies, services};
use crate::ir::units::Bytes;
use crate::ir::{
    Action, Auth, EncodedSlash, Gateway, Gather, Methods, Pattern, Retries, Route, Scopes, Sourced,
};
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
        Some(auth) => access::auth(run, auth, at.key("auth")),
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
    let known = Written {
        key,
        route: written,
        parsed: parsed.as_ref(),
        token,
        at: &at,
    };
    let action = action::resolve(run, inherited, slash, &known);
    let whole = parsed.is_some() && action.is_some();
    let service = written.to.as_deref();
    let or_place = |at: &Pointer| at.clone();
    let limits = inherit::limits(run, &written.limit, &at)
        .or_else(|| inherited.limits.clone())
        .unwrap_or_default();
    let Key {
        methods,
        host,
        pattern,
    } = parsed.unwrap_or_else(any_request);
    let route = Route {
        key: key.to_owned(),
        methods,
        host,
        pattern,
        action: action.unwrap_or(Action::Gather(Gather { parts: Vec::new() })),
        auth,
        scopes: match &written.scopes {
            Some(scopes) => access::scopes(run, scopes, at.key("scopes")),
            None => inherited
                .scopes
                .clone()
                .unwrap_or_else(|| Sourced::new(Scopes::All(Vec::new()), or_place(&at))),
        },
        groups: match &written.groups {
            Some(groups) => access::groups(run, groups, at.key("groups")),
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
    whole.then_some(route)
}

/// Stands for a key that has no meaning, so that the rest of its route is still checked.
fn any_request() -> Key {
    Key {
        methods: Methods::Any,
        host: None,
        pattern: Pattern {
            segments: Vec::new(),
            rest: true,
        },
    }
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

/// Statuses written for a route whose methods are never retried on one (RFC 9110 section 9.2.2).
fn retries_fit(run: &Run<'_>, written: &spec::Route, route: &Route) {
    let Methods::Only(methods) = &route.methods else {
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
