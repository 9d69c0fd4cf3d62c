//! A spec in force: the engine with the endpoints, pools and TLS settings that belong to it. A reload makes a new one.

use std::sync::{Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;

use super::endpoint::Endpoint;
use super::tls;
use crate::engine::{Engine, Pool, Timestamp};
use crate::ir::{Address, Balance, Gateway, Protocol, SchemeKind};

/// A spec in force.
pub struct Live {
    /// The meaning.
    pub engine: Engine,
    /// Addresses connected to.
    pub endpoints: Vec<Endpoint>,
    /// Services by number.
    pub services: Vec<Serving>,
    /// The endpoint of each scheme's authorizer, by scheme number, with the path and query asked.
    pub authorizers: Vec<Option<(usize, String)>>,
    /// TLS at the gateway.
    pub tls: Option<TlsAcceptor>,
}

/// A service in force.
pub struct Serving {
    /// The endpoints of its targets.
    pub targets: Vec<usize>,
    // None where there is nothing to choose and nothing to watch: then no lock is taken.
    pool: Option<Mutex<Pool>>,
    /// 5xx answers count against its breaker.
    pub server_errors: bool,
    /// Its base path.
    pub base: String,
}

impl Serving {
    /// Chooses a target.
    pub fn choose(
        &self,
        now: Timestamp,
        hash: impl FnOnce() -> u64,
        tried: &[usize],
    ) -> Option<usize> {
        match &self.pool {
            None => Some(0),
            Some(pool) => lock(pool).choose(now, hash(), tried),
        }
    }

    /// Looks at or changes the pool, where there is one.
    pub fn with_pool<T>(&self, then: impl FnOnce(&mut Pool) -> T) -> Option<T> {
        self.pool.as_ref().map(|pool| then(&mut lock(pool)))
    }
}

fn lock(pool: &Mutex<Pool>) -> std::sync::MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The address of a URL of the spec.
#[must_use]
pub fn address(url: &url::Url) -> Option<Address> {
    let protocol = match url.scheme() {
        "http" => Protocol::Http,
        "https" => Protocol::Https,
        _ => return None,
    };
    Some(Address {
        protocol,
        host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
        port: url.port_or_known_default()?,
        path: String::new(),
    })
}

impl Live {
    /// Prepares a gateway whose secrets are known. `older` gives what was learnt about targets that stay.
    ///
    /// # Errors
    /// What cannot be made ready, in words with its place.
    pub fn new(
        gateway: Gateway,
        development_key: Option<&[u8]>,
        older: Option<&Self>,
    ) -> Result<Self, String> {
        let tls = tls::acceptor(&gateway)?;
        let mut endpoints = Vec::new();
        let mut services = Vec::with_capacity(gateway.services.len());
        for service in gateway.services.values() {
            let config = match &service.tls {
                Some(settings) => {
                    Some(tls::client(settings).map_err(|e| format!("{}: {e}", settings.pointer))?)
                }
                None => None,
            };
            let mut targets = Vec::with_capacity(service.targets.len());
            for target in &service.targets {
                targets.push(endpoints.len());
                let endpoint = Endpoint::new(target.address.clone(), config.clone());
                endpoints.push(endpoint.map_err(|e| format!("{}: {e}", target.pointer))?);
            }
            let watched = service.targets.len() > 1
                || service.health.is_some()
                || service.breaker.is_some()
                || service.balance.value == Balance::LeastConnections;
            let mut pool = Pool::new(service);
            if let Some(known) = older.and_then(|live| live.pool_like(service)) {
                pool.inherit(&known);
            }
            services.push(Serving {
                targets,
                pool: watched.then(|| Mutex::new(pool)),
                server_errors: service.breaker.as_ref().is_some_and(|b| b.server_errors),
                base: service
                    .targets
                    .first()
                    .map(|t| t.address.path.clone())
                    .unwrap_or_default(),
            });
        }
        let mut authorizers = Vec::with_capacity(gateway.schemes.len());
        for scheme in gateway.schemes.values() {
            authorizers.push(match &scheme.kind {
                SchemeKind::External(external) => {
                    let wrong =
                        || format!("{}: `{}` cannot be asked", scheme.pointer, external.url);
                    let config = (external.url.scheme() == "https")
                        .then(tls::roots)
                        .transpose()?;
                    let endpoint =
                        Endpoint::new(address(&external.url).ok_or_else(wrong)?, config)?;
                    endpoints.push(endpoint);
                    let query = external
                        .url
                        .query()
                        .map(|q| format!("?{q}"))
                        .unwrap_or_default();
                    Some((
                        endpoints.len() - 1,
                        format!("{}{query}", external.url.path()),
                    ))
                }
                SchemeKind::Jwt(_) | SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => None,
            });
        }
        let engine = Engine::new(gateway).map_err(|wrong| {
            let lines = wrong
                .iter()
                .map(|w| format!("{}: {}", w.pointer, w.message));
            lines.collect::<Vec<_>>().join("\n")
        })?;
        let engine = match development_key {
            Some(key) => engine.with_development_key(key),
            None => engine,
        };
        Ok(Self {
            engine,
            endpoints,
            services,
            authorizers,
            tls,
        })
    }

    fn pool_like(&self, service: &crate::ir::Service) -> Option<Pool> {
        let (number, _, old) = self.engine.gateway.services.get_full(&service.name)?;
        let same = old
            .targets
            .iter()
            .map(|t| &t.address)
            .eq(service.targets.iter().map(|t| &t.address));
        if same {
            self.services[number].with_pool(|pool| pool.clone())
        } else {
            None
        }
    }
}
