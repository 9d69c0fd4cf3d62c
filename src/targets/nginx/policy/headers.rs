//! HEADERS -> PROXY_SET_HEADER: what an upstream sees and what a client gets back.

use std::collections::BTreeMap;

use super::super::build::Build;
use super::super::document::Block;
use super::super::names::header_variable;
use super::cors;
use crate::ir::{ApiKeyPlace, HeaderRules, Route, SchemeKind};

/// The request ID's header and variable.
#[must_use]
pub fn request_id(build: &Build<'_>) -> Option<(String, String)> {
    build
        .gateway
        .request_id
        .as_ref()
        .map(|id| (id.header.clone(), "$gw_request_id".to_owned()))
}

/// Identity headers that only the gateway may set, by lower-case name: the name as written and the variable that holds the value.
#[must_use]
pub fn identity(build: &Build<'_>) -> BTreeMap<String, (String, String)> {
    let mut names = BTreeMap::new();
    for scheme in build.gateway.schemes.values() {
        let headers: Vec<&String> = match &scheme.kind {
            SchemeKind::Jwt(jwt) => jwt.forward.values().collect(),
            SchemeKind::External(external) => external.forward.iter().collect(),
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => Vec::new(),
        };
        for header in headers {
            let number = names.len();
            names
                .entry(header.to_ascii_lowercase())
                .or_insert_with(|| (header.clone(), format!("$gw_identity_{number}")));
        }
    }
    names
}

/// A header that carries credentials for the gateway alone on some routes, and is passed on by all others.
struct Credential {
    header: String,
    /// Set to 1 by routes that read it.
    taken: String,
    /// What is sent on.
    passed: String,
    basic: bool,
}

fn credentials(build: &Build<'_>) -> Vec<Credential> {
    let mut out: Vec<Credential> = Vec::new();
    for scheme in build.gateway.schemes.values() {
        let (header, basic) = match &scheme.kind {
            SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => (name.as_str(), false),
            SchemeKind::Basic(_) => ("Authorization", true),
            SchemeKind::ApiKey(ApiKeyPlace::Query(_))
            | SchemeKind::Jwt(_)
            | SchemeKind::External(_) => continue,
        };
        if !out
            .iter()
            .any(|other| other.header.eq_ignore_ascii_case(header) && other.basic == basic)
        {
            let number = out.len();
            let (taken, passed) = (
                format!("$gw_taken_{number}"),
                format!("$gw_passed_{number}"),
            );
            out.push(Credential {
                header: header.to_owned(),
                taken,
                passed,
                basic,
            });
        }
    }
    out
}

/// The variables that routes set when they read a credential.
pub fn taken(build: &Build<'_>) -> impl Iterator<Item = String> + use<> {
    credentials(build)
        .into_iter()
        .map(|credential| credential.taken[1..].to_owned())
}

/// Lines that say which credentials the route reads, so that they go no further.
pub fn take(build: &Build<'_>, route: &Route, out: &mut Block) {
    let kinds = || {
        route
            .auth
            .schemes()
            .iter()
            .map(|name| &build.gateway.schemes[name].kind)
    };
    for credential in credentials(build) {
        let read = kinds().any(|kind| match kind {
            SchemeKind::ApiKey(ApiKeyPlace::Header(name)) => {
                !credential.basic && name.eq_ignore_ascii_case(&credential.header)
            }
            SchemeKind::Basic(_) => credential.basic,
            SchemeKind::ApiKey(ApiKeyPlace::Query(_))
            | SchemeKind::Jwt(_)
            | SchemeKind::External(_) => false,
        });
        if read {
            out.put("set", [credential.taken, "1".to_owned()]);
        }
    }
}

/// A location with lines of its own, where what the server says for all does not fit.
pub fn of_route(build: &mut Build<'_>, route: &Route) -> Block {
    if route.request_headers.is_empty() {
        return Block::new();
    }
    request(build, &route.request_headers)
}

/// What every upstream gets; `rules` replace lines of the same name. A location with a line of its own inherits none, so it gets all.
pub fn request(build: &mut Build<'_>, rules: &HeaderRules) -> Block {
    let mut lines: Vec<(String, String)> = [
        ("Host", "$gw_host"),
        ("Connection", "$gw_connection"),
        ("Upgrade", "$gw_upgrade"),
        ("Proxy-Connection", ""),
        ("Proxy-Authorization", ""),
        ("TE", ""),
        ("Trailer", ""),
        ("X-Forwarded-For", "$gw_forwarded_for"),
        ("X-Forwarded-Proto", "$gw_forwarded_proto"),
        ("X-Forwarded-Host", "$gw_forwarded_host"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let passed = credentials(build).into_iter();
    lines.extend(passed.map(|credential| (credential.header, credential.passed)));
    lines.extend(request_id(build));
    for name in &rules.remove {
        lines.push((name.clone(), String::new()));
    }
    for (name, value) in &rules.set {
        let value = build.literals.word(value);
        lines.push((name.clone(), value.into_owned()));
    }
    // Last, so that no rule passes for the gateway's word on who it is.
    lines.extend(identity(build).into_values());
    let mut out = Block::new();
    for (index, (name, value)) in lines.iter().enumerate() {
        if !lines[index + 1..]
            .iter()
            .any(|(later, _)| later.eq_ignore_ascii_case(name))
        {
            out.put("proxy_set_header", [name.clone(), value.clone()]);
        }
    }
    out
}

/// Lines that put a route's identity headers into their variables, once its caller is known.
pub fn set_identity(build: &mut Build<'_>, route: &Route, out: &mut Block) {
    let names = identity(build);
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for name in route.auth.schemes() {
        let scheme = build.scheme(name);
        match &build.gateway.schemes[name].kind {
            SchemeKind::Jwt(jwt) => {
                for (claim, header) in &jwt.forward {
                    let variable = build.claim(scheme, claim, "header");
                    values
                        .entry(header.to_ascii_lowercase())
                        .or_default()
                        .push_str(&format!("${{{variable}}}"));
                }
            }
            SchemeKind::External(external) => {
                for (index, header) in external.forward.iter().enumerate() {
                    build.variables.insert(external_variable(scheme, index));
                    values
                        .entry(header.to_ascii_lowercase())
                        .or_default()
                        .push_str(&format!("${{{}}}", external_variable(scheme, index)));
                }
            }
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
        }
    }
    for (header, value) in values {
        if let Some((_, variable)) = names.get(&header) {
            out.put("set", [variable.clone(), value]);
        }
    }
}

/// The variable of an authorizer's `index`-th forwarded header.
#[must_use]
pub fn external_variable(scheme: usize, index: usize) -> String {
    format!("gw_external_{scheme}_{index}")
}

/// Lines that put answer headers into variables; lines of the server print them, so that own answers carry them too.
pub fn set_response(
    build: &mut Build<'_>,
    set: &indexmap::IndexMap<String, String>,
    out: &mut Block,
) {
    for (name, value) in set {
        let variable = build.out_header(name);
        let value = build.literals.word(value);
        out.put("set", [variable, value.into_owned()]);
    }
}

/// What of the upstream's answer is hidden, where it is more than the server hides.
pub fn hide_response(build: &Build<'_>, route: &Route, out: &mut Block) {
    let rules = &route.response_headers.value;
    let mut hidden: Vec<String> = rules.set.keys().chain(&rules.remove).cloned().collect();
    if route.cors.is_some() {
        hidden.extend(cors::HEADERS.map(str::to_owned));
    }
    if !hidden.is_empty() {
        hidden.extend(request_id(build).map(|(name, _)| name));
        for (index, name) in hidden.iter().enumerate() {
            if !hidden[..index]
                .iter()
                .any(|earlier| earlier.eq_ignore_ascii_case(name))
            {
                out.put("proxy_hide_header", [name.clone()]);
            }
        }
    }
}

/// Maps for forwarding: the request ID, the client's chain of addresses, upgrades.
pub fn maps(build: &Build<'_>) -> Block {
    let mut out = Block::new();
    if let Some(id) = &build.gateway.request_id {
        let mut table = Block::new();
        table.pair("default", "$request_id");
        if id.keep {
            table.pair("~^[A-Za-z0-9._~+/=-]{1,128}$", header_variable(&id.header));
        }
        out.open(
            "map",
            [header_variable(&id.header), "$gw_request_id".to_owned()],
            table,
        );
    }
    let mut trusted = Block::new();
    trusted.put("default", ["0"]);
    for net in build.gateway.trusted_proxies.iter() {
        trusted.pair(net.trunc().to_string(), "1");
    }
    out.open("geo", ["$realip_remote_addr", "$gw_trusted"], trusted);
    for (header, name, own) in [
        (
            "$http_x_forwarded_for",
            "$gw_forwarded_for",
            "$realip_remote_addr",
        ),
        ("$http_x_forwarded_proto", "$gw_forwarded_proto", "$scheme"),
        ("$http_x_forwarded_host", "$gw_forwarded_host", "$http_host"),
    ] {
        let mut table = Block::new();
        table.pair("default", own);
        let kept = if name == "$gw_forwarded_for" {
            format!("{header}, {own}")
        } else {
            header.to_owned()
        };
        table.pair("~^1.", kept);
        out.open(
            "map",
            [format!("$gw_trusted{header}"), name.to_owned()],
            table,
        );
    }
    for credential in credentials(build) {
        let variable = header_variable(&credential.header);
        let mut table = Block::new();
        table.pair("default", variable.clone());
        table.pair(
            if credential.basic {
                "~*^1:basic "
            } else {
                "~^1:"
            },
            "",
        );
        out.open(
            "map",
            [
                format!("{}:{variable}", credential.taken),
                credential.passed,
            ],
            table,
        );
    }
    let mut websocket = Block::new();
    websocket.pair("default", "");
    websocket.pair("~*^websocket$", "websocket");
    out.open("map", ["$http_upgrade", "$gw_websocket"], websocket);
    let mut connection = Block::new();
    connection.pair("default", "");
    connection.pair("websocket", "upgrade");
    out.open("map", ["$gw_upgrade", "$gw_connection"], connection);
    out
}
