//! An admitted request goes to its service and the service's answer to the client.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, HeaderValue, UPGRADE};
use http::{HeaderMap, Method, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Incoming};

use super::body::{Broken, Download, Ending, Progress, Upload};
use super::endpoint::Sender;
use super::exchange::{Admitted, finish, mark};
use super::record::Record;
use super::upgrade;
use super::upstream::{Answered, Failure, Lease, Outbound, Terms, send};
use super::worker::Local;
use crate::engine::{self, Answer, strip_hop_by_hop};
use crate::ir::Forward;

/// A body of at most so many bytes is kept whole where it may have to be sent twice.
const REPEATABLE: u64 = 64 * 1024;

/// Forwards a request.
pub async fn forward(
    mut admitted: Admitted,
    rules: &Forward,
    body: Incoming,
    mut record: Record,
) -> Response<Download> {
    let Some(service) = admitted
        .local
        .live
        .engine
        .service_of(admitted.admission.route)
    else {
        return finish(
            &admitted,
            Answer::message(500, "internal", "the service is unknown"),
            record,
        );
    };
    let local = admitted.local.clone();
    let route = local.live.engine.route(admitted.admission.route);
    let wants_upgrade = route.websocket && upgrade::is_asked(&admitted.parts);
    let client_side = wants_upgrade.then(|| upgrade::client_side(&mut admitted.parts));
    let (upload, progress) = match upload(&admitted, body).await {
        Ok(upload) => upload,
        Err(answer) => return finish(&admitted, answer, record),
    };
    let Some(outbound) = outbound(
        &mut admitted,
        rules,
        service,
        upload,
        progress,
        wants_upgrade,
    ) else {
        return finish(&admitted, Answer::bad_path("it cannot be sent"), record);
    };
    let balance = &local.live.engine.gateway.services[service].balance;
    let terms = Terms {
        service,
        timeout: route.timeout.value,
        retries: &route.retries.value,
        hash: admitted.hash(&balance.value),
    };
    match send(&admitted.worker, &local, terms, outbound).await {
        Err(failure) => finish(&admitted, refusal(failure), record),
        Ok(answered) => {
            record.answered(answered.endpoint, answered.response.status().as_u16());
            record.decided(answered.response.status().as_u16(), "");
            let switched = answered.response.status() == StatusCode::SWITCHING_PROTOCOLS;
            match (switched, client_side) {
                (true, Some(client_side)) => {
                    upgrade::switch(&admitted, answered, client_side, record)
                }
                (true, None) => finish(&admitted, refusal(Failure::Broken), record),
                (false, _) => give(
                    &admitted,
                    answered,
                    Duration::from_millis(terms.timeout.response.0),
                    record,
                ),
            }
        }
    }
}

async fn upload(admitted: &Admitted, body: Incoming) -> Result<(Upload, Rc<Progress>), Answer> {
    let patience = admitted.worker.shared.client_timeout;
    if body.is_end_stream() {
        return Ok((Upload::Empty, Progress::new(true, patience)));
    }
    let route = admitted.route();
    let small = body
        .size_hint()
        .exact()
        .is_some_and(|length| length <= REPEATABLE);
    if route.retries.attempts > 0 && small {
        let most = usize::try_from(REPEATABLE).unwrap_or(usize::MAX);
        let whole = tokio::time::timeout(patience, Limited::new(body, most).collect()).await;
        return match whole {
            Ok(Ok(whole)) => Ok((
                Upload::Full(whole.to_bytes()),
                Progress::new(true, patience),
            )),
            Ok(Err(_)) => Err(refusal(Failure::Upload(Broken::Client))),
            Err(_) => Err(refusal(Failure::Upload(Broken::Slow))),
        };
    }
    let progress = Progress::new(false, patience);
    Ok((
        Upload::stream(body, route.max_body.value.0, progress.clone()),
        progress,
    ))
}

fn outbound(
    admitted: &mut Admitted,
    rules: &Forward,
    service: usize,
    body: Upload,
    progress: Rc<Progress>,
    upgrade: bool,
) -> Option<Outbound> {
    let local = admitted.local.clone();
    let engine = &local.live.engine;
    let base = &local.live.services[service].base;
    let id = admitted.admission.route;
    let path = &admitted.admission.path;
    let uri = &admitted.parts.uri;
    let unchanged = rules.rewrite.is_none()
        && base.is_empty()
        && uri.authority().is_none()
        && uri.path() == path
        && engine.query_sent(id, uri.query()).as_deref() == uri.query();
    let uri = if unchanged {
        uri.clone()
    } else {
        let sent = engine.path_sent(id, rules, base, path, uri.query());
        Uri::from_maybe_shared(Bytes::from(sent)).ok()?
    };
    let mut headers = std::mem::take(&mut admitted.parts.headers);
    let sender = engine::Sender {
        peer: admitted.from.peer,
        tls: admitted.from.tls,
        authority: &admitted.authority,
    };
    let request_id = admitted.request_id.as_ref().map(|(_, id)| id);
    engine.prepare_headers(id, &mut headers, sender, request_id, &admitted.identity);
    if admitted.parts.version == Version::HTTP_2 {
        join_cookies(&mut headers);
    }
    frame(&mut headers, &body, &admitted.parts.method);
    if upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    let host = rules
        .preserve_host
        .then(|| HeaderValue::from_str(&admitted.authority).ok())
        .flatten()
        .filter(|host| !host.is_empty());
    Some(Outbound {
        method: admitted.parts.method.clone(),
        uri,
        headers,
        host,
        body,
        progress,
        upgrade,
    })
}

// The length of what is sent is the body's own, whatever a header says.
fn frame(headers: &mut HeaderMap, body: &Upload, method: &Method) {
    match body {
        Upload::Empty => {
            let silent = [
                Method::GET,
                Method::HEAD,
                Method::OPTIONS,
                Method::DELETE,
                Method::TRACE,
            ];
            headers.remove(CONTENT_LENGTH);
            if !silent.contains(method) {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        }
        Upload::Full(_) | Upload::Stream(_) => {
            headers.remove(CONTENT_LENGTH);
            if let Some(length) = body.size_hint().exact() {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
        }
    }
}

// RFC 9113 section 8.2.3.
fn join_cookies(headers: &mut HeaderMap) {
    let all: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if all.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..]))
    {
        headers.insert(COOKIE, joined);
    }
}

fn give(
    admitted: &Admitted,
    answered: Answered,
    patience: Duration,
    record: Record,
) -> Response<Download> {
    let Answered {
        response,
        sender,
        endpoint,
        lease,
    } = answered;
    let (mut parts, body) = response.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    let route = Some(admitted.admission.route);
    mark(
        &admitted.local,
        route,
        &mut parts.headers,
        admitted.request_id.as_ref(),
        admitted.origin.as_ref(),
    );
    let ending = Given {
        local: admitted.local.clone(),
        sender,
        endpoint,
        lease,
        record,
    };
    // hyper writes the version of the client's own request.
    parts.version = Version::HTTP_11;
    Response::from_parts(parts, Download::stream(body, patience, Box::new(ending)))
}

struct Given {
    local: Rc<Local>,
    sender: Sender,
    endpoint: usize,
    lease: Lease,
    record: Record,
}

impl Ending for Given {
    fn ended(self: Box<Self>, bytes: u64, failed: bool) {
        if failed {
            self.lease.judge(true);
        } else {
            self.local.keep(self.endpoint, self.sender);
        }
        self.record.end(bytes);
    }
}

/// The gateway's answer to a failure.
#[must_use]
pub fn refusal(failure: Failure) -> Answer {
    match failure {
        Failure::NoTarget(wait) => Answer::unavailable("no target", "no healthy target", wait),
        Failure::Refused => Answer::message(502, "refused", "the service cannot be reached"),
        Failure::Broken => Answer::message(502, "broken", "the service broke off"),
        Failure::ConnectTimeout | Failure::ResponseTimeout => {
            Answer::message(504, "timeout", "the service did not answer in time")
        }
        Failure::Upload(Broken::TooLarge) => Answer::too_large(),
        Failure::Upload(Broken::Slow) => {
            Answer::message(408, "slow client", "the body did not come in time")
        }
        Failure::Upload(Broken::Client) => Answer::message(400, "client", "the body broke off"),
    }
}
