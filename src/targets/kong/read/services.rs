//! SERVICES AND UPSTREAMS -> SERVICES: addresses, balancing, probes, breakers, TLS.

use std::sync::Arc;

use serde_json::Value;

use super::{Reader, list, plugins, text, texts};
use crate::ir::units::Millis;
use crate::ir::{
    Address, Balance, Breaker, File, Health, KeyMaterial, Protocol, Raw, Secret, ServerTls,
    Service, Sourced, Target, TlsVersion, UpstreamTls, Via,
};
use crate::source::Pointer;

/// A service's name without the numbers that tell its variants apart.
pub(super) fn plain(name: &str) -> &str {
    match name.rsplit_once('~') {
        Some((plain, numbers))
            if numbers.split('-').count() == 3
                && numbers.bytes().all(|b| b.is_ascii_digit() || b == b'-') =>
        {
            plain
        }
        _ => name,
    }
}

impl Reader {
    /// Every service, its variants as one where they go to the same place.
    pub(super) fn services(&mut self) {
        const KNOWN: &[&str] = &[
            "name",
            "protocol",
            "host",
            "port",
            "path",
            "retries",
            "connect_timeout",
            "read_timeout",
            "write_timeout",
            "tls_verify",
            "ca_certificates",
            "client_certificate",
            "routes",
            "plugins",
        ];
        let root = self.root.clone();
        for (index, value) in list(&root, "services").iter().enumerate() {
            let at = Pointer::root().key("services").index(index);
            self.sheet.unknown(&at, value, KNOWN);
            let name = text(value, "name").unwrap_or_default();
            let service = self.service(value, &at, plain(name));
            if let Some(known) = self.gateway.services.get(plain(name)) {
                let same = known
                    .targets
                    .iter()
                    .map(|t| &t.address)
                    .eq(service.targets.iter().map(|t| &t.address));
                if !same || known.tls != service.tls {
                    self.sheet.leftover(
                        &at,
                        &format!("`{name}` goes elsewhere than the other variants of its service"),
                    );
                }
                continue;
            }
            self.sheet.mark(&service.pointer, &at);
            self.gateway
                .services
                .insert(plain(name).to_owned(), service);
        }
    }

    fn service(&mut self, value: &Value, at: &Pointer, name: &str) -> Service {
        let own = Pointer::root().key("services").key(name);
        let protocol = if text(value, "protocol") == Some("https") {
            Protocol::Https
        } else {
            Protocol::Http
        };
        let host = text(value, "host").unwrap_or_default();
        let port = value
            .get("port")
            .and_then(Value::as_u64)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(80);
        let path = text(value, "path")
            .unwrap_or_default()
            .trim_end_matches('/')
            .to_owned();
        let address = |host: &str, port| Address {
            protocol,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: path.clone(),
        };
        let mut service = Service {
            name: name.to_owned(),
            pointer: own.clone(),
            targets: vec![Target {
                address: address(host, port),
                weight: 1,
                pointer: own.clone(),
            }],
            balance: Sourced::new(Balance::RoundRobin, own.key("balance")),
            health: None,
            breaker: None,
            tls: (protocol == Protocol::Https)
                .then(|| Sourced::new(self.upstream_tls(value, at), own.key("tls"))),
            via: Via::default(),
            raw: None,
        };
        if !plugins::of(value).is_empty() {
            let raw = Raw {
                kong: Some(serde_json::json!({ "plugins": plugins::of(value) })),
                ..Raw::default()
            };
            self.sheet.mark(&own.key("raw"), &at.key("plugins"));
            service.raw = Some(Sourced::new(raw, own.key("raw")));
        }
        let upstreams = self.root.clone();
        let found = list(&upstreams, "upstreams")
            .iter()
            .enumerate()
            .find(|(_, one)| text(one, "name") == Some(host));
        if let Some((index, upstream)) = found {
            let at = Pointer::root().key("upstreams").index(index);
            self.sheet.mark(&own.key("targets"), &at);
            service.targets.clear();
            for target in list(upstream, "targets") {
                let (host, port) = text(target, "target")
                    .and_then(|text| text.rsplit_once(':'))
                    .unwrap_or_default();
                let weight = target.get("weight").and_then(Value::as_u64).unwrap_or(100);
                service.targets.push(Target {
                    address: address(host, port.parse().unwrap_or(8000)),
                    weight: u32::try_from(weight).unwrap_or(u32::MAX),
                    pointer: own.key("targets"),
                });
            }
            self.upstream(upstream, &at, &mut service);
        }
        service
    }

    fn upstream_tls(&mut self, value: &Value, at: &Pointer) -> UpstreamTls {
        let pem = |list_name: &str, id: &str, field: &str| {
            let found = list(&self.root, list_name)
                .iter()
                .find(|one| text(one, "id") == Some(id));
            found.and_then(|one| text(one, field)).map(str::to_owned)
        };
        let roots: Vec<String> = texts(value, "ca_certificates")
            .iter()
            .filter_map(|id| pem("ca_certificates", id, "cert"))
            .collect();
        let client = text(value, "client_certificate").and_then(|id| {
            Some((
                pem("certificates", id, "cert")?,
                pem("certificates", id, "key")?,
            ))
        });
        if value.get("tls_verify").is_none() {
            self.sheet
                .leftover(at, "`tls_verify` is left to the server's settings");
        }
        UpstreamTls {
            ca: (!roots.is_empty()).then(|| file("ca_certificates", &roots.concat())),
            verify: value.get("tls_verify") == Some(&Value::Bool(true)),
            client: client
                .map(|(certificate, key)| (file("client_certificate", &certificate), key_of(&key))),
        }
    }

    fn upstream(&mut self, upstream: &Value, at: &Pointer, service: &mut Service) {
        const KNOWN: &[&str] = &[
            "name",
            "algorithm",
            "hash_on",
            "hash_on_header",
            "healthchecks",
            "targets",
        ];
        self.sheet.unknown(at, upstream, KNOWN);
        let header = text(upstream, "hash_on_header").unwrap_or_default();
        service.balance.value = match (
            text(upstream, "algorithm").unwrap_or("round-robin"),
            text(upstream, "hash_on"),
        ) {
            ("round-robin", _) => Balance::RoundRobin,
            ("least-connections", _) => Balance::LeastConnections,
            ("consistent-hashing", Some("ip")) => Balance::HashClientIp,
            ("consistent-hashing", Some("header")) => Balance::HashHeader(header.to_owned()),
            (other, _) => {
                self.sheet
                    .leftover(&at.key("algorithm"), &format!("balancing by `{other}`"));
                Balance::RoundRobin
            }
        };
        let checks = upstream.get("healthchecks").cloned().unwrap_or_default();
        let (active, passive) = (&checks["active"], &checks["passive"]);
        let checked = at.key("healthchecks");
        let own = service.pointer.clone();
        let millis =
            |value: &Value| Millis((value.as_f64().unwrap_or_default() * 1000.0).round() as u64);
        let count = |value: &Value| {
            value
                .as_u64()
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or_default()
        };
        let probes = active.is_object() && text(active, "type") != Some("tcp");
        if probes {
            let bad = &active["unhealthy"];
            let failures = [
                &bad["http_failures"],
                &bad["tcp_failures"],
                &bad["timeouts"],
            ]
            .map(count);
            if failures.iter().any(|one| *one != failures[0])
                || active["healthy"]["interval"] != bad["interval"]
            {
                self.sheet.leftover(
                    &checked.key("active"),
                    "probes that count kinds of failure apart, or ask at two paces",
                );
            }
            self.sheet.mark(&own.key("health"), &checked.key("active"));
            let health = Health {
                path: text(active, "http_path").unwrap_or("/").to_owned(),
                every: millis(&active["healthy"]["interval"]),
                timeout: millis(&active["timeout"]),
                healthy_after: count(&active["healthy"]["successes"]),
                unhealthy_after: failures[0],
            };
            service.health = Some(Sourced::new(health, own.key("health")));
        }
        let bad = &passive["unhealthy"];
        let each = count(&bad["tcp_failures"]);
        if passive.is_object() && each > 0 {
            let server_errors = count(&bad["http_failures"]) > 0;
            if count(&bad["timeouts"]) != each
                || (server_errors && count(&bad["http_failures"]) != each)
            {
                self.sheet.leftover(
                    &checked.key("passive"),
                    "a breaker that counts kinds of failure apart",
                );
            }
            self.sheet
                .mark(&own.key("breaker"), &checked.key("passive"));
            let kinds = if server_errors { 3 } else { 2 };
            let breaker = Breaker {
                // So many failures of mixed kinds in a row open it at the latest.
                failures: kinds * (each - 1) + 1,
                open: millis(&active["unhealthy"]["interval"]),
                server_errors,
            };
            service.breaker = Some(Sourced::new(breaker, own.key("breaker")));
        }
    }

    /// The gateway's certificate, and whether plain HTTP is redirected.
    pub(super) fn certificates(&mut self) {
        let root = self.root.clone();
        for (index, value) in list(&root, "certificates").iter().enumerate() {
            if list(value, "snis").is_empty() {
                continue;
            }
            let at = Pointer::root().key("certificates").index(index);
            if self.gateway.tls.is_some() {
                self.sheet.leftover(&at, "a second certificate");
                continue;
            }
            let own = Pointer::root().key("gateway").key("tls");
            self.sheet.mark(&own, &at);
            let tls = ServerTls {
                certificate: text(value, "cert").map(|pem| file("certificate", pem)),
                key: text(value, "key").map(key_of),
                acm_arn: None,
                min_version: TlsVersion::V1_2,
                redirect_http: self.redirects(),
            };
            self.gateway.tls = Some(Sourced::new(tls, own));
        }
    }

    /// Whether every route but those that answer anywhere asks for HTTPS.
    fn redirects(&self) -> bool {
        let services = list(&self.root, "services").iter();
        let mut routes = services
            .flat_map(|service| list(service, "routes"))
            .chain(list(&self.root, "routes"));
        routes.any(|route| route.get("https_redirect_status_code").is_some())
    }
}

fn file(name: &str, text: &str) -> File {
    File {
        name: format!("{name} in the file"),
        content: Arc::from(text.as_bytes()),
    }
}

/// A key: PEM, or what a vault holds.
fn key_of(text: &str) -> KeyMaterial {
    match text
        .strip_prefix("{vault://env/")
        .and_then(|rest| rest.strip_suffix('}'))
    {
        Some(name) => KeyMaterial::Secret(Secret::Reference(name.replace('_', "-"))),
        None => match secret(text) {
            reference @ Secret::Reference(_) => KeyMaterial::Secret(reference),
            Secret::Known { text, .. } => KeyMaterial::File(file("key", &text)),
        },
    }
}

/// A credential: its text, or the name in `${NAME}`.
pub(super) fn secret(text: &str) -> Secret {
    match text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    {
        Some(name) => Secret::Reference(name.to_ascii_lowercase().replace('_', "-")),
        None => Secret::Known {
            name: None,
            text: text.to_owned(),
        },
    }
}
