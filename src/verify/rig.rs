//! Rig: a gateway as specified, with everything outside of it replaced by what a run controls.
//!
//! Services point at echo upstreams, keys are the run's own, secrets are known, external authorizers answer by a header.
//! What the gateway itself does is untouched, so what is measured is what was specified.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;

use super::keys::{SECRET, TRUSTED};
use crate::ir::{
    Address, Algorithm, Counters, File, Gateway, Jwt, Keys, Protocol, SchemeKind, Secret, Via,
};

/// Where the things outside of the gateway listen on loopback.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// The echo upstream of each service, one address a target.
    pub services: BTreeMap<String, Vec<SocketAddr>>,
    /// Serves `/<scheme>/jwks.json`.
    pub key_server: Option<SocketAddr>,
    /// The authorizer of each external scheme.
    pub authorizers: BTreeMap<String, SocketAddr>,
}

/// A value for a secret that cannot be mistaken for another.
#[must_use]
pub fn secret_value(name: &str) -> String {
    format!("Verify-{name}-0123456789abcdef")
}

/// The key set that the key server gives for a scheme.
#[must_use]
pub fn published_keys(jwt: &Jwt) -> Value {
    TRUSTED.jwks(&jwt.algorithms)
}

/// Puts the run's own things in place of what is outside of the gateway.
#[must_use]
pub fn rig(mut gateway: Gateway, outside: &Outside) -> Gateway {
    // Redis is outside too: what is measured is how one node counts.
    gateway.counters.value = Counters::Local;
    for (name, service) in &mut gateway.services {
        service.via = Via::default();
        service.tls = None;
        let listeners = outside.services.get(name).map_or(&[][..], Vec::as_slice);
        for (target, address) in service.targets.iter_mut().zip(listeners) {
            target.address = Address {
                protocol: Protocol::Http,
                host: address.ip().to_string(),
                port: address.port(),
                path: target.address.path.clone(),
            };
        }
    }
    for (name, scheme) in &mut gateway.schemes {
        if let (SchemeKind::External(external), Some(address)) =
            (&mut scheme.kind, outside.authorizers.get(name))
        {
            let _ = external.url.set_scheme("http");
            let _ = external.url.set_ip_host(address.ip());
            let _ = external.url.set_port(Some(address.port()));
        }
    }
    for (name, consumer) in &mut gateway.consumers {
        for (number, key) in consumer.api_keys.iter_mut().enumerate() {
            *key = known(key, &format!("{name}-key-{number}"));
        }
        if let Some((_, password)) = &mut consumer.basic {
            *password = known(password, &format!("{name}-password"));
        }
    }
    rig_keys(gateway, outside)
}

/// Puts the run's own keys in place of those that tokens are checked with.
#[must_use]
pub fn rig_keys(mut gateway: Gateway, outside: &Outside) -> Gateway {
    for (name, scheme) in &mut gateway.schemes {
        if let SchemeKind::Jwt(jwt) = &mut scheme.kind {
            keys(name, jwt, outside);
        }
    }
    gateway
}

fn known(secret: &Secret, fallback: &str) -> Secret {
    let name = match secret {
        Secret::Reference(name)
        | Secret::Known {
            name: Some(name), ..
        } => Some(name.clone()),
        Secret::Known { name: None, .. } => None,
    };
    Secret::Known {
        text: secret_value(name.as_deref().unwrap_or(fallback)),
        name,
    }
}

fn keys(name: &str, jwt: &mut Jwt, outside: &Outside) {
    let published = published_keys(jwt).to_string();
    jwt.keys = match (&jwt.keys, outside.key_server) {
        (Keys::JwksUrl(_), Some(address)) => {
            match format!("http://{address}/{name}/jwks.json").parse() {
                Ok(url) => Keys::JwksUrl(url),
                Err(_) => return,
            }
        }
        (Keys::Secret(secret), _) => {
            let name = match secret {
                Secret::Reference(name)
                | Secret::Known {
                    name: Some(name), ..
                } => Some(name.clone()),
                Secret::Known { name: None, .. } => None,
            };
            Keys::Secret(Secret::Known {
                name,
                text: SECRET.to_owned(),
            })
        }
        (Keys::JwksFile(file) | Keys::Pem(file), _) => file_of(&file.name, published),
        (Keys::JwksUrl(_), None) => file_of("jwks.json", published),
    };
    // A Cognito pool's keys come from its issuer, which a run cannot be: it is a token scheme like any other here.
    if jwt.cognito.is_some() && jwt.algorithms.is_empty() {
        jwt.algorithms = vec![Algorithm::RS256];
    }
}

fn file_of(name: &str, text: String) -> Keys {
    Keys::JwksFile(File {
        name: name.to_owned(),
        content: Arc::from(text.into_bytes()),
    })
}
