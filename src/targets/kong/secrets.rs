//! SECRETS -> VARIABLES: what a person fills in, and what Kong reads itself.

use std::collections::BTreeMap;

use crate::ir::{self, Gateway, Keys, SchemeKind, Secret};

/// Secrets that stay outside: variables for placeholders, and variables that Kong reads itself.
#[must_use]
pub fn variables(gateway: &Gateway) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut placeholders = BTreeMap::new();
    let mut references = BTreeMap::new();
    let ask = |secret: &Secret, into: &mut BTreeMap<String, String>| {
        if let Secret::Reference(name) = secret {
            into.insert(Secret::variable(name), name.clone());
        }
    };
    for consumer in gateway.consumers.values() {
        let passwords = consumer.basic.iter().map(|(_, password)| password);
        consumer
            .api_keys
            .iter()
            .chain(passwords)
            .for_each(|secret| ask(secret, &mut placeholders));
    }
    for scheme in gateway.schemes.values() {
        if let SchemeKind::Jwt(ir::Jwt {
            keys: Keys::Secret(secret),
            ..
        }) = &scheme.kind
        {
            ask(secret, &mut placeholders);
        }
    }
    let server = gateway.tls.iter().filter_map(|tls| tls.key.as_ref());
    let clients = gateway
        .services
        .values()
        .filter_map(|service| service.tls.as_ref()?.client.as_ref().map(|(_, key)| key));
    for key in server.chain(clients) {
        if let ir::KeyMaterial::Secret(secret) = key {
            ask(secret, &mut references);
        }
    }
    (placeholders, references)
}
