//! GATEWAY -> NGINX.CONF: puts the parts together: main context, maps, upstreams, servers and locations, and the files beside.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::build::{Build, Numbers, duration};
use super::dispatch::dispatch;
use super::document::{Block, print};
use super::hosts::Hosts;
use super::names::{Literals, Slugs};
use super::policy::{credentials, headers, jwt, large, limit, log, quota, remote, tls};
use super::routes::Defaults;
use super::server::{fixed_locations, server_lines};
use super::settings::Settings;
use super::{njs, upstreams};
use crate::ir::{Action, Gateway, Keys, SchemeKind};
use crate::targets::{Artefact, Context, Emitted};

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
    let keys = credentials::schemes(&mut build, &used);
    let tokens = jwt::schemes(&mut build, &used);
    let others = remotes(&mut build, &used, &mut locations);
    let large = large::location(&mut build);
    let mut server = server_lines(&mut build);
    server.append(fixed_locations(&build));
    server.append(large);
    server.append(locations);
    let http = http(&mut build, context, &hosts, &defaults, others, server);
    let contexts = njs::Contexts {
        credentials: keys,
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
                remote::authorizer(build, scheme, external)
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
