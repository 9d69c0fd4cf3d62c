//! GATEWAY -> GATEWAY AS AN ARTEFACT CAN SHOW IT: what means the same is made the same, names that files do not have are matched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ir::{
    Action, Auth, File, Gateway, KeyMaterial, Keys, LimitKey, Raw, Route, Scheme, SchemeKind,
    Secret, Service, Via, keys,
};

/// Prepares one side for a comparison in which an artefact of `target` takes part.
pub fn simplify(gateway: &mut Gateway, target: &str, gathers_are_elsewhere: bool) {
    for service in gateway.services.values_mut() {
        self::service(service, target);
    }
    for route in &mut gateway.routes {
        self::route(route, target);
    }
    if let Some(tls) = &mut gateway.tls {
        tls.value.certificate = tls.value.certificate.take().map(canonical);
        tls.value.key = tls.value.key.take().map(key);
    }
    for scheme in gateway.schemes.values_mut() {
        if let SchemeKind::Jwt(jwt) = &mut scheme.kind {
            let algorithms = jwt.algorithms.clone();
            jwt.keys = material(&jwt.keys, |key| {
                algorithms.iter().any(|algorithm| key.verifies(*algorithm))
            });
            jwt.cognito = jwt.cognito.take().map(|_| String::new());
        }
    }
    for consumer in gateway.consumers.values_mut() {
        consumer.api_keys = consumer.api_keys.drain(..).map(secret).collect();
        consumer.basic = consumer
            .basic
            .take()
            .map(|(name, password)| (name, secret(password)));
    }
    unused(gateway, gathers_are_elsewhere);
}

fn service(service: &mut Service, target: &str) {
    let own = match target {
        "kong" => service.via.kong.take(),
        "nginx" => service.via.nginx.take(),
        _ => None,
    };
    if let (Some(address), Some(first)) = (own, service.targets.first().cloned()) {
        service.targets = vec![crate::ir::Target {
            address,
            weight: 1,
            ..first
        }];
        service.health = None;
        service.breaker = None;
    }
    // With one target and no other address there is nothing to weigh.
    if let [only] = service.targets.as_mut_slice() {
        only.weight = 1;
    }
    service.via = Via::default();
    if let Some(raw) = service.raw.take() {
        let pointer = raw.pointer.clone();
        service.raw = part(raw.value, target).map(|raw| crate::ir::Sourced::new(raw, pointer));
    }
    if let Some(tls) = &mut service.tls {
        tls.value.ca = tls.value.ca.take().map(canonical);
        tls.value.client = tls
            .value
            .client
            .take()
            .map(|(certificate, own)| (canonical(certificate), key(own)));
    }
}

/// The part of native configuration that a target sees.
fn part(raw: Raw, target: &str) -> Option<Raw> {
    let kept = match target {
        "aws" => Raw {
            aws: raw.aws,
            ..Raw::default()
        },
        "kong" => Raw {
            kong: raw.kong,
            ..Raw::default()
        },
        "nginx" => Raw {
            nginx: raw.nginx,
            ..Raw::default()
        },
        _ => raw,
    };
    (kept != Raw::default()).then_some(kept)
}

fn route(route: &mut Route, target: &str) {
    if matches!(route.auth.value, Auth::None { .. }) {
        for limit in &mut route.limits {
            if limit.value.key == LimitKey::Consumer {
                limit.value.key = LimitKey::ClientIp;
            }
        }
    }
    if let Some(raw) = route.raw.take() {
        let pointer = raw.pointer.clone();
        route.raw = part(raw.value, target).map(|raw| crate::ir::Sourced::new(raw, pointer));
    }
    // Both set headers of the same answer.
    if let Action::Respond(respond) = &mut route.action {
        if let Some(pieces) = &respond.location
            && let [crate::ir::Piece::Text(text)] = pieces.as_slice()
        {
            let set = &mut route.response_headers.value.set;
            set.entry("Location".to_owned()).or_insert(text.clone());
            respond.location = None;
        }
        let body = respond.body.as_deref().unwrap_or_default();
        let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
        let by_itself = if json {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        for (name, value) in respond.headers.drain(..) {
            if name.eq_ignore_ascii_case("content-type") && value == by_itself {
                continue;
            }
            let set = &mut route.response_headers.value.set;
            if !set.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
                set.insert(name, value);
            }
        }
    }
    // What is set afterwards need not be removed before.
    for rules in [
        &mut route.request_headers.value,
        &mut route.response_headers.value,
    ] {
        let set: Vec<String> = rules.set.keys().cloned().collect();
        rules
            .remove
            .retain(|name| !set.iter().any(|set| set.eq_ignore_ascii_case(name)));
    }
}

/// The certificates of a PEM file alone.
fn canonical(file: File) -> File {
    let text = String::from_utf8_lossy(&file.content);
    let blocks: Vec<&str> = text
        .split_inclusive("-----END CERTIFICATE-----")
        .filter_map(|block| {
            block
                .find("-----BEGIN CERTIFICATE-----")
                .map(|at| block[at..].trim())
        })
        .collect();
    File {
        content: Arc::from(blocks.join("\n").as_bytes()),
        name: file.name,
    }
}

fn key(key: KeyMaterial) -> KeyMaterial {
    match key {
        KeyMaterial::Secret(known) => KeyMaterial::Secret(secret(known)),
        KeyMaterial::File(file) => {
            let text = String::from_utf8_lossy(&file.content).trim().to_owned();
            KeyMaterial::File(File {
                content: Arc::from(text.as_bytes()),
                name: file.name,
            })
        }
    }
}

/// Artefacts name secrets by their variables, which `a-b` and `a_b` share.
fn secret(secret: Secret) -> Secret {
    match secret {
        Secret::Reference(name) => Secret::Reference(
            Secret::variable(&name)
                .to_ascii_lowercase()
                .replace('_', "-"),
        ),
        known @ Secret::Known { .. } => known,
    }
}

/// Public keys as a sorted list of PEM blocks, however they were written.
fn material(of: &Keys, wanted: impl Fn(&keys::PublicKey) -> bool) -> Keys {
    let (name, found) = match of {
        Keys::JwksFile(file) => (file.name.clone(), keys::of_key_set(&file.content)),
        Keys::Pem(file) => {
            let text = String::from_utf8_lossy(&file.content).into_owned();
            let blocks = text.split_inclusive("-----END PUBLIC KEY-----");
            (
                file.name.clone(),
                blocks
                    .filter_map(|block| keys::of_pem(block.as_bytes()))
                    .collect(),
            )
        }
        Keys::Secret(known) => return Keys::Secret(secret(known.clone())),
        Keys::JwksUrl(url) => return Keys::JwksUrl(url.clone()),
    };
    let pems: BTreeSet<String> = found
        .iter()
        .filter(|key| wanted(key))
        .map(|key| key.pem().trim().to_owned())
        .collect();
    let text = pems.into_iter().collect::<Vec<_>>().join("\n");
    Keys::Pem(File {
        name,
        content: Arc::from(text.as_bytes()),
    })
}

/// Leaves out what no route and no consumer uses: artefacts do not hold it.
fn unused(gateway: &mut Gateway, gathers_are_elsewhere: bool) {
    let (mut services, mut schemes) = (BTreeSet::new(), BTreeSet::new());
    for route in &gateway.routes {
        schemes.extend(route.auth.schemes().iter().cloned());
        match &route.action {
            Action::Forward(forward) => {
                services.insert(forward.service.clone());
            }
            Action::Gather(gather) if !gathers_are_elsewhere => {
                services.extend(gather.parts.iter().map(|part| part.service.clone()));
            }
            Action::Gather(_) | Action::Respond(_) => {}
        }
    }
    let plans: BTreeSet<String> = gateway
        .consumers
        .values()
        .filter_map(|consumer| consumer.plan.clone())
        .collect();
    gateway.services.retain(|name, _| services.contains(name));
    gateway.schemes.retain(|name, _| schemes.contains(name));
    gateway.plans.retain(|name, _| plans.contains(name));
}

/// Gives schemes and plans of `right` the names that `left` has for the same things.
pub fn match_names(left: &Gateway, right: &mut Gateway) {
    let mut schemes: BTreeMap<String, String> = BTreeMap::new();
    // The very same first, so that of two alike the changed one is left.
    for exact in [true, false] {
        for scheme in right.schemes.values() {
            if left.schemes.contains_key(&scheme.name) || schemes.contains_key(&scheme.name) {
                continue;
            }
            let free = |other: &&Scheme| {
                !right.schemes.contains_key(&other.name)
                    && !schemes.values().any(|taken| *taken == other.name)
            };
            let fits = |other: &&Scheme| {
                if exact {
                    other.kind == scheme.kind
                } else {
                    same(&other.kind, &scheme.kind)
                }
            };
            let other = left
                .schemes
                .values()
                .filter(free)
                .find(fits)
                .map(|other| other.name.clone());
            if let Some(other) = other {
                schemes.insert(scheme.name.clone(), other);
            }
        }
    }
    let renamed =
        |names: &BTreeMap<String, String>, name: &String| names.get(name).unwrap_or(name).clone();
    right.schemes = std::mem::take(&mut right.schemes)
        .into_iter()
        .map(|(name, mut scheme)| {
            scheme.name = renamed(&schemes, &name);
            (scheme.name.clone(), scheme)
        })
        .collect();
    for route in &mut right.routes {
        if let Auth::Any(names) | Auth::All(names) = &mut route.auth.value {
            for name in names {
                *name = renamed(&schemes, name);
            }
        }
    }
    let mut plans = BTreeMap::new();
    for plan in right
        .plans
        .values()
        .filter(|plan| !left.plans.contains_key(&plan.name))
    {
        let holders: BTreeSet<&String> = right
            .consumers
            .values()
            .filter(|one| one.plan.as_ref() == Some(&plan.name))
            .map(|one| &one.name)
            .collect();
        let other = left
            .consumers
            .values()
            .find(|one| holders.contains(&one.name))
            .and_then(|one| one.plan.clone());
        if let Some(other) = other.filter(|other| !right.plans.contains_key(other)) {
            plans.insert(plan.name.clone(), other);
        }
    }
    right.plans = std::mem::take(&mut right.plans)
        .into_iter()
        .map(|(name, mut plan)| {
            plan.name = renamed(&plans, &name);
            (plan.name.clone(), plan)
        })
        .collect();
    for consumer in right.consumers.values_mut() {
        consumer.plan = consumer.plan.take().map(|name| renamed(&plans, &name));
    }
}

/// Whether two schemes read the same credential.
fn same(left: &SchemeKind, right: &SchemeKind) -> bool {
    match (left, right) {
        (SchemeKind::Basic(_), SchemeKind::Basic(_)) => true,
        (SchemeKind::Jwt(left), SchemeKind::Jwt(right)) => {
            left.issuer == right.issuer && left.keys == right.keys
        }
        (SchemeKind::ApiKey(left), SchemeKind::ApiKey(right)) => {
            use crate::ir::ApiKeyPlace::{Header, Query};
            match (left, right) {
                (Header(left), Header(right)) => left.eq_ignore_ascii_case(right),
                (Query(left), Query(right)) => left == right,
                (Header(_), Query(_)) | (Query(_), Header(_)) => false,
            }
        }
        (SchemeKind::External(left), SchemeKind::External(right)) => left.url == right.url,
        _ => false,
    }
}
