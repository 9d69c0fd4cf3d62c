//! The console: a page on this machine that shows routes, requests with their traces, counters and targets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::{Body as HttpBody, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::broadcast::error::RecvError;

use super::console_data;
use super::worker::Shared;

const PAGE: &str = include_str!("../../templates/console/index.html");
const FIGURES: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9901);

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Starts the console, and the metrics beside it. Without a console, metrics that the spec asks for are at 127.0.0.1:9901/metrics, or
/// on a free port where another serve has that one; the address is said.
///
/// # Errors
/// The address is taken.
pub fn start(shared: &Arc<Shared>, at: Option<SocketAddr>) -> Result<Option<SocketAddr>, String> {
    let wanted = shared
        .live()
        .engine
        .gateway
        .metrics
        .value
        .then_some(FIGURES);
    let Some(address) = at.or(wanted) else {
        return Ok(None);
    };
    let failed = |error: std::io::Error| format!("the console can't listen on {address}: {error}");
    let socket = match std::net::TcpListener::bind(address) {
        Err(_) if at.is_none() => std::net::TcpListener::bind((FIGURES.ip(), 0)),
        bound => bound,
    };
    let socket = socket.map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let whole = at.is_some();
    if !whole {
        super::say(&format!("metrics: http://{address}/metrics"));
    }
    let shared = shared.clone();
    std::thread::spawn(move || runtime.block_on(accept(socket, shared, address, whole)));
    Ok(Some(address))
}

async fn accept(
    socket: std::net::TcpListener,
    shared: Arc<Shared>,
    address: SocketAddr,
    whole: bool,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let response = answer(&shared, address, whole, &request);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(30))
                .serve_connection(TokioIo::new(stream), service);
            // A browser that leaves is no news.
            drop(connection.await);
        });
    }
}

fn answer(
    shared: &Arc<Shared>,
    address: SocketAddr,
    whole: bool,
    request: &Request<Incoming>,
) -> Response<Body> {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !is_own(host, address) {
        return text(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain",
            "this host is not the console's\n",
        );
    }
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only GET\n");
    }
    let json = "application/json";
    match (request.uri().path(), whole) {
        ("/metrics", _) => {
            let figures = shared.metrics.text(&console_data::figures(shared));
            text(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                figures,
            )
        }
        ("/", true) => text(StatusCode::OK, "text/html; charset=utf-8", PAGE),
        ("/api/state", true) => text(
            StatusCode::OK,
            json,
            console_data::state(shared).to_string(),
        ),
        ("/api/requests", true) => match &shared.recorder {
            Some(recorder) => text(
                StatusCode::OK,
                json,
                serde_json::json!(recorder.last()).to_string(),
            ),
            None => text(StatusCode::OK, json, "[]"),
        },
        ("/api/events", true) => events(shared),
        _ => text(StatusCode::NOT_FOUND, "text/plain", "not here\n"),
    }
}

/// Whether a Host is this console's own: an address, or a name that always means this machine. A page elsewhere whose name was made to
/// point here (DNS rebinding) sends its own name.
fn is_own(host: &str, address: SocketAddr) -> bool {
    let Some(name) = crate::ir::normalise_host(host) else {
        return false;
    };
    let bare = name.trim_matches(['[', ']']);
    name == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip == address.ip())
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

fn events(shared: &Arc<Shared>) -> Response<Body> {
    let Some(recorder) = &shared.recorder else {
        return text(StatusCode::NOT_FOUND, "text/plain", "nothing is recorded\n");
    };
    let mut watched = recorder.watch();
    let (send, receive) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        loop {
            let piece = match tokio::time::timeout(Duration::from_secs(15), watched.recv()).await {
                Ok(Ok(seen)) => match serde_json::to_string(&seen) {
                    Ok(json) => format!("data: {json}\n\n"),
                    Err(_) => continue,
                },
                Ok(Err(RecvError::Lagged(missed))) => format!("event: missed\ndata: {missed}\n\n"),
                Ok(Err(RecvError::Closed)) => return,
                Err(_) => ": still here\n\n".to_owned(),
            };
            if send.send(Bytes::from(piece)).await.is_err() {
                return;
            }
        }
    });
    let mut response = text(StatusCode::OK, "text/event-stream", "");
    *response.body_mut() = Events(receive).boxed_unsync();
    response
}

struct Events(tokio::sync::mpsc::Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_open_the_console() {
        let here: SocketAddr = ([127, 0, 0, 1], 8099).into();
        for own in [
            "localhost:8099",
            "127.0.0.1:8099",
            "[::1]:8099",
            "LOCALHOST",
        ] {
            assert!(is_own(own, here), "{own}");
        }
        for other in [
            "evil.example:8099",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "",
            "10.0.0.1",
        ] {
            assert!(!is_own(other, here), "{other}");
        }
    }
}
