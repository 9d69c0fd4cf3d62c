//! Services of two gateways: targets, balancing, health, breaker, TLS.

use indexmap::IndexMap;

use super::change::{Change, Collector, Subject, list, text};
use super::kind;
use super::policy::places;
use crate::ir::{
    Address, Balance, Breaker, File, Health, KeyMaterial, Protocol, Service, Sourced, Via, ViaAws,
};

/// Compares services by name.
pub(super) fn services(
    changes: &mut Vec<Change>,
    left: &IndexMap<String, Service>,
    right: &IndexMap<String, Service>,
) {
    for (name, was) in left {
        let mut c = Collector::new(changes, Subject::Service(name.clone()));
        match right.get(name) {
            Some(is) => service(&mut c, was, is),
            None => c.at(Some(&was.pointer), None).say(
                kind::SERVICE_REMOVED,
                "services",
                Some(urls(was)),
                None,
            ),
        }
    }
    for (name, is) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
        let mut c = Collector::new(changes, Subject::Service(name.clone()));
        c.at(None, Some(&is.pointer))
            .say(kind::SERVICE_ADDED, "services", None, Some(urls(is)));
    }
}

fn url(address: &Address) -> String {
    format!(
        "{}://{}{}",
        address.protocol.name(),
        address.authority(),
        address.path
    )
}

fn on_aws(via: &Via) -> Option<String> {
    via.aws.as_ref().map(|via| match via {
        ViaAws::Lambda(arn) => format!("lambda {arn}"),
        ViaAws::Url(address) => url(address),
        ViaAws::VpcLink { id, listener } => format!("vpc_link {id} listener {listener}"),
    })
}

fn urls(service: &Service) -> serde_json::Value {
    list(
        &service
            .targets
            .iter()
            .map(|target| url(&target.address))
            .collect::<Vec<_>>(),
    )
}

fn service(c: &mut Collector<'_>, was: &Service, is: &Service) {
    c.at(Some(&was.pointer), Some(&is.pointer));
    targets(c, was, is);
    if was.targets.len() > 1 && is.targets.len() > 1 {
        c.at(Some(&was.balance.pointer), Some(&is.balance.pointer));
        c.text(
            kind::BALANCE_CHANGED,
            "balance",
            &balance(&was.balance),
            &balance(&is.balance),
        );
    }
    health(c, was.health.as_ref(), is.health.as_ref());
    breaker(c, was.breaker.as_ref(), is.breaker.as_ref());
    tls(c, was, is);
    c.at(Some(&was.pointer), Some(&is.pointer));
    for (name, left, right) in [
        ("via.aws", on_aws(&was.via), on_aws(&is.via)),
        (
            "via.kong",
            was.via.kong.as_ref().map(url),
            is.via.kong.as_ref().map(url),
        ),
        (
            "via.nginx",
            was.via.nginx.as_ref().map(url),
            is.via.nginx.as_ref().map(url),
        ),
    ] {
        if left != right {
            c.say(
                kind::VIA_CHANGED,
                name,
                left.map(Into::into),
                right.map(Into::into),
            );
        }
    }
    if was.raw != is.raw {
        c.say(
            kind::RAW_CHANGED,
            "raw",
            was.raw.as_ref().map(|_| text(&"set")),
            is.raw.as_ref().map(|_| text(&"set")),
        );
    }
}

fn targets(c: &mut Collector<'_>, was: &Service, is: &Service) {
    let plain = |service: &Service| {
        service
            .targets
            .iter()
            .any(|target| target.address.protocol == Protocol::Http)
    };
    if !plain(was) && plain(is) {
        c.say(
            kind::UPSTREAM_PLAINTEXT,
            "targets",
            Some(urls(was)),
            Some(urls(is)),
        );
        return;
    }
    let find = |service: &Service, address: &Address| {
        service
            .targets
            .iter()
            .find(|target| target.address == *address)
            .cloned()
    };
    for target in &was.targets {
        match find(is, &target.address) {
            None => c.say(
                kind::TARGET_REMOVED,
                "targets",
                Some(text(&url(&target.address))),
                None,
            ),
            Some(other) => {
                let field = format!("targets.{}.weight", url(&target.address));
                c.text(
                    kind::TARGET_WEIGHT_CHANGED,
                    &field,
                    &target.weight,
                    &other.weight,
                );
            }
        }
    }
    for target in is
        .targets
        .iter()
        .filter(|target| find(was, &target.address).is_none())
    {
        c.say(
            kind::TARGET_ADDED,
            "targets",
            None,
            Some(text(&url(&target.address))),
        );
    }
}

fn balance(balance: &Balance) -> String {
    match balance {
        Balance::RoundRobin => "round_robin".to_owned(),
        Balance::LeastConnections => "least_connections".to_owned(),
        Balance::HashClientIp => "hash client_ip".to_owned(),
        Balance::HashHeader(name) => format!("hash header {}", name.to_ascii_lowercase()),
    }
}

fn health(c: &mut Collector<'_>, was: Option<&Sourced<Health>>, is: Option<&Sourced<Health>>) {
    let (left, right) = places(was, is);
    c.at(left, right);
    match (was, is) {
        (None, None) => {}
        (Some(was), None) => c.say(kind::HEALTH_REMOVED, "health", Some(text(&was.path)), None),
        (None, Some(is)) => c.say(kind::HEALTH_ADDED, "health", None, Some(text(&is.path))),
        (Some(was), Some(is)) => {
            c.text(kind::HEALTH_CHANGED, "health.path", &was.path, &is.path);
            c.text(kind::HEALTH_CHANGED, "health.every", &was.every, &is.every);
            c.text(
                kind::HEALTH_CHANGED,
                "health.timeout",
                &was.timeout,
                &is.timeout,
            );
            c.text(
                kind::HEALTH_CHANGED,
                "health.healthy_after",
                &was.healthy_after,
                &is.healthy_after,
            );
            c.text(
                kind::HEALTH_CHANGED,
                "health.unhealthy_after",
                &was.unhealthy_after,
                &is.unhealthy_after,
            );
        }
    }
}

fn breaker(c: &mut Collector<'_>, was: Option<&Sourced<Breaker>>, is: Option<&Sourced<Breaker>>) {
    let (left, right) = places(was, is);
    c.at(left, right);
    match (was, is) {
        (None, None) => {}
        (Some(was), None) => c.say(
            kind::BREAKER_REMOVED,
            "breaker",
            Some(text(&was.failures)),
            None,
        ),
        (None, Some(is)) => c.say(
            kind::BREAKER_ADDED,
            "breaker",
            None,
            Some(text(&is.failures)),
        ),
        (Some(was), Some(is)) => {
            c.text(
                kind::BREAKER_CHANGED,
                "breaker.failures",
                &was.failures,
                &is.failures,
            );
            c.text(kind::BREAKER_CHANGED, "breaker.open", &was.open, &is.open);
            c.text(
                kind::BREAKER_CHANGED,
                "breaker.when.5xx",
                &was.server_errors,
                &is.server_errors,
            );
        }
    }
}

fn tls(c: &mut Collector<'_>, was: &Service, is: &Service) {
    let (left, right) = places(was.tls.as_ref(), is.tls.as_ref());
    c.at(left, right);
    if let (Some(was), Some(is)) = (&was.tls, &is.tls) {
        c.switch(
            kind::UPSTREAM_NOT_VERIFIED,
            kind::UPSTREAM_VERIFIED,
            "tls.verify",
            was.verify,
            is.verify,
        );
        let name = |ca: &Option<crate::ir::File>| {
            ca.as_ref()
                .map_or("the system's".to_owned(), |file| file.name.clone())
        };
        if was.ca.as_ref().map(|file| &file.content) != is.ca.as_ref().map(|file| &file.content) {
            c.say(
                kind::UPSTREAM_ROOTS_CHANGED,
                "tls.ca",
                Some(text(&name(&was.ca))),
                Some(text(&name(&is.ca))),
            );
        }
        if !same_client(was.client.as_ref(), is.client.as_ref()) {
            let shown = |present: bool| Some(text(&if present { "set" } else { "none" }));
            c.say(
                kind::CLIENT_CERTIFICATE_CHANGED,
                "tls.client_certificate",
                shown(was.client.is_some()),
                shown(is.client.is_some()),
            );
        }
    }
}

/// Files are the same when their content is, whatever they are called.
fn same_client(was: Option<&(File, KeyMaterial)>, is: Option<&(File, KeyMaterial)>) -> bool {
    match (was, is) {
        (None, None) => true,
        (Some((certificate, key)), Some((other, other_key))) => {
            certificate.content == other.content && same_key(key, other_key)
        }
        _ => false,
    }
}

/// Whether two keys are the same secret or have the same text.
pub(super) fn same_key(was: &KeyMaterial, is: &KeyMaterial) -> bool {
    match (was, is) {
        (KeyMaterial::File(was), KeyMaterial::File(is)) => was.content == is.content,
        (was, is) => was == is,
    }
}
