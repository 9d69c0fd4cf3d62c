//! GATEWAY -> NGINX.CONF: puts the parts together: main context, maps, upstreams, servers and locations, and the files beside.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::build::{Build, Numbers, duration};
use super::document::{Block, Directive, Item, print};
use super::matching::{Group, Matcher};
use super::names::{Literals, Slugs, regex};
use super::policy::{auth, cors, headers, jwt, limit, log, quota, tls};
use super::routes::{self, Defaults, bytes};
use super::settings::Settings;
use super::{njs, upstreams};
use crate::ir::{Action, Gateway, HostPattern, Keys, Route, SchemeKind, Slot, slots};
use crate::targets::{Artefact, Context, Emitted};

/// Statuses that the gateway answers itself.
const OWN: &[&str] = &[
    "400", "401", "403", "404", "405", "408", "411", "412", "413", "414", "415", "416", "421",
    "429", "494", "495", "496", "497", "500", "501", "503", "504", "505",
];

/// The artefacts of a gateway.
#[must_use]
pub fn emit(gateway: &Gateway, context: &Context<'_>) -> Emitted {
    let mut build = Build {
        gateway,
        closed: context.closed,
        settings: Settings::of(context.settings),
        literals: Literals::default(),
        slugs: Slugs::default(),
        maps: Block::new(),
        variables: BTreeSet::new(),
        zones: IndexMap::new(),
        numbers: Numbers::default(),
        environment: BTreeMap::new(),
        files: BTreeMap::new(),
        notes: Vec::new(),
        modules: BTreeSet::from(["path"]),
        out_headers: IndexMap::new(),
        gathers: serde_json::Map::new(),
        gates: serde_json::Map::new(),
        claims: BTreeMap::new(),
    };
    let defaults = Defaults {
        timeout: usual_timeout(gateway),
    };
    let mut locations = Block::new();
    let hosts = Hosts::of(gateway);
    dispatch(&mut build, &hosts, &defaults, &mut locations);
    let used: Vec<usize> = used_schemes(gateway);
    let credentials = auth::schemes(&mut build, &used);
    let tokens = jwt::schemes(&mut build, &used);
    let remote = remotes(&mut build, &used, &mut locations);
    let mut server = server_lines(&mut build);
    server.append(fixed_locations(&build));
    server.append(locations);
    let http = http(&mut build, context, &hosts, &defaults, remote, server);
    let contexts = njs::Contexts {
        credentials,
        jwt: tokens,
    };
    finish(build, http, &contexts)
}

fn finish(mut build: Build<'_>, http: Block, contexts: &njs::Contexts) -> Emitted {
    let mut main = Block::new();
    main.comment(format!(
        "{}: made by gateway-gen for nginx {}.{}; start it with `nginx -p FOLDER -c nginx.conf`.",
        build.gateway.name, build.settings.version.0, build.settings.version.1
    ));
    main.put(
        "load_module",
        [format!(
            "{}/ngx_http_js_module.so",
            build.settings.module_path
        )],
    );
    main.put("worker_processes", ["auto"]);
    main.put("worker_rlimit_nofile", ["16384"]);
    main.put("pid", ["nginx.pid"]);
    main.put("error_log", ["error.log", "warn"]);
    main.put("pcre_jit", ["on"]);
    for (variable, secret) in &build.environment {
        main.put("env", [variable.clone()]);
        build.notes.push(format!(
            "start nginx with the environment variable {variable}, the value of `secret://{secret}`"
        ));
    }
    let mut events = Block::new();
    events.put("worker_connections", ["4096"]);
    main.open("events", [""; 0], events);
    main.open("http", [""; 0], http);
    let mut artefacts = vec![Artefact {
        path: "nginx/nginx.conf".to_owned(),
        content: print(&main.0).into_bytes(),
    }];
    for (path, content) in njs::sources(&build, contexts) {
        artefacts.push(Artefact {
            path: format!("nginx/{path}"),
            content,
        });
    }
    for (path, content) in build.files {
        artefacts.push(Artefact {
            path: format!("nginx/{path}"),
            content,
        });
    }
    Emitted {
        artefacts,
        notes: build.notes,
    }
}

/// The time limits that most routes have.
fn usual_timeout(gateway: &Gateway) -> (u64, u64) {
    let mut counts: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    for route in &gateway.routes {
        *counts
            .entry((route.timeout.connect.0, route.timeout.response.0))
            .or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map_or((1000, 30_000), |(timeout, _)| timeout)
}

fn used_schemes(gateway: &Gateway) -> Vec<usize> {
    let names = gateway.routes.iter().flat_map(|route| route.auth.schemes());
    let used: BTreeSet<usize> = names
        .filter_map(|name| gateway.schemes.get_index_of(name))
        .collect();
    used.into_iter().collect()
}

/// Hosts that routes name, each with the number of its matching tree; 0 is for routes of every host.
struct Hosts<'g> {
    patterns: Vec<&'g HostPattern>,
}

impl<'g> Hosts<'g> {
    fn of(gateway: &'g Gateway) -> Self {
        let mut patterns: Vec<&HostPattern> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for host in gateway
            .routes
            .iter()
            .filter_map(|route| route.host.as_ref())
        {
            if seen.insert(host) {
                patterns.push(host);
            }
        }
        Self { patterns }
    }

    fn number(&self, host: Option<&HostPattern>) -> usize {
        host.and_then(|host| self.patterns.iter().position(|other| *other == host))
            .map_or(0, |at| at + 1)
    }

    /// The most specific wildcard that covers every host of `host` and is another; else 0.
    fn wider(&self, host: &HostPattern) -> usize {
        let name = match host {
            HostPattern::Exact(name) | HostPattern::Below(name) => name,
        };
        let covering = self
            .patterns
            .iter()
            .enumerate()
            .filter_map(|(at, other)| match other {
                HostPattern::Below(suffix) => {
                    let strict = name
                        .strip_suffix(suffix.as_str())
                        .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'));
                    strict.then_some((suffix.len(), at + 1))
                }
                HostPattern::Exact(_) => None,
            });
        covering.max().map_or(0, |(_, number)| number)
    }

    /// From `$host` to the tree's number; `x` for hosts that are not the gateway's.
    fn map(&self, gateway: &Gateway) -> Block {
        let mut table = Block::new();
        if gateway.hosts.is_empty() && self.patterns.is_empty() {
            table.pair("default", "0");
            return table;
        }
        table.put("hostnames", [""; 0]);
        table.pair("default", if gateway.hosts.is_empty() { "0" } else { "x" });
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for host in gateway.hosts.iter() {
            let own = self
                .patterns
                .iter()
                .position(|other| *other == host)
                .map(|at| at + 1);
            lines.insert(host.to_string(), own.unwrap_or_else(|| self.wider(host)));
        }
        for (at, host) in self.patterns.iter().enumerate() {
            let known =
                gateway.hosts.is_empty() || gateway.hosts.iter().any(|other| covers(other, host));
            if known {
                lines.insert(host.to_string(), at + 1);
            }
        }
        for (host, number) in lines {
            table.pair(host, number.to_string());
        }
        table
    }
}

fn covers(wide: &HostPattern, narrow: &HostPattern) -> bool {
    match (wide, narrow) {
        (wide, narrow) if wide == narrow => true,
        (HostPattern::Below(_), HostPattern::Exact(name)) => wide.matches(name),
        (HostPattern::Below(suffix), HostPattern::Below(name)) => name
            .strip_suffix(suffix.as_str())
            .is_some_and(|labels| labels.ends_with('.')),
        (HostPattern::Exact(_), _) => false,
    }
}

/// Matching locations and routes, by slot.
fn dispatch<'g>(build: &mut Build<'g>, hosts: &Hosts<'g>, defaults: &Defaults, out: &mut Block) {
    let gateway = build.gateway;
    let mut groups: Vec<Vec<Group<'g>>> = (0..=hosts.patterns.len()).map(|_| Vec::new()).collect();
    let mut allow: HashMap<String, usize> = HashMap::new();
    let mut allows = Block::new();
    allows.pair("default", "");
    let mut bodies = Block::new();
    for slot in slots(gateway) {
        let members: Vec<&Route> = slot.routes.iter().map(|id| &gateway.routes[id.0]).collect();
        let Some(first) = members.first() else {
            continue;
        };
        let host = first
            .host
            .as_ref()
            .map(|host| format!("/{host}"))
            .unwrap_or_default();
        let slug = build
            .slugs
            .unique(format!("{host}{}", first.pattern).trim_matches('/'));
        let mut names = HashMap::new();
        for (index, id) in slot.routes.iter().enumerate() {
            let name = format!("//r/{slug}/{index}");
            let id_slug = if slot.routes.len() == 1 {
                slug.clone()
            } else {
                format!("{slug}/{index}")
            };
            let locations = routes::route(build, *id, &id_slug, name, defaults);
            bodies.append(locations);
            names.insert(*id, index.to_string());
        }
        let plain = slot.methods.is_empty() && members.iter().all(|route| route.cors.is_none());
        let replacement = if plain {
            format!("//r/{slug}/0")
        } else {
            let next = allow.len();
            let text = slot.allow.join(", ");
            let number = *allow.entry(text.clone()).or_insert(next);
            if number == next {
                allows.pair(number.to_string(), text);
            }
            format!(
                "//r/{slug}/$gw_take_{}",
                method_table(build, &slot, &names, number)
            )
        };
        let (params, rest) = routes::captures(&members);
        groups[hosts.number(first.host.as_ref())].push(Group {
            pattern: &first.pattern,
            replacement,
            params,
            rest,
        });
    }
    if allows.0.len() > 1 {
        build
            .maps
            .open("map", ["$gw_allow_id", "$gw_allow_list"], allows);
    }
    out.comment("Matching: from the normalised path to the route.");
    for (number, groups) in groups.iter().enumerate() {
        let fallback = number
            .checked_sub(1)
            .map(|at| hosts.wider(hosts.patterns[at]).to_string());
        out.append(Matcher::new(&number.to_string(), groups, fallback.as_deref()).locations());
    }
    out.comment("Routes.");
    out.append(bodies);
}

/// The number of the table that chooses a route by method: `N` a route, `cN` a preflight of policy N, `xN` 405 with allow list N.
fn method_table(
    build: &mut Build<'_>,
    slot: &Slot,
    names: &HashMap<crate::ir::RouteId, String>,
    allow: usize,
) -> usize {
    let gateway = build.gateway;
    let other = slot
        .any
        .map_or_else(|| format!("x{allow}"), |id| names[&id].clone());
    let mut lines = vec![("default".to_owned(), other.clone())];
    let mut preflights = Vec::new();
    let mut line = |method: &str, id: crate::ir::RouteId, build: &mut Build<'_>| {
        lines.push((method.to_owned(), names[&id].clone()));
        if let Some(cors) = &gateway.routes[id.0].cors {
            let index = build
                .numbers
                .cors
                .iter()
                .position(|other| **other == cors.value);
            preflights.push((
                format!("~^preflight {}$", regex(method)),
                format!("c{}", index.unwrap_or_default() + 1),
            ));
        }
    };
    for (method, id) in &slot.methods {
        line(method, *id, build);
    }
    if let Some(get) = slot.methods.iter().find(|(method, _)| method == "GET")
        && !slot.methods.iter().any(|(method, _)| method == "HEAD")
    {
        line("HEAD", get.1, build);
    }
    if let Some(cors) = slot.any.and_then(|id| gateway.routes[id.0].cors.as_ref()) {
        // A preflight for a method listed by a route without rules is an OPTIONS like any other.
        for (method, id) in &slot.methods {
            if gateway.routes[id.0].cors.is_none() {
                preflights.push((
                    format!("~^preflight {}$", regex(method)),
                    slot.route("OPTIONS")
                        .map_or_else(|| other.clone(), |id| names[&id].clone()),
                ));
            }
        }
        let index = build
            .numbers
            .cors
            .iter()
            .position(|other| **other == cors.value);
        preflights.push((
            "~^preflight ".to_owned(),
            format!("c{}", index.unwrap_or_default() + 1),
        ));
    } else {
        let options = slot
            .route("OPTIONS")
            .map_or_else(|| other.clone(), |id| names[&id].clone());
        if options != other {
            preflights.push(("~^preflight ".to_owned(), options));
        }
    }
    lines.extend(preflights);
    let next = build.numbers.methods.len();
    let number = *build.numbers.methods.entry(lines.clone()).or_insert(next);
    if number == next {
        let mut table = Block::new();
        for (source, value) in lines {
            table.pair(source, value);
        }
        build.maps.open(
            "map",
            ["$gw_asked".to_owned(), format!("$gw_take_{number}")],
            table,
        );
    }
    number
}

/// Locations that ask authorizers and fetch key sets; their upstreams.
fn remotes(build: &mut Build<'_>, used: &[usize], out: &mut Block) -> Block {
    let mut upstreams = Block::new();
    let mut cached = false;
    for &scheme in used {
        let definition = &build.gateway.schemes[scheme];
        let (location, upstream) = match &definition.kind {
            SchemeKind::External(external) => {
                build.variables.insert(format!("gw_who_{scheme}"));
                for index in 0..external.forward.len() {
                    build
                        .variables
                        .insert(headers::external_variable(scheme, index));
                }
                auth::authorizer(build, scheme, external)
            }
            SchemeKind::Jwt(jwt) => match &jwt.keys {
                Keys::JwksUrl(url) => {
                    cached = true;
                    jwt::key_set(build, scheme, url)
                }
                Keys::JwksFile(_) | Keys::Pem(_) | Keys::Secret(_) => continue,
            },
            SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => continue,
        };
        out.append(location);
        upstreams.append(upstream);
    }
    if cached {
        upstreams.put(
            "proxy_cache_path",
            [
                "keys_cache",
                "levels=1",
                "keys_zone=gw_keys:1m",
                "inactive=1d",
                "max_size=10m",
                "use_temp_path=off",
            ],
        );
    }
    upstreams
}

/// What holds for every location of the server.
fn server_lines(build: &mut Build<'_>) -> Block {
    let mut out = Block::new();
    let largest = build
        .gateway
        .routes
        .iter()
        .map(|route| route.max_body.0)
        .max()
        .unwrap_or(1)
        .max(1);
    out.put("client_max_body_size", [bytes(largest)]);
    out.put("recursive_error_pages", ["on"]);
    let mut pages: Vec<&str> = OWN.to_vec();
    pages.push("//error");
    out.0
        .push(Item::Directive(Directive::simple("error_page", pages)));
    out.put("error_page", ["502", "//upstream"]);
    if let Some((header, variable)) = headers::request_id(build) {
        out.put(
            "add_header",
            [header.clone(), variable, "always".to_owned()],
        );
        out.put("proxy_hide_header", [header]);
    }
    cors::maps(build, &mut out);
    for (header, variable) in [
        ("Allow", "$gw_allow"),
        ("Retry-After", "$gw_retry_after"),
        ("WWW-Authenticate", "$gw_www_authenticate"),
    ] {
        out.put("add_header", [header, variable, "always"]);
    }
    for (index, name) in build.out_headers.values().enumerate() {
        out.put(
            "add_header",
            [
                name.clone(),
                format!("$gw_out_{index}"),
                "always".to_owned(),
            ],
        );
    }
    let lines = headers::request(build, &crate::ir::HeaderRules::default());
    out.append(lines);
    out
}

/// Locations that every configuration has. No client reaches one that begins with `//`: nginx merges slashes.
fn fixed_locations(build: &Build<'_>) -> Block {
    let mut out = Block::new();
    let location = |out: &mut Block, args: [&'static str; 2], lines: &[&[&'static str]]| {
        let mut inner = Block::new();
        for line in lines {
            inner.0.push(Item::Directive(Directive::simple(
                line[0],
                line[1..].to_vec(),
            )));
        }
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        out.0
            .push(Item::Directive(Directive::block("location", args, inner.0)));
    };
    location(
        &mut out,
        ["", "/"],
        &[&["rewrite", "^", "//m/$gw_entry", "last"]],
    );
    location(
        &mut out,
        ["=", "//m/bad"],
        &[&["internal"], &["return", "400"]],
    );
    location(
        &mut out,
        ["", "//m/x/"],
        &[&["internal"], &["return", "404"]],
    );
    if build.gateway.health.is_some() {
        location(
            &mut out,
            ["=", "//m/health"],
            &[&["internal"], &["return", "200", "{\"status\":\"ok\"}"]],
        );
    }
    if build
        .gateway
        .tls
        .as_ref()
        .is_some_and(|tls| tls.redirect_http)
    {
        let port = build.gateway.listen.https.unwrap_or(443);
        let authority = if port == 443 {
            "$host".to_owned()
        } else {
            format!("$host:{port}")
        };
        let mut inner = Block::new();
        inner.put("internal", [""; 0]);
        inner.put(
            "return",
            ["308".to_owned(), format!("https://{authority}$request_uri")],
        );
        out.open("location", ["=", "//m/tls"], inner);
    }
    location(
        &mut out,
        ["", "//r/"],
        &[
            &["internal"],
            &[
                "rewrite",
                "/c(?<gw_preflight_cors>[0-9]+)$",
                "//preflight",
                "last",
            ],
            &["rewrite", "/x(?<gw_allow_id>[0-9]+)$", "//method", "last"],
            &["return", "404"],
        ],
    );
    location(
        &mut out,
        ["=", "//preflight"],
        &[
            &["internal"],
            &["set", "$gw_cors", "$gw_preflight_cors"],
            &["set", "$gw_preflight", "1"],
            &["return", "204"],
        ],
    );
    location(
        &mut out,
        ["=", "//method"],
        &[&["internal"], &["return", "405"]],
    );
    location(
        &mut out,
        ["=", "//error"],
        &[
            &["internal"],
            &["set", "$gw_own", "1"],
            &["default_type", "application/json"],
            &["return", "200", "{\"message\":\"$gw_message\"}"],
        ],
    );
    let mut upstream = Block::new();
    upstream.put("internal", [""; 0]);
    let mut none = Block::new();
    none.put("return", ["503"]);
    upstream.when(&["$gw_no_target"], none);
    let mut failed = Block::new();
    failed.put("set", ["$gw_own", "1"]);
    failed.put("default_type", ["application/json"]);
    failed.put(
        "return",
        ["200", "{\"message\":\"the service does not answer\"}"],
    );
    upstream.append(failed);
    out.open("location", ["=", "//upstream"], upstream);
    out
}

fn http(
    build: &mut Build<'_>,
    context: &Context<'_>,
    hosts: &Hosts<'_>,
    defaults: &Defaults,
    remote: Block,
    server: Block,
) -> Block {
    let mut out = super::frame::settings(build, defaults);
    out.append(super::frame::maps(build, hosts.map(build.gateway)));
    let maps = std::mem::take(&mut build.maps);
    let limits = limit::zones(build);
    let quotas = quota::maps(build);
    let forwarding = headers::maps(build);
    let log = log::log(build);
    let literals = std::mem::take(&mut build.literals.blocks);
    out.append(literals);
    out.append(forwarding);
    out.append(maps);
    out.append(limits);
    out.append(quotas);
    out.append(log);
    out.comment("Services.");
    out.append(upstreams::upstreams(build, &used_services(build.gateway)));
    out.append(remote);
    if let Some(text) = context
        .settings
        .nginx
        .as_ref()
        .and_then(|nginx| nginx.raw.as_ref())
    {
        out.comment("targets.nginx.raw");
        super::raw::insert(text, &mut out);
    }
    let mut server = server;
    out.comment("The gateway.");
    let mut listen = Block::new();
    if let Some(port) = build.gateway.listen.http {
        listen.put("listen", [port.to_string(), "default_server".to_owned()]);
    }
    if let (Some(tls), Some(port)) = (&build.gateway.tls, build.gateway.listen.https) {
        listen.append(tls::server(build, tls, port));
    }
    listen.append(std::mem::take(&mut server));
    out.open("server", [""; 0], listen);
    if build.gateway.metrics.value {
        super::frame::metrics(build, &mut out);
    }
    super::frame::modules(build, &mut out);
    out
}

fn used_services(gateway: &Gateway) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    for route in &gateway.routes {
        match &route.action {
            Action::Forward(forward) => {
                used.insert(forward.service.as_str());
            }
            Action::Gather(gather) => {
                used.extend(gather.parts.iter().map(|part| part.service.as_str()))
            }
            Action::Respond(_) => {}
        }
    }
    used
}

/// The usual time limits, for the http block.
#[must_use]
pub fn timeouts(defaults: &Defaults) -> [(&'static str, String); 3] {
    let (connect, response) = defaults.timeout;
    [
        ("proxy_connect_timeout", duration(connect)),
        ("proxy_read_timeout", duration(response)),
        ("proxy_send_timeout", duration(response)),
    ]
}
