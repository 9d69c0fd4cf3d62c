//! What is remembered of one request until its answer has ended, and then logged, counted and shown.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use http::HeaderValue;

use super::log::{Line, millis, time};
use super::recorder::Seen;
use super::worker::{Local, Worker};
use crate::engine::{Identity, Timestamp, Trace};
use crate::ir::{AccessLog, RouteId};

/// One request under way.
pub struct Record {
    worker: Rc<Worker>,
    local: Rc<Local>,
    // None: nobody wants to know.
    details: Option<Box<Details>>,
}

struct Details {
    at: Timestamp,
    started: Instant,
    request_id: Option<HeaderValue>,
    client: IpAddr,
    method: String,
    host: String,
    path: String,
    route: Option<RouteId>,
    consumer: Option<String>,
    status: u16,
    upstream: Option<usize>,
    upstream_status: Option<u16>,
    reason: &'static str,
    trace: Trace,
}

impl Record {
    /// Begins one. Nothing is copied when neither log, metrics nor console want it.
    #[must_use]
    pub fn begin(
        worker: &Rc<Worker>,
        local: &Rc<Local>,
        request: &crate::engine::Request<'_>,
        at: Timestamp,
    ) -> Self {
        let gateway = &local.live.engine.gateway;
        let wanted = worker.shared.recorder.is_some()
            || gateway.metrics.value
            || gateway.access_log.value != AccessLog::None;
        let details = || Details {
            at,
            started: Instant::now(),
            request_id: None,
            client: request.peer.to_canonical(),
            method: request.method.to_owned(),
            host: request.authority.to_owned(),
            path: request.path.to_owned(),
            route: None,
            consumer: None,
            status: 0,
            upstream: None,
            upstream_status: None,
            reason: "",
            trace: Trace::silent(),
        };
        Self {
            worker: worker.clone(),
            local: local.clone(),
            details: wanted.then(|| Box::new(details())),
        }
    }

    /// The trace of its decisions.
    pub fn keep_trace(&mut self, trace: Trace) {
        if let Some(details) = &mut self.details {
            details.trace = trace;
        }
    }

    /// Its ID.
    pub fn identified(&mut self, id: Option<&HeaderValue>) {
        if let Some(details) = &mut self.details {
            details.request_id = id.cloned();
        }
    }

    /// It has a route and a client.
    pub fn routed(&mut self, route: Option<RouteId>, client: IpAddr) {
        if let Some(details) = &mut self.details {
            details.route = route;
            details.client = client;
        }
    }

    /// It is somebody.
    pub fn known(&mut self, identity: &Identity) {
        if let (Some(details), Some(id)) = (&mut self.details, identity.consumer) {
            let consumers = &self.local.live.engine.gateway.consumers;
            details.consumer = consumers.get_index(id.0).map(|(name, _)| name.clone());
        }
    }

    /// A target answered.
    pub fn answered(&mut self, endpoint: usize, status: u16) {
        if let Some(details) = &mut self.details {
            details.upstream = Some(endpoint);
            details.upstream_status = Some(status);
        }
    }

    /// What the client gets, and why if the gateway refused.
    pub fn decided(&mut self, status: u16, reason: &'static str) {
        if let Some(details) = &mut self.details {
            details.status = status;
            details.reason = reason;
        }
    }

    /// It is over.
    pub fn end(self, bytes: u64) {
        let Some(details) = self.details else { return };
        let (shared, live) = (&self.worker.shared, &self.local.live);
        let gateway = &live.engine.gateway;
        let route = details.route.map(|id| gateway.routes[id.0].key.as_str());
        let took = details.started.elapsed();
        if gateway.metrics.value {
            shared.metrics.count(
                route.unwrap_or("none"),
                details.status,
                details.reason,
                took,
                bytes,
            );
        }
        let upstream = details
            .upstream
            .map(|e| live.endpoints[e].address.authority());
        let reason = Some(details.reason).filter(|reason| !reason.is_empty());
        let request_id = details.request_id.as_ref().and_then(|id| id.to_str().ok());
        if gateway.access_log.value == AccessLog::Json {
            shared.log.write(&Line {
                time: time(details.at),
                request_id,
                client_ip: details.client.to_string(),
                host: &details.host,
                method: &details.method,
                path: &details.path,
                route,
                consumer: details.consumer.as_deref(),
                status: details.status,
                bytes,
                duration_ms: millis(took),
                upstream: upstream.as_deref(),
                upstream_status: details.upstream_status,
                reason,
            });
        }
        if let Some(recorder) = &shared.recorder {
            recorder.add(Seen {
                number: 0,
                time: time(details.at),
                request_id: request_id.map(str::to_owned),
                client_ip: details.client.to_string(),
                route: route.map(str::to_owned),
                method: details.method,
                host: details.host,
                path: details.path,
                consumer: details.consumer,
                status: details.status,
                bytes,
                duration_ms: millis(took),
                upstream,
                reason,
                steps: details.trace.into_steps(),
            });
        }
    }
}
