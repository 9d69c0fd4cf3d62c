//! One request from its head to its answer: the engine's phases with the sockets they need in between.

use std::cell::Cell;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::rc::Rc;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::{Body as _, Incoming};

use super::body::Download;
use super::counting::NotAdmitted;
use super::record::Record;
use super::worker::{Local, Worker};
use super::{authorize, forward, gathering};
use crate::engine::{self, Admission, Answer, Identity, Trace, client};
use crate::ir::{Action, Balance, Route, RouteId};

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The connection's other end.
    pub peer: IpAddr,
    /// It came over TLS.
    pub tls: bool,
}

/// A request admitted by everything, with all that forwarding needs.
pub struct Admitted {
    /// The worker.
    pub worker: Rc<Worker>,
    /// The spec in force when it came.
    pub local: Rc<Local>,
    /// Where it came from.
    pub from: Origin,
    /// Its head.
    pub parts: Parts,
    /// The host it asked for, as sent.
    pub authority: String,
    /// Route, path and client.
    pub admission: Admission,
    /// Who it is.
    pub identity: Identity,
    /// Its ID with the header's name.
    pub request_id: Option<(HeaderName, HeaderValue)>,
    /// The browser's origin.
    pub origin: Option<HeaderValue>,
}

impl Admitted {
    /// Its route.
    #[must_use]
    pub fn route(&self) -> &Route {
        self.local.live.engine.route(self.admission.route)
    }

    /// The number by which its service balances.
    #[must_use]
    pub fn hash(&self, balance: &Balance) -> u64 {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        match balance {
            Balance::HashClientIp => hasher.hash_one(self.admission.client),
            Balance::HashHeader(name) => {
                hasher.hash_one(self.parts.headers.get(name).map(HeaderValue::as_bytes))
            }
            Balance::RoundRobin | Balance::LeastConnections => 0,
        }
    }
}

/// Answers a request.
pub async fn answer(
    worker: Rc<Worker>,
    from: Origin,
    request: Request<Incoming>,
) -> Response<Download> {
    let local = worker.local();
    let engine = &local.live.engine;
    let now = worker.shared.clock.now();
    let (parts, body) = request.into_parts();
    let mut trace = match worker.shared.recorder {
        Some(_) => Trace::recording(),
        None => Trace::silent(),
    };
    let request_id = engine.request_id().map(|(name, keep)| {
        let sent = parts.headers.get(name);
        (
            name.clone(),
            client::request_id(keep, sent, || worker.random()),
        )
    });
    let origin = parts.headers.get(ORIGIN).cloned();
    let authority = authority(&parts);
    let length = Some(body.size_hint()).and_then(|hint| hint.exact());
    let phases = async {
        let head = head(
            &parts,
            authority.as_deref().unwrap_or_default(),
            from,
            length,
        );
        let mut record = Record::begin(&worker, &local, &head, now);
        record.identified(request_id.as_ref().map(|(_, id)| id));
        let ended = match &authority {
            None => Err((
                None,
                Answer::message(400, "host", "the request has no single host"),
            )),
            Some(_) => {
                let seen = Cell::new(None);
                let admitted = admit(&worker, &local, &head, &mut trace, &seen, &mut record).await;
                admitted.map_err(|answer| (seen.get(), answer))
            }
        };
        (ended, record)
    };
    let (ended, mut record) = phases.await;
    record.keep_trace(trace);
    match ended {
        Err((route, answer)) => own(
            &local,
            route,
            answer,
            request_id.as_ref(),
            origin.as_ref(),
            record,
        ),
        Ok((admission, identity)) => {
            let admitted = Admitted {
                worker,
                local,
                from,
                parts,
                authority: authority.unwrap_or_default(),
                admission,
                identity,
                request_id,
                origin,
            };
            act(admitted, body, record).await
        }
    }
}

fn head<'p>(
    parts: &'p Parts,
    authority: &'p str,
    from: Origin,
    length: Option<u64>,
) -> engine::Request<'p> {
    engine::Request {
        method: parts.method.as_str(),
        authority,
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
        peer: from.peer,
        tls: from.tls,
        length,
    }
}

/// The host asked for: the request line's where it has one (RFC 9112 section 3.2.2), else the Host header's. `None` when there are
/// two, or when a byte of it is not visible ASCII.
fn authority(parts: &Parts) -> Option<String> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return None;
    }
    match (parts.uri.authority(), host) {
        // User information has no business in a request (RFC 9110 section 4.2.4).
        (Some(authority), _) if authority.as_str().contains('@') => None,
        (Some(authority), _) => Some(authority.as_str().to_owned()),
        (None, Some(host)) => host.to_str().ok().map(str::to_owned),
        // RFC 9112 section 3.2: a request of HTTP/1.1 without one is refused.
        (None, None) => (parts.version == Version::HTTP_10).then(String::new),
    }
}

async fn admit(
    worker: &Rc<Worker>,
    local: &Rc<Local>,
    head: &engine::Request<'_>,
    trace: &mut Trace,
    seen: &Cell<Option<RouteId>>,
    record: &mut Record,
) -> Result<(Admission, Identity), Answer> {
    let engine = &local.live.engine;
    let now = worker.shared.clock.now();
    let admission = engine.admit(head, trace).map_err(|turned| {
        seen.set(turned.route);
        record.routed(turned.route, engine.client(head));
        turned.answer
    })?;
    let id = admission.route;
    seen.set(Some(id));
    record.routed(Some(id), admission.client);
    let identity = authorize::identify(worker, local, head, &admission, now, trace).await?;
    record.known(&identity);
    engine.permit(id, &identity, trace)?;
    engine.check_length(id, head.length, trace)?;
    let asked = engine.takes(id, head, admission.client, &identity);
    match worker.shared.counting.take(&asked.takes, now).await {
        Ok(()) => asked.admitted(trace),
        Err(NotAdmitted::Short(shortage)) => return Err(asked.limited(shortage, trace)),
        Err(NotAdmitted::Down) => {
            return Err(Answer::unavailable(
                "counters",
                "requests cannot be counted",
                1,
            ));
        }
    }
    Ok((admission, identity))
}

async fn act(admitted: Admitted, body: Incoming, record: Record) -> Response<Download> {
    let local = admitted.local.clone();
    let engine = &local.live.engine;
    let id = admitted.admission.route;
    match &engine.route(id).action {
        Action::Forward(rules) => forward::forward(admitted, rules, body, record).await,
        Action::Respond(_) => {
            let (path, query) = (&admitted.admission.path, admitted.parts.uri.query());
            let answer = engine.fixed(id, path, query, &admitted.identity);
            finish(&admitted, answer, record)
        }
        Action::Gather(gather) => {
            let answer =
                if admitted.parts.method == Method::GET || admitted.parts.method == Method::HEAD {
                    gathering::gather(&admitted, gather).await
                } else {
                    Answer::method_not_allowed("GET, HEAD")
                };
            finish(&admitted, answer, record)
        }
    }
}

/// Gives an answer of the gateway's own.
#[must_use]
pub fn finish(admitted: &Admitted, answer: Answer, record: Record) -> Response<Download> {
    let route = Some(admitted.admission.route);
    own(
        &admitted.local,
        route,
        answer,
        admitted.request_id.as_ref(),
        admitted.origin.as_ref(),
        record,
    )
}

fn own(
    local: &Rc<Local>,
    route: Option<RouteId>,
    answer: Answer,
    request_id: Option<&(HeaderName, HeaderValue)>,
    origin: Option<&HeaderValue>,
    mut record: Record,
) -> Response<Download> {
    record.decided(answer.status, answer.reason);
    record.end(answer.body.len() as u64);
    let mut response = Response::new(Download::Full(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    mark(local, route, response.headers_mut(), request_id, origin);
    response
}

/// Puts on an answer what every answer carries.
pub fn mark(
    local: &Rc<Local>,
    route: Option<RouteId>,
    headers: &mut HeaderMap,
    request_id: Option<&(HeaderName, HeaderValue)>,
    origin: Option<&HeaderValue>,
) {
    local.live.engine.finish(route, headers, origin);
    if let Some((name, value)) = request_id {
        headers.insert(name.clone(), value.clone());
    }
}
