//! DOCUMENT -> FAULTS: what Kong refuses, and what it accepts and then does not do.

mod consumers;
mod plugins;
mod routes;

use std::collections::BTreeSet;

use super::document::{Document, Service};

/// Everything wrong with a document, each a sentence that names the entry.
#[must_use]
pub fn faults(document: &Document) -> Vec<String> {
    let mut faults = Faults::default();
    if document.format_version != "3.0" {
        faults.say("the format is not \"3.0\": older ones rewrite paths that look like regular expressions");
    }
    faults.unique(
        "service",
        document
            .services
            .iter()
            .map(|service| service.name.as_str()),
    );
    faults.unique(
        "route",
        document.all_routes().map(|(_, route)| route.name.as_str()),
    );
    faults.unique(
        "upstream",
        document
            .upstreams
            .iter()
            .map(|upstream| upstream.name.as_str()),
    );
    faults.unique(
        "consumer",
        document
            .consumers
            .iter()
            .map(|consumer| consumer.username.as_str()),
    );
    let certificates = document.certificates.iter().map(|one| one.id.as_str());
    faults.unique(
        "certificate",
        certificates.chain(document.ca_certificates.iter().map(|one| one.id.as_str())),
    );
    faults.unique(
        "sni",
        document
            .certificates
            .iter()
            .flat_map(|one| one.snis.iter().map(|sni| sni.name.as_str())),
    );
    for service in &document.services {
        self::service(service, document, &mut faults);
    }
    for upstream in &document.upstreams {
        self::upstream(upstream, &mut faults);
    }
    routes::check(document, &mut faults);
    consumers::check(document, &mut faults);
    plugins::check(document, &mut faults);
    faults.0
}

/// The list that is made.
#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn say(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
    }

    fn unique<'d>(&mut self, kind: &str, names: impl Iterator<Item = &'d str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                self.say(format!("{kind} `{name}` is there twice"));
            }
        }
    }
}

/// Names of services and routes: letters, digits, `.`, `_`, `~`, `-`, and what is not ASCII.
fn valid_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._~-".contains(c) || !c.is_ascii())
}

/// Characters of RFC 3986 that a plain path may have.
fn valid_path(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_~/%:@!$&'()*+,;=".contains(c);
    path.starts_with('/') && !path.contains("//") && path.chars().all(plain)
}

fn service(service: &Service, document: &Document, faults: &mut Faults) {
    let name = &service.name;
    if !valid_name(name) {
        faults.say(format!(
            "service `{name}` has characters that Kong refuses in names"
        ));
    }
    if !["http", "https"].contains(&service.protocol.as_str()) {
        faults.say(format!("service `{name}` speaks neither http nor https"));
    }
    if service.host.is_empty() || service.host.contains(['/', '?', '#', ' ', '@']) {
        faults.say(format!(
            "service `{name}` has no host name: a path or query there would be dropped"
        ));
    }
    if service.path.as_ref().is_some_and(|path| !valid_path(path)) {
        faults.say(format!(
            "the path of service `{name}` is none: Kong drops a query without a word"
        ));
    }
    if service.retries > 32_767 {
        faults.say(format!("service `{name}` has more than 32767 retries"));
    }
    for (what, millis) in [
        ("connect", service.connect_timeout),
        ("read", service.read_timeout),
        ("write", service.write_timeout),
    ] {
        if !(1..=2_147_483_646).contains(&millis) {
            faults.say(format!(
                "the {what} timeout of service `{name}` is not between 1 and 2147483646 ms"
            ));
        }
    }
    let plain = service.protocol != "https";
    if plain
        && (service.tls_verify.is_some()
            || !service.ca_certificates.is_empty()
            || service.client_certificate.is_some())
    {
        faults.say(format!("service `{name}` has TLS settings without https"));
    }
    for id in &service.ca_certificates {
        if document.ca_certificates.iter().all(|one| one.id != *id) {
            faults.say(format!("service `{name}` names a root that is not there"));
        }
    }
    if service
        .client_certificate
        .as_ref()
        .is_some_and(|id| document.certificates.iter().all(|one| one.id != *id))
    {
        faults.say(format!(
            "service `{name}` names a certificate that is not there"
        ));
    }
    if service.host.ends_with(".upstream")
        && document
            .upstreams
            .iter()
            .all(|upstream| upstream.name != service.host)
    {
        faults.say(format!(
            "service `{name}` names an upstream that is not there"
        ));
    }
}

fn upstream(upstream: &super::document::Upstream, faults: &mut Faults) {
    let name = &upstream.name;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(valid) || name.parse::<std::net::IpAddr>().is_ok() {
        faults.say(format!("upstream `{name}` is not named like a host"));
    }
    if upstream.targets.is_empty() {
        faults.say(format!("upstream `{name}` has no target"));
    }
    for target in &upstream.targets {
        let port = target
            .target
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none_or(|port| port == 0) {
            faults.say(format!(
                "target `{}` has no port: Kong takes 8000",
                target.target
            ));
        }
        if target.weight > 65_535 {
            faults.say(format!(
                "target `{}` has a weight above 65535",
                target.target
            ));
        }
    }
    if upstream.hash_on.as_deref() == Some("header") && upstream.hash_on_header.is_none() {
        faults.say(format!("upstream `{name}` hashes a header without a name"));
    }
    let Some(checks) = &upstream.healthchecks else {
        return;
    };
    let Some(passive) = &checks.passive else {
        return;
    };
    let counts = [
        passive.unhealthy.http_failures,
        passive.unhealthy.tcp_failures,
        passive.unhealthy.timeouts,
    ];
    if counts.iter().any(|count| *count > 0) {
        if passive.healthy.successes == 0 {
            faults.say(format!("the passive failures of upstream `{name}` add up for ever: no success starts them again"));
        }
        let probes = checks.active.as_ref().and_then(|active| {
            active
                .unhealthy
                .interval
                .zip(Some(active.healthy.successes))
        });
        if probes.is_none_or(|(interval, successes)| interval == 0 || successes == 0) {
            faults.say(format!(
                "a target of upstream `{name}` that is out never comes back: nothing probes it"
            ));
        }
    }
}
