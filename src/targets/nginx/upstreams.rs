//! SERVICES -> UPSTREAMS: servers, weights, balancing, and the passive breaker; TLS towards them.

use std::collections::HashMap;

use super::build::Build;
use super::document::Block;
use super::names::header_variable;
use crate::ir::{Action, Address, Balance, KeyMaterial, Protocol, Secret, Service, UpstreamTls};

/// The name of a service's upstream block: its own, kept apart from host names.
#[must_use]
pub fn name(build: &Build<'_>, service: &str) -> String {
    let index = build
        .gateway
        .services
        .get_index_of(service)
        .unwrap_or_default();
    let word: String = service
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    format!("gw_{index}_{word}")
}

/// Where the service is asked by nginx.
#[must_use]
pub fn addresses(service: &Service) -> Vec<(&Address, u32)> {
    match &service.via.nginx {
        Some(address) => vec![(address, 1)],
        None => service
            .targets
            .iter()
            .map(|target| (&target.address, target.weight))
            .collect(),
    }
}

/// The first address: protocol, base path and Host header are the same for all or taken from it.
#[must_use]
pub fn first(service: &Service) -> &Address {
    service
        .via
        .nginx
        .as_ref()
        .unwrap_or_else(|| &service.targets[0].address)
}

/// `host:port` as `server` takes it.
#[must_use]
pub fn server(address: &Address) -> String {
    let host = if address.host.contains(':') {
        format!("[{}]", address.host)
    } else {
        address.host.clone()
    };
    format!("{host}:{}", address.port)
}

/// How many tries the routes of each service make at most: more tries than targets need the one target to stand
/// there more than once.
fn tries<'g>(build: &Build<'g>) -> HashMap<&'g str, usize> {
    let mut most: HashMap<&str, usize> = HashMap::new();
    for route in &build.gateway.routes {
        if let Action::Forward(forward) = &route.action {
            let tries = most.entry(&forward.service).or_insert(1);
            *tries = (*tries).max(route.retries.attempts as usize + 1);
        }
    }
    most
}

/// All upstream blocks. Services that no route asks have none.
pub fn upstreams(build: &Build<'_>, used: &std::collections::BTreeSet<&str>) -> Block {
    let mut out = Block::new();
    let tries = tries(build);
    for service in build
        .gateway
        .services
        .values()
        .filter(|service| used.contains(service.name.as_str()))
    {
        let name = name(build, &service.name);
        let most = tries.get(service.name.as_str()).copied().unwrap_or(1);
        let inner = upstream(service, &name, most);
        out.open("upstream", [name], inner);
    }
    out
}

fn upstream(service: &Service, name: &str, tries: usize) -> Block {
    let mut out = Block::new();
    let addresses = addresses(service);
    let guarded = service.breaker.is_some() || service.health.is_some();
    if guarded || addresses.len() > 1 {
        // State shared by the workers; without it every worker counts and balances alone.
        out.put("zone", [name.to_owned(), "64k".to_owned()]);
    }
    if addresses.len() > 1 {
        match &service.balance.value {
            Balance::RoundRobin => {}
            Balance::LeastConnections => out.put("least_conn", [""; 0]),
            Balance::HashClientIp => out.put("hash", ["$remote_addr", "consistent"]),
            Balance::HashHeader(header) => {
                out.put("hash", [header_variable(header), "consistent".to_owned()])
            }
        }
    }
    let lines = if addresses.len() == 1 { tries } else { 1 };
    let (fails, window) = failures(service, lines);
    for (address, weight) in &addresses {
        for _ in 0..lines {
            let mut args = vec![server(address)];
            if *weight != 1 {
                args.push(format!("weight={weight}"));
            }
            args.push(format!("max_fails={fails}"));
            if fails > 0 {
                args.push(format!("fail_timeout={window}s"));
            }
            out.0.push(super::document::Item::Directive(
                super::document::Directive::simple("server", args),
            ));
        }
    }
    if guarded && addresses.len() == 1 && lines == 1 {
        // nginx ignores max_fails of an upstream's only server; a second one that is always down brings it back.
        out.put("server", ["127.0.0.1:9", "down"]);
    }
    out.put("keepalive", ["32"]);
    out.put("keepalive_timeout", ["55s"]);
    out
}

/// `max_fails` and `fail_timeout` in seconds; 0 for no breaker.
fn failures(service: &Service, lines: usize) -> (u32, u64) {
    let lines = u32::try_from(lines).unwrap_or(1);
    match (&service.breaker, &service.health) {
        (Some(breaker), _) => (
            (breaker.failures / lines).max(1),
            breaker.open.0.div_ceil(1000),
        ),
        (None, Some(health)) => (
            health.unhealthy_after,
            (health.every.0 * u64::from(health.healthy_after))
                .div_ceil(1000)
                .max(1),
        ),
        (None, None) => (0, 0),
    }
}

/// Directives of a location that forwards to an `https` service.
pub fn tls(build: &mut Build<'_>, address: &Address, tls: Option<&UpstreamTls>) -> Block {
    let mut out = Block::new();
    if address.protocol == Protocol::Http {
        return out;
    }
    let default = UpstreamTls {
        ca: None,
        verify: true,
        client: None,
    };
    let tls = tls.unwrap_or(&default);
    out.put("proxy_ssl_server_name", ["on"]);
    out.put("proxy_ssl_name", [address.host.clone()]);
    out.put("proxy_ssl_protocols", ["TLSv1.2", "TLSv1.3"]);
    if tls.verify {
        let roots = match &tls.ca {
            Some(file) => build.file("tls", &file.name, &file.content),
            None => "/etc/ssl/certs/ca-certificates.crt".to_owned(),
        };
        out.put("proxy_ssl_verify", ["on"]);
        out.put("proxy_ssl_verify_depth", ["4"]);
        out.put("proxy_ssl_trusted_certificate", [roots]);
    }
    if let Some((certificate, key)) = &tls.client {
        let certificate = build.file("tls", &certificate.name, &certificate.content);
        let key = key_file(build, key);
        out.put("proxy_ssl_certificate", [certificate]);
        out.put("proxy_ssl_certificate_key", [key]);
    }
    out
}

/// The file of a private key; one that is a reference has to be put there.
pub fn key_file(build: &mut Build<'_>, key: &KeyMaterial) -> String {
    match key {
        KeyMaterial::File(file) => build.file("tls", &file.name, &file.content),
        KeyMaterial::Secret(Secret::Known { name, text }) => {
            let name = name.clone().unwrap_or_else(|| "private".to_owned());
            build.file("tls", &format!("{name}.key"), text.as_bytes())
        }
        KeyMaterial::Secret(Secret::Reference(name)) => {
            let path = format!("tls/{name}.key");
            let note = format!(
                "put the private key `secret://{name}` in PEM into `nginx/{path}`, readable by the user that starts nginx"
            );
            if !build.notes.contains(&note) {
                build.notes.push(note);
            }
            path
        }
    }
}
