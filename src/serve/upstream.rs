//! One request to a service: a target is chosen, a connection found or made, and, where the spec allows it, another tried.

use std::rc::Rc;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::body::{Broken, Progress, Upload};
use super::endpoint::{ConnectFailure, Sender};
use super::worker::{Local, Worker};
use crate::ir::{Retries, Timeout};

/// Why a service gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No target is in use; a trial comes in so many seconds.
    NoTarget(u64),
    /// No connection.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// No answer in time.
    ResponseTimeout,
    /// The connection broke, or what came was not HTTP.
    Broken,
    /// The client's body ended the request.
    Upload(Broken),
}

/// A request ready to be sent, without Host.
pub struct Outbound {
    /// Method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// Headers.
    pub headers: HeaderMap,
    /// The Host sent; none: the target's.
    pub host: Option<HeaderValue>,
    /// The body.
    pub body: Upload,
    /// How the body goes.
    pub progress: Rc<Progress>,
    /// The connection is to be handed over after a 101.
    pub upgrade: bool,
}

/// A target is busy with a request as long as this lives.
pub struct Lease {
    local: Rc<Local>,
    worker: Rc<Worker>,
    service: usize,
    target: usize,
}

impl Lease {
    /// It went well or failed.
    pub fn judge(&self, failed: bool) {
        let now = self.worker.shared.clock.now();
        self.local.live.services[self.service]
            .with_pool(|pool| pool.judged(self.target, failed, now));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.local.live.services[self.service].with_pool(|pool| pool.released(self.target));
    }
}

/// An answer's head, its body still on the connection.
pub struct Answered {
    /// The answer.
    pub response: Response<Incoming>,
    /// Its connection, to be kept when the body has ended.
    pub sender: Sender,
    /// The endpoint's number.
    pub endpoint: usize,
    /// The target.
    pub lease: Lease,
}

/// What sending needs to know about the spec.
#[derive(Clone, Copy)]
pub struct Terms<'t> {
    /// The service's number.
    pub service: usize,
    /// Time limits.
    pub timeout: Timeout,
    /// Further tries.
    pub retries: &'t Retries,
    /// Of what the service balances by.
    pub hash: u64,
}

// Only these may be sent twice (RFC 9110 section 9.2.2).
fn is_idempotent(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
        Method::TRACE,
    ]
    .contains(method)
}

/// A connection idle for longer may have been closed by the other side just now, while the request is on its way.
const DOUBTFUL: Duration = Duration::from_millis(500);

/// Sends a request to a service.
///
/// # Errors
/// Why there is no answer.
pub async fn send(
    worker: &Rc<Worker>,
    local: &Rc<Local>,
    terms: Terms<'_>,
    mut outbound: Outbound,
) -> Result<Answered, Failure> {
    let serving = &local.live.services[terms.service];
    let repeatable = matches!(outbound.body, Upload::Empty | Upload::Full(_));
    let idempotent = is_idempotent(&outbound.method);
    let mut tried = Vec::new();
    let mut left = terms.retries.attempts;
    loop {
        let now = worker.shared.clock.now();
        let Some(target) = serving.choose(now, || terms.hash, &tried) else {
            let wait = serving.with_pool(|pool| pool.wait(now)).unwrap_or(1);
            return Err(Failure::NoTarget(wait));
        };
        let lease = Lease {
            local: local.clone(),
            worker: worker.clone(),
            service: terms.service,
            target,
        };
        let endpoint = serving.targets[target];
        let spare = (left > 0 && repeatable && idempotent).then(|| copy(&outbound));
        let sent = attempt(local, endpoint, outbound, terms.timeout).await;
        let (failure, unsent) = match sent {
            Ok((response, sender)) => {
                let status = response.status().as_u16();
                lease.judge(serving.server_errors && status >= 500);
                match spare {
                    Some(spare) if terms.retries.statuses.contains(&status) => {
                        left -= 1;
                        tried.push(target);
                        outbound = spare;
                        continue;
                    }
                    _ => {
                        return Ok(Answered {
                            response,
                            sender,
                            endpoint,
                            lease,
                        });
                    }
                }
            }
            Err(failed) => failed,
        };
        if !matches!(failure, Failure::Upload(_)) {
            lease.judge(true);
        }
        let again = match failure {
            Failure::Refused => terms.retries.connect,
            Failure::ConnectTimeout => terms.retries.connect || terms.retries.timeout,
            Failure::ResponseTimeout => terms.retries.timeout,
            Failure::Broken => terms.retries.connect,
            Failure::NoTarget(_) | Failure::Upload(_) => false,
        };
        // What was never sent may be sent for any method.
        let next = unsent.map(|unsent| *unsent).or(spare);
        match next {
            Some(next) if again && left > 0 => {
                left -= 1;
                tried.push(target);
                outbound = next;
            }
            _ => return Err(failure),
        }
    }
}

fn copy(outbound: &Outbound) -> Outbound {
    Outbound {
        method: outbound.method.clone(),
        uri: outbound.uri.clone(),
        headers: outbound.headers.clone(),
        host: outbound.host.clone(),
        body: match &outbound.body {
            Upload::Full(bytes) => Upload::Full(bytes.clone()),
            Upload::Empty | Upload::Stream(_) => Upload::Empty,
        },
        progress: Progress::new(true, outbound.progress.patience),
        upgrade: outbound.upgrade,
    }
}

type Attempted = Result<(Response<Incoming>, Sender), (Failure, Option<Box<Outbound>>)>;

/// One try at one endpoint. What was not sent comes back with the failure.
async fn attempt(
    local: &Rc<Local>,
    number: usize,
    mut outbound: Outbound,
    timeout: Timeout,
) -> Attempted {
    let endpoint = &local.live.endpoints[number];
    let repeatable = is_idempotent(&outbound.method) && !matches!(outbound.body, Upload::Stream(_));
    while !outbound.upgrade {
        let Some((mut sender, age)) = local.reuse(number) else {
            break;
        };
        if sender.ready().await.is_err() {
            continue;
        }
        let spare = (age > DOUBTFUL && repeatable).then(|| copy(&outbound));
        match exchange(&mut sender, &endpoint.host, outbound, timeout).await {
            Ok(response) => return Ok((response, sender)),
            Err((_, Some(unsent))) => outbound = *unsent,
            Err((Failure::Broken, None)) if spare.is_some() => match spare {
                Some(spare) => outbound = spare,
                None => return Err((Failure::Broken, None)),
            },
            Err(failed) => return Err(failed),
        }
    }
    let connect = Duration::from_millis(timeout.connect.0);
    let mut sender = match endpoint.connect(connect, outbound.upgrade).await {
        Ok(sender) => sender,
        Err(why) => {
            let failure = match why {
                ConnectFailure::Refused => Failure::Refused,
                ConnectFailure::Timeout => Failure::ConnectTimeout,
            };
            return Err((failure, Some(Box::new(outbound))));
        }
    };
    match exchange(&mut sender, &endpoint.host, outbound, timeout).await {
        Ok(response) => Ok((response, sender)),
        Err(failed) => Err(failed),
    }
}

async fn exchange(
    sender: &mut Sender,
    host: &HeaderValue,
    outbound: Outbound,
    timeout: Timeout,
) -> Result<Response<Incoming>, (Failure, Option<Box<Outbound>>)> {
    let Outbound {
        method,
        uri,
        headers,
        host: own_host,
        body,
        progress,
        upgrade,
    } = outbound;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    request
        .headers_mut()
        .insert(HOST, own_host.clone().unwrap_or_else(|| host.clone()));
    let patience = Duration::from_millis(timeout.response.0);
    let mut answer = std::pin::pin!(sender.try_send_request(request));
    let mut until = Instant::now() + patience;
    let answered = loop {
        match tokio::time::timeout_at(until, answer.as_mut()).await {
            Ok(answered) => break answered,
            Err(_) => {
                // The clock runs from the last byte sent. An upload that stands still is the client's fault as long as
                // it may be, and then the service's, which does not read.
                let slow = if progress.done.get() {
                    Duration::ZERO
                } else {
                    progress.patience
                };
                let last = progress.last.get() + patience + slow;
                if last <= Instant::now() {
                    return Err((Failure::ResponseTimeout, None));
                }
                until = last.max(Instant::now() + Duration::from_millis(10));
            }
        }
    };
    answered.map_err(|mut error| {
        if let Some(why) = progress.broken.get() {
            return (Failure::Upload(why), None);
        }
        let unsent = error.take_message().map(|request| {
            let (parts, body) = request.into_parts();
            Box::new(Outbound {
                method: parts.method,
                uri: parts.uri,
                headers: parts.headers,
                host: own_host.clone(),
                body,
                progress: progress.clone(),
                upgrade,
            })
        });
        (Failure::Broken, unsent)
    })
}
