//! AUTH -> MAPS: credentials become an identity (`cN` a consumer, `jN:SUB` a token, `x` an authorizer's word), "" for nobody.

use serde_json::json;

use super::super::build::{Build, number};
use super::super::document::Block;
use super::super::names::{encoded, regex};
use crate::ir::{Auth, Consumer, Keys, Route, SchemeKind, Scopes};

/// Whether a scheme reads tokens.
#[must_use]
pub fn is_token(build: &Build<'_>, scheme: usize) -> bool {
    matches!(kind(build, scheme), SchemeKind::Jwt(_))
}

/// Whether a scheme has to ask another server, which no variable can wait for.
#[must_use]
pub fn asks(build: &Build<'_>, scheme: usize) -> bool {
    match kind(build, scheme) {
        SchemeKind::Jwt(jwt) => matches!(jwt.keys, Keys::JwksUrl(_)),
        SchemeKind::External(_) => true,
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => false,
    }
}

/// How a scheme checks.
pub fn kind<'g>(build: &Build<'g>, scheme: usize) -> &'g SchemeKind {
    let gateway = build.gateway;
    &gateway.schemes[scheme].kind
}

/// Whether a consumer with this plan can call the route.
#[must_use]
pub fn reaches_plan(build: &Build<'_>, route: &Route, plan: &str) -> bool {
    let schemes = || {
        route
            .auth
            .schemes()
            .iter()
            .map(|name| &build.gateway.schemes[name].kind)
    };
    build
        .gateway
        .consumers
        .values()
        .filter(|consumer| consumer.plan.as_deref() == Some(plan))
        .any(|consumer| {
            schemes().any(|kind| match kind {
                SchemeKind::Jwt(_) => consumer.jwt.is_some(),
                SchemeKind::ApiKey(_) => !consumer.api_keys.is_empty(),
                SchemeKind::Basic(_) => consumer.basic.is_some(),
                SchemeKind::External(_) => false,
            })
        })
}

/// The variable that tells who is admitted by an expression of schemes, empty for nobody.
pub fn admitted<'g>(build: &mut Build<'g>, auth: &'g Auth) -> (usize, String) {
    let (index, new) = number(&mut build.numbers.auth, auth);
    let name = format!("$gw_auth_{index}");
    if new {
        let schemes: Vec<usize> = auth
            .schemes()
            .iter()
            .map(|name| build.scheme(name))
            .collect();
        let who: Vec<String> = schemes
            .iter()
            .map(|scheme| format!("$gw_who_{scheme}"))
            .collect();
        match auth {
            Auth::None { .. } => {}
            Auth::Any(_) => any(build, &name, &who),
            Auth::All(_) => {
                let mut all = Block::new();
                // The first consumer among them speaks for all; without one the first token does.
                all.pair("default", "");
                all.pair("~(?:^|,)(?:,|$)", "");
                all.pair("~(?:^|,)(c[0-9]+)(?:,|$)", "$1");
                all.pair("~(?:^|,)(j[^,]+)", "$1");
                all.pair("~^([^,]+)", "$1");
                build.maps.open("map", [who.join(","), name.clone()], all);
            }
        }
    }
    (index, name)
}

/// A chain that asks the next scheme only when those before admitted nobody.
fn any(build: &mut Build<'_>, name: &str, who: &[String]) {
    let mut target = name.to_owned();
    for (step, variable) in who.iter().enumerate() {
        let next = match who.get(step + 1) {
            Some(last) if step + 2 == who.len() => last.clone(),
            Some(_) => format!("{name}_{}", step + 1),
            None if step == 0 => String::new(),
            None => break,
        };
        let mut table = Block::new();
        table.pair("", next.clone());
        table.pair("default", variable.clone());
        build.maps.open("map", [variable.clone(), target], table);
        target = next;
    }
}

/// The variable that is not empty for callers in one of the groups.
pub fn grouped<'g>(build: &mut Build<'g>, groups: &'g [String]) -> String {
    let (index, new) = number(&mut build.numbers.groups, groups);
    let name = format!("$gw_groups_{index}");
    if new {
        let mut table = Block::new();
        table.pair("default", "");
        for (id, consumer) in build.consumers() {
            if consumer.groups.iter().any(|group| groups.contains(group)) {
                table.pair(id, "1");
            }
        }
        build
            .maps
            .open("map", ["$gw_who".to_owned(), name.clone()], table);
    }
    name
}

/// The variable that is not empty for tokens with the scopes.
pub fn scoped(build: &mut Build<'_>, route: &Route, scopes: &Scopes) -> String {
    let tokens: Vec<usize> = route
        .auth
        .schemes()
        .iter()
        .map(|name| build.scheme(name))
        .filter(|scheme| is_token(build, *scheme))
        .collect();
    let source: String = tokens
        .iter()
        .map(|scheme| format!("$gw_scopes_{scheme}"))
        .collect();
    let condition = match scopes {
        Scopes::All(scopes) => {
            let each = scopes
                .iter()
                .map(|scope| format!("(?=.* {} )", regex(&encoded(scope))));
            format!("~^{}", each.collect::<String>())
        }
        Scopes::Any(scopes) => {
            let each: Vec<String> = scopes.iter().map(|scope| regex(&encoded(scope))).collect();
            format!("~ (?:{}) ", each.join("|"))
        }
    };
    let next = build.numbers.scopes.len();
    let known = build.numbers.scopes.entry(format!("{source}\n{condition}"));
    let new = matches!(known, indexmap::map::Entry::Vacant(_));
    let name = format!("$gw_scoped_{}", known.or_insert(next));
    if new {
        let mut table = Block::new();
        table.pair("default", "");
        table.pair(condition, "1");
        build.maps.open("map", [source, name.clone()], table);
    }
    name
}

/// What `WWW-Authenticate` says for an expression of schemes.
#[must_use]
pub fn challenge(build: &Build<'_>, auth: &Auth) -> String {
    let mut out: Vec<String> = Vec::new();
    for name in auth.schemes() {
        let text = match &build.gateway.schemes[name].kind {
            SchemeKind::Jwt(_) => "Bearer".to_owned(),
            SchemeKind::ApiKey(_) => "ApiKey".to_owned(),
            SchemeKind::Basic(basic) => {
                format!(
                    "Basic realm=\"{}\", charset=\"UTF-8\"",
                    basic.realm.replace('\\', "\\\\").replace('"', "\\\"")
                )
            }
            SchemeKind::External(_) => "Bearer".to_owned(),
        };
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out.join(", ")
}

/// Lines that put what a gate has to know into variables; the gate's name for `$gw_gate`.
pub fn gate(build: &mut Build<'_>, auth: &Auth, index: usize, out: &mut Block) {
    let mut schemes = Vec::new();
    for name in auth.schemes() {
        let scheme = build.scheme(name);
        let kind = match (kind(build, scheme), asks(build, scheme)) {
            (SchemeKind::Jwt(_), true) => "token",
            (SchemeKind::External(_), _) => "authorizer",
            _ => "fixed",
        };
        if kind == "fixed" {
            // Evaluated before the gate runs, as njs cannot wait for another njs variable.
            out.put(
                "set",
                [format!("$gw_pre_{scheme}"), format!("$gw_who_{scheme}")],
            );
        }
        schemes
            .push(json!({ "id": scheme, "kind": kind, "index": super::jwt::index(build, scheme) }));
    }
    out.put("set", ["$gw_gate".to_owned(), index.to_string()]);
    build.gates.insert(
        index.to_string(),
        json!({ "any": matches!(auth, Auth::Any(_)), "schemes": schemes }),
    );
    build.modules.insert("gate");
}

/// The claim by which tokens name consumers, if any do: claims in order.
#[must_use]
pub fn naming_claims<'g>(consumers: impl Iterator<Item = &'g Consumer>) -> Vec<&'g str> {
    let mut claims: Vec<&str> = Vec::new();
    for (claim, _) in consumers.filter_map(|consumer| consumer.jwt.as_ref()) {
        if !claims.contains(&claim.as_str()) {
            claims.push(claim);
        }
    }
    claims
}
