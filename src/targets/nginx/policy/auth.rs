//! AUTH -> MAPS: credentials become an identity (`cN` a consumer, `jN:SUB` a token, `x` an authorizer's word), "" for nobody.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::build::{Build, number};
use super::super::document::Block;
use super::super::names::{encoded, javascript, regex};
use super::super::upstreams;
use crate::ir::{ApiKeyPlace, Auth, Consumer, External, Keys, Route, SchemeKind, Scopes, Secret};

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

fn kind<'g>(build: &Build<'g>, scheme: usize) -> &'g SchemeKind {
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

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
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

/// Where an authorizer's or a key set's server is asked: an upstream block and a location.
pub fn remote(build: &Build<'_>, scheme: usize, url: &url::Url) -> (Block, String) {
    let name = format!("gw_scheme_{scheme}");
    let port = url.port_or_known_default().unwrap_or(80);
    let mut inner = Block::new();
    inner.put(
        "server",
        [format!("{}:{port}", url.host_str().unwrap_or_default())],
    );
    inner.put("keepalive", ["8"]);
    let mut out = Block::new();
    out.open("upstream", [name.clone()], inner);
    let _ = build;
    (out, name)
}

/// The location that asks an authorizer, and its upstream.
pub fn authorizer(build: &mut Build<'_>, scheme: usize, external: &External) -> (Block, Block) {
    let (upstream, name) = remote(build, scheme, &external.url);
    let mut inner = Block::new();
    inner.put("internal", [""; 0]);
    ask(build, &external.url, &name, &mut inner);
    inner.put("proxy_method", ["GET"]);
    inner.put(
        "proxy_set_header",
        ["Host".to_owned(), authority(&external.url)],
    );
    for (header, value) in [
        ("Connection", ""),
        ("Upgrade", ""),
        ("Content-Length", ""),
        ("X-Forwarded-Method", "$request_method"),
        ("X-Forwarded-Uri", "$gw_path$gw_query"),
        ("X-Forwarded-For", "$gw_forwarded_for"),
        ("X-Forwarded-Proto", "$gw_forwarded_proto"),
        ("X-Forwarded-Host", "$http_host"),
    ] {
        inner.put("proxy_set_header", [header, value]);
    }
    let request_id = super::headers::request_id(build);
    if let Some((header, variable)) = request_id {
        inner.put("proxy_set_header", [header, variable]);
    }
    let mut out = Block::new();
    out.open(
        "location",
        ["=".to_owned(), format!("//ask/{scheme}")],
        inner,
    );
    (out, upstream)
}

/// What asking any server of ours has in common: no body, no error pages of the client's request.
pub fn ask(build: &mut Build<'_>, url: &url::Url, upstream: &str, out: &mut Block) {
    out.put("error_page", ["599", "//error"]);
    out.put("proxy_pass_request_body", ["off"]);
    out.put("client_max_body_size", ["0"]);
    if url.scheme() == "https" {
        let address = crate::ir::Address {
            protocol: crate::ir::Protocol::Https,
            host: url.host_str().unwrap_or_default().to_owned(),
            port: 443,
            path: String::new(),
        };
        out.append(upstreams::tls(build, &address, None));
    }
    let mut path = url.path().to_owned();
    if let Some(query) = url.query() {
        path.push('?');
        path.push_str(query);
    }
    let path = build.literals.word(&path);
    out.put(
        "proxy_pass",
        [format!("{}://{upstream}{path}", url.scheme())],
    );
}

/// The Host header of a URL.
#[must_use]
pub fn authority(url: &url::Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}

/// The maps from credentials to identities, of the schemes that routes use; the context of `credentials.js`.
pub fn schemes(build: &mut Build<'_>, used: &[usize]) -> Value {
    let mut functions = Vec::new();
    let mut environment: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut parameters = Vec::new();
    for &scheme in used {
        let mut entries = Entries::default();
        let function = match kind(build, scheme) {
            SchemeKind::ApiKey(place) => {
                for (id, consumer) in build.consumers() {
                    for secret in &consumer.api_keys {
                        entries.add(build, &id, "", secret);
                    }
                }
                match place {
                    ApiKeyPlace::Header(name) => {
                        json!({ "kind": "header", "place": javascript(&json!(name)) })
                    }
                    ApiKeyPlace::Query(name) => {
                        parameters.push(json!(name));
                        json!({ "kind": "query", "place": javascript(&json!(name)) })
                    }
                }
            }
            SchemeKind::Basic(_) => {
                for (id, consumer) in build.consumers() {
                    if let Some((user, secret)) = &consumer.basic {
                        entries.add(build, &id, &format!("{user}:"), secret);
                    }
                }
                json!({ "kind": "basic", "place": "" })
            }
            SchemeKind::Jwt(_) | SchemeKind::External(_) => continue,
        };
        let Value::Object(mut function) = function else {
            continue;
        };
        function.insert("id".to_owned(), json!(scheme));
        function.insert("name".to_owned(), json!(format!("scheme{scheme}")));
        functions.push(Value::Object(function));
        build.modules.insert("credentials");
        build.maps.put(
            "js_set",
            [
                format!("$gw_credential_{scheme}"),
                format!("credentials.scheme{scheme}"),
            ],
        );
        build.maps.open(
            "map",
            [
                format!("$gw_credential_{scheme}"),
                format!("$gw_who_{scheme}"),
            ],
            entries.table,
        );
        if !entries.environment.is_empty() {
            environment.insert(scheme.to_string(), entries.environment);
        }
    }
    json!({ "schemes": functions, "environment": javascript(&json!(environment)), "key_parameters": javascript(&json!(parameters)) })
}

#[derive(Default)]
struct Entries {
    table: Block,
    environment: Vec<Value>,
}

impl Entries {
    fn add(&mut self, build: &mut Build<'_>, id: &str, prefix: &str, secret: &Secret) {
        if self.table.0.is_empty() {
            self.table.pair("default", "");
        }
        match secret {
            Secret::Known { text, .. } => self
                .table
                .pair(sha256(&format!("{prefix}{text}")), id.to_owned()),
            Secret::Reference(name) => {
                let variable = build.environment(name);
                self.environment
                    .push(json!({ "variable": variable, "prefix": prefix, "who": id }));
                // njs hashes the variable's value and answers the identity itself.
                let line = super::super::document::Item::Directive(
                    super::super::document::Directive::simple(id.to_owned(), [id.to_owned()]),
                );
                if !self.table.0.contains(&line) {
                    self.table.0.push(line);
                }
            }
        }
    }
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
