//! ACTIONS -> DIRECTIVES: what is done with an admitted request: forwarding with its time limits and retries, or a fixed answer.

use std::collections::BTreeMap;

use super::build::{Build, duration};
use super::document::{Block, Directive, Item};
use super::policy::{gather, headers};
use super::routes::Defaults;
use super::upstreams;
use crate::ir::{
    Action, ApiKeyPlace, Forward, Piece, Protocol, Respond, Retries, RewritePiece, Route,
    SchemeKind, Timeout,
};

/// The query sent on: without API keys that the route reads from it, which `out` then tells njs.
fn query(build: &Build<'_>, route: &Route, out: &mut Block) -> &'static str {
    let by_query = |name: &&String| {
        matches!(
            &build.gateway.schemes[*name].kind,
            SchemeKind::ApiKey(ApiKeyPlace::Query(_))
        )
    };
    let schemes = route.auth.schemes();
    let read: Vec<String> = (schemes.iter().filter(by_query))
        .map(|name| build.scheme(name).to_string())
        .collect();
    if read.is_empty() {
        return "$gw_query";
    }
    out.put("set", ["$gw_query_keys".to_owned(), read.join(",")]);
    "$gw_query_without_keys"
}

/// What forwards an admitted request.
pub fn forward(
    build: &mut Build<'_>,
    route: &Route,
    action: &Forward,
    defaults: &Defaults,
    out: &mut Block,
) {
    let service = &build.gateway.services[&action.service];
    let address = upstreams::first(service);
    let host = if action.preserve_host {
        "$http_host".to_owned()
    } else {
        build.literals.word(&address.authority()).into_owned()
    };
    out.put("set", ["$gw_host".to_owned(), host]);
    if route.websocket {
        out.put("set", ["$gw_upgrade", "$gw_websocket"]);
    }
    timeouts(&route.timeout, defaults, out);
    retries(&route.retries, out);
    out.append(headers::of_route(build, route));
    headers::hide_response(build, route, out);
    let tls = upstreams::tls(build, address, service.tls.as_ref().map(|tls| &tls.value));
    out.append(tls);
    let base = build.literals.word(&address.path).into_owned();
    let path = match &action.rewrite {
        None => "$gw_path".to_owned(),
        Some(rewrite) if rewrite.segments.is_empty() => {
            let path = if rewrite.rest {
                "$gw_tail_or_root"
            } else {
                "/"
            };
            path.to_owned()
        }
        Some(rewrite) => {
            let mut path = String::new();
            for piece in &rewrite.segments {
                path.push('/');
                match piece {
                    RewritePiece::Literal(text) => path.push_str(&build.literals.word(text)),
                    RewritePiece::Param(name) => {
                        path.push_str(&format!("${{gw_p{}}}", gather::position(route, name)))
                    }
                }
            }
            if rewrite.rest {
                path.push_str("$gw_tail");
            }
            path
        }
    };
    let protocol = match address.protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
    };
    let name = upstreams::name(build, &action.service);
    let query = query(build, route, out);
    out.put(
        "proxy_pass",
        [format!("{protocol}://{name}{base}{path}{query}")],
    );
}

fn timeouts(timeout: &Timeout, defaults: &Defaults, out: &mut Block) {
    if timeout.connect.0 != defaults.timeout.0 {
        out.put("proxy_connect_timeout", [duration(timeout.connect.0)]);
    }
    if timeout.response.0 != defaults.timeout.1 {
        out.put("proxy_read_timeout", [duration(timeout.response.0)]);
        out.put("proxy_send_timeout", [duration(timeout.response.0)]);
    }
}

/// Statuses that `proxy_next_upstream` knows.
pub const RETRIED_STATUSES: [u16; 7] = [403, 404, 429, 500, 502, 503, 504];

fn retries(retries: &Retries, out: &mut Block) {
    if retries.attempts == 0 {
        return;
    }
    let mut causes = Vec::new();
    if retries.connect {
        causes.push("error".to_owned());
    }
    if retries.timeout {
        causes.push("timeout".to_owned());
    }
    causes.extend(
        retries
            .statuses
            .iter()
            .filter(|status| RETRIED_STATUSES.contains(status))
            .map(|status| format!("http_{status}")),
    );
    if !causes.is_empty() {
        out.0.push(Item::Directive(Directive::simple(
            "proxy_next_upstream",
            causes,
        )));
        out.put(
            "proxy_next_upstream_tries",
            [(retries.attempts + 1).to_string()],
        );
    }
}

/// What answers an admitted request.
pub fn respond(build: &mut Build<'_>, route: &Route, action: &Respond, out: &mut Block) {
    let mut set = action.headers.clone();
    let kind = set
        .iter()
        .position(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .and_then(|at| set.shift_remove_index(at));
    let body = action.body.as_deref().unwrap_or_default();
    let kind = match kind {
        Some((_, kind)) => kind,
        None if serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() => {
            "application/json".to_owned()
        }
        None => "text/plain; charset=utf-8".to_owned(),
    };
    let mut sets = Block::new();
    headers::set_response(build, &set, &mut sets);
    out.append(sets);
    let kind = build.literals.word(&kind).into_owned();
    out.put("default_type", [kind]);
    let location = action
        .location
        .as_ref()
        .map(|pieces| location(build, route, pieces, out));
    let status = action.status.to_string();
    match location {
        Some(url) if matches!(action.status, 301 | 302 | 303 | 307 | 308) => {
            out.put("return", [status, url])
        }
        Some(url) => {
            let variable = build.out_header("Location");
            out.put("set", [variable, url]);
            let body = build.literals.word(body).into_owned();
            out.put("return", [status, body]);
        }
        None => {
            let body = build.literals.word(body).into_owned();
            out.put("return", [status, body]);
        }
    }
}

/// A `Location` whose places are variables in normalised, so harmless, form.
fn location(build: &mut Build<'_>, route: &Route, pieces: &[Piece], out: &mut Block) -> String {
    let mut url = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => url.push_str(&build.literals.word(text)),
            Piece::Path => url.push_str("$gw_path"),
            Piece::Query => url.push_str(query(build, route, out)),
            Piece::Param(name) => {
                url.push_str(&format!("${{gw_p{}}}", gather::position(route, name)))
            }
            Piece::Claim(_) => {}
        }
    }
    url
}

/// Which captures the routes of one pattern need: parameters by position, and the rest.
#[must_use]
pub fn captures(routes: &[&Route]) -> (Vec<usize>, bool) {
    let mut params = BTreeMap::new();
    let mut rest = false;
    for route in routes {
        let mut need = |name: &str| {
            params.insert(gather::position(route, name), ());
        };
        let mut pieces = |pieces: &[Piece]| {
            for piece in pieces {
                if let Piece::Param(name) = piece {
                    need(name);
                }
            }
        };
        match &route.action {
            Action::Respond(respond) => pieces(respond.location.as_deref().unwrap_or_default()),
            Action::Gather(gather) => {
                for part in &gather.parts {
                    pieces(&part.path);
                    pieces(&part.query);
                }
            }
            Action::Forward(forward) => {
                if let Some(rewrite) = &forward.rewrite {
                    rest |= rewrite.rest;
                    for piece in &rewrite.segments {
                        if let RewritePiece::Param(name) = piece {
                            need(name);
                        }
                    }
                }
            }
        }
    }
    (params.into_keys().collect(), rest)
}
