//! SERVICES -> services by the timeouts and retries of their routes, and upstreams for what a plain host cannot do.

use std::collections::BTreeMap;

use super::document::{
    ActiveCheck, CaCertificate, Certificate, Document, Healthchecks, Healthy, PassiveCheck,
    Service, Target, Unhealthy, Upstream,
};
use super::names;
use super::policy::token::placeholder;
use crate::ir::{Address, Balance, Breaker, Gateway, Health, KeyMaterial, Protocol, Route, Secret};

/// What a Kong service holds for all its routes: connect and response milliseconds, retries.
pub type Variant = (u64, u64, u32);

/// The variant of a route.
#[must_use]
pub fn variant(route: &Route) -> Variant {
    (
        route.timeout.connect.0.max(1),
        route.timeout.response.0.max(1),
        route.retries.attempts,
    )
}

/// The names of a service's variants: the plain name for the one most routes have, the numbers in the others'.
#[must_use]
pub fn variants(gateway: &Gateway) -> BTreeMap<(String, Variant), String> {
    let mut counts: BTreeMap<&str, BTreeMap<Variant, usize>> = BTreeMap::new();
    for route in &gateway.routes {
        if let crate::ir::Action::Forward(forward) = &route.action {
            *counts
                .entry(&forward.service)
                .or_default()
                .entry(variant(route))
                .or_default() += 1;
        }
    }
    let mut named = BTreeMap::new();
    for (service, variants) in counts {
        let most = variants.values().max().copied().unwrap_or_default();
        let plain = variants
            .iter()
            .find(|(_, count)| **count == most)
            .map(|(variant, _)| *variant);
        for variant in variants.keys() {
            let base = names::of_service(service);
            let (connect, response, retries) = variant;
            let name = if Some(*variant) == plain {
                base
            } else {
                format!("{base}~{connect}-{response}-{retries}")
            };
            named.insert((service.to_owned(), *variant), name);
        }
    }
    named
}

/// Whether a service needs an upstream: several targets, probes, a breaker.
#[must_use]
pub fn needs_upstream(service: &crate::ir::Service) -> bool {
    service.via.kong.is_none()
        && (service.targets.len() > 1 || service.health.is_some() || service.breaker.is_some())
}

/// The address that holds for all targets: protocol and base path.
#[must_use]
pub fn address(service: &crate::ir::Service) -> Option<&Address> {
    service
        .via
        .kong
        .as_ref()
        .or_else(|| service.targets.first().map(|target| &target.address))
}

/// A Kong service of this name.
#[must_use]
pub fn service(
    service: &crate::ir::Service,
    name: &str,
    variant: Variant,
    document: &mut Document,
) -> Service {
    let (connect, response, retries) = variant;
    let mut made = Service {
        name: name.to_owned(),
        retries,
        connect_timeout: connect,
        read_timeout: response,
        write_timeout: response,
        ..Service::default()
    };
    let Some(address) = address(service) else {
        return made;
    };
    made.protocol = address.protocol.name().to_owned();
    made.host = if needs_upstream(service) {
        upstream_name(&service.name)
    } else {
        host(&address.host)
    };
    made.port = address.port;
    made.path = (!address.path.is_empty()).then(|| address.path.clone());
    if address.protocol == Protocol::Https {
        tls(service, &mut made, document);
    }
    made
}

fn tls(service: &crate::ir::Service, made: &mut Service, document: &mut Document) {
    let Some(tls) = &service.tls else { return };
    made.tls_verify = Some(tls.verify);
    if let Some(ca) = &tls.ca {
        for certificate in certificates(&String::from_utf8_lossy(&ca.content)) {
            let id = names::uuid(&format!("ca {certificate}"));
            if document.ca_certificates.iter().all(|one| one.id != id) {
                document.ca_certificates.push(CaCertificate {
                    id: id.clone(),
                    cert: certificate,
                });
            }
            made.ca_certificates.push(id);
        }
    }
    if let Some((certificate, key)) = &tls.client {
        let cert = String::from_utf8_lossy(&certificate.content).into_owned();
        let id = names::uuid(&format!("client {cert}"));
        if document.certificates.iter().all(|one| one.id != id) {
            document.certificates.push(Certificate {
                id: id.clone(),
                cert,
                key: key_text(key),
                snis: Vec::new(),
            });
        }
        made.client_certificate = Some(id);
    }
}

/// The single certificates of a PEM file: Kong holds one in each `ca_certificates` entry.
fn certificates(pem: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    pem.match_indices("-----BEGIN CERTIFICATE-----")
        .filter_map(|(start, _)| {
            pem[start..]
                .find(END)
                .map(|end| format!("{}\n", &pem[start..start + end + END.len()]))
        })
        .collect()
}

/// A certificate's key: text, or a reference that Kong's own vault resolves from its environment.
#[must_use]
pub fn key_text(key: &KeyMaterial) -> String {
    match key {
        KeyMaterial::File(file) => String::from_utf8_lossy(&file.content).into_owned(),
        KeyMaterial::Secret(Secret::Reference(name)) => {
            format!("{{vault://env/{}}}", Secret::variable(name).to_lowercase())
        }
        KeyMaterial::Secret(known @ Secret::Known { .. }) => placeholder(known),
    }
}

fn host(name: &str) -> String {
    if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    }
}

/// The name of a service's upstream, which no host of the spec has.
#[must_use]
pub fn upstream_name(service: &str) -> String {
    format!("{}.upstream", names::of_service(service))
}

/// The upstream of a service.
#[must_use]
pub fn upstream(service: &crate::ir::Service, retried: bool) -> Upstream {
    let mut made = Upstream {
        name: upstream_name(&service.name),
        ..Upstream::default()
    };
    match &service.balance.value {
        Balance::RoundRobin => made.algorithm = "round-robin".into(),
        Balance::LeastConnections => made.algorithm = "least-connections".into(),
        Balance::HashClientIp => {
            made.algorithm = "consistent-hashing".into();
            made.hash_on = Some("ip".into());
        }
        Balance::HashHeader(name) => {
            made.algorithm = "consistent-hashing".into();
            made.hash_on = Some("header".into());
            made.hash_on_header = Some(name.clone());
        }
    }
    made.targets = service
        .targets
        .iter()
        .map(|target| Target {
            target: format!("{}:{}", host(&target.address.host), target.address.port),
            weight: target.weight,
        })
        .collect();
    let health = service.health.as_ref().map(|health| &health.value);
    let breaker = service.breaker.as_ref().map(|breaker| &breaker.value);
    let https = address(service).is_some_and(|address| address.protocol == Protocol::Https);
    let verify = service.tls.as_ref().is_none_or(|tls| tls.verify);
    let active = active(health, breaker, https, verify);
    let passive = breaker.map(|breaker| passive(breaker, https, retried));
    made.healthchecks =
        (active.is_some() || passive.is_some()).then_some(Healthchecks { active, passive });
    made
}

fn statuses(from: u16, to: u16) -> Vec<u16> {
    (from..=to).collect()
}

/// Whole seconds, rounded up: Kong takes fractions, decK none.
#[must_use]
pub fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1000)
}

/// Whether any route of a service tries again.
#[must_use]
pub fn retried(gateway: &Gateway, service: &crate::ir::Service) -> bool {
    let to_it = |route: &&Route| matches!(&route.action, crate::ir::Action::Forward(forward) if forward.service == service.name);
    gateway
        .routes
        .iter()
        .filter(to_it)
        .any(|route| route.retries.attempts > 0)
}

fn kind(https: bool) -> String {
    if https { "https".into() } else { "http".into() }
}

/// Probes. A breaker needs them to let a target back in: by the path of `health`, else by opening a connection.
fn active(
    health: Option<&Health>,
    breaker: Option<&Breaker>,
    https: bool,
    verify: bool,
) -> Option<ActiveCheck> {
    if let Some(health) = health {
        let interval = Some(seconds(health.every.0));
        return Some(ActiveCheck {
            r#type: kind(https),
            https_verify_certificate: https.then_some(verify),
            http_path: Some(health.path.clone()),
            timeout: seconds(health.timeout.0),
            healthy: Healthy {
                interval,
                successes: health.healthy_after.min(255),
                http_statuses: statuses(200, 399),
            },
            unhealthy: Unhealthy {
                interval,
                http_failures: health.unhealthy_after.min(255),
                tcp_failures: health.unhealthy_after.min(255),
                timeouts: health.unhealthy_after.min(255),
                http_statuses: statuses(400, 599),
            },
        });
    }
    let interval = Some(seconds(breaker?.open.0));
    Some(ActiveCheck {
        r#type: "tcp".into(),
        timeout: 1,
        healthy: Healthy {
            interval,
            successes: 1,
            ..Healthy::default()
        },
        // Real requests take it out; these only have to be there for probes to run.
        unhealthy: Unhealthy {
            interval,
            tcp_failures: 255,
            timeouts: 255,
            ..Unhealthy::default()
        },
        ..ActiveCheck::default()
    })
}

/// The number at which each kind of failure opens the breaker. Kong counts them apart, so `failures` in a row of mixed kinds are
/// only sure to open it when each kind opens it earlier.
#[must_use]
pub fn failures_of_a_kind(breaker: &Breaker, retried: bool) -> u32 {
    // Timeouts and bad statuses; refused connections are of a kind of their own when another try follows.
    let kinds = if retried { 3 } else { 2 };
    breaker.failures.saturating_sub(1) / kinds + 1
}

fn passive(breaker: &Breaker, https: bool, retried: bool) -> PassiveCheck {
    let each = failures_of_a_kind(breaker, retried).min(255);
    // Kong reports the last try of a request by its status: a refused connection is a 502, a timeout (and any 504) a timeout.
    let failing = if breaker.server_errors {
        statuses(500, 599)
    } else {
        vec![502]
    };
    PassiveCheck {
        r#type: kind(https),
        // One success starts the count again; without it failures would add up over days.
        healthy: Healthy {
            successes: 1,
            http_statuses: statuses(200, 599)
                .into_iter()
                .filter(|status| *status != 504 && !failing.contains(status))
                .collect(),
            ..Healthy::default()
        },
        unhealthy: Unhealthy {
            http_failures: each,
            tcp_failures: each,
            timeouts: each,
            http_statuses: failing,
            ..Unhealthy::default()
        },
    }
}
