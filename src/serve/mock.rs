//! Echo upstreams: each says what it was asked, and can be told to fail, wait or break off.
//!
//! A request tells it what to do by query parameters or headers (`X-Mock-Status: 503` is `?mock-status=503`):
//! `status` (the answer's status), `delay` (milliseconds before it), `size` (bytes of the body instead of the echo),
//! `reset` (`before` or `during` the answer: the connection is broken off), `body` (the body itself).

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};

use crate::ir::{Address, Gateway, Protocol, SchemeKind};

type Body = BoxBody<Bytes, std::io::Error>;

/// Who a mock speaks as.
#[derive(Clone, Debug)]
enum Role {
    /// A service's target.
    Service { service: String, target: usize },
    /// An authorizer: 401 without `Authorization`, 403 when it contains `deny`, else 200 with each listed header set to `mock`.
    Authorizer { headers: Vec<String> },
}

/// Points every service and authorizer of a gateway to a mock in this process.
///
/// # Errors
/// No port is free.
pub fn stand_in(gateway: &mut Gateway) -> Result<(), String> {
    for service in gateway.services.values_mut() {
        for (number, target) in service.targets.iter_mut().enumerate() {
            let role = Role::Service {
                service: service.name.clone(),
                target: number,
            };
            let port = port_of(&format!("service {} {number}", service.name), role)?;
            let path = std::mem::take(&mut target.address.path);
            target.address = Address {
                protocol: Protocol::Http,
                host: "127.0.0.1".into(),
                port,
                path,
            };
        }
        service.tls = None;
    }
    for scheme in gateway.schemes.values_mut() {
        if let SchemeKind::External(external) = &mut scheme.kind {
            let role = Role::Authorizer {
                headers: external.forward.clone(),
            };
            let port = port_of(
                &format!("authorizer {} {:?}", scheme.name, external.forward),
                role,
            )?;
            let url = format!("http://127.0.0.1:{port}{}", external.url.path());
            external.url = url
                .parse()
                .map_err(|_| "the authorizer's path cannot be kept".to_owned())?;
        }
    }
    Ok(())
}

/// A mock keeps its port over reloads.
fn port_of(name: &str, role: Role) -> Result<u16, String> {
    static PORTS: OnceLock<Mutex<HashMap<String, u16>>> = OnceLock::new();
    let mut ports = PORTS
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(port) = ports.get(name) {
        return Ok(*port);
    }
    let port = start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), role)?;
    ports.insert(name.to_owned(), port);
    Ok(port)
}

/// Starts an echo upstream for a service's first target. Returns its port.
///
/// # Errors
/// The address is taken.
pub fn echo(address: SocketAddr, service: &str) -> Result<u16, String> {
    start(
        address,
        Role::Service {
            service: service.to_owned(),
            target: 0,
        },
    )
}

fn start(address: SocketAddr, role: Role) -> Result<u16, String> {
    let failed = |error: std::io::Error| format!("a mock cannot listen on {address}: {error}");
    let socket = TcpListener::bind(address).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let port = socket.local_addr().map_err(failed)?.port();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    std::thread::spawn(move || runtime.block_on(accept(socket, role)));
    Ok(port)
}

async fn accept(socket: TcpListener, role: Role) {
    let Ok(listener) = tokio::net::TcpListener::from_std(socket) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        let role = role.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let service = service_fn(move |request| answer(role.clone(), request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // A client that leaves is no news.
            drop(connection.await);
        });
    }
}

// What a request tells the mock to do.
struct Orders(HashMap<String, String>);

impl Orders {
    fn of<B>(request: &Request<B>) -> Self {
        let mut all = HashMap::new();
        for (name, value) in request.headers() {
            if let (Some(name), Ok(value)) = (name.as_str().strip_prefix("x-mock-"), value.to_str())
            {
                all.insert(name.to_owned(), value.to_owned());
            }
        }
        let query = request.uri().query().unwrap_or_default().as_bytes();
        for (name, value) in url::form_urlencoded::parse(query) {
            if let Some(name) = name.strip_prefix("mock-") {
                all.insert(name.to_owned(), value.into_owned());
            }
        }
        Self(all)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.parse().ok()
    }
}

async fn answer(
    role: Role,
    request: Request<Incoming>,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let orders = Orders::of(&request);
    if let Some(millis) = orders.number("delay") {
        tokio::time::sleep(Duration::from_millis(millis.min(600_000))).await;
    }
    match orders.0.get("reset").map(String::as_str) {
        Some("before") => return Err("told to break off".into()),
        Some(_) => return Ok(broken_off()),
        None => {}
    }
    let mut response = match &role {
        Role::Authorizer { headers } => authorizer(headers, &request),
        Role::Service { service, target } => echo_of(service, *target, request, &orders).await?,
    };
    if let Some(status) = orders
        .number("status")
        .and_then(|s| StatusCode::from_u16(u16::try_from(s).ok()?).ok())
    {
        *response.status_mut() = status;
    }
    Ok(response)
}

fn whole(bytes: impl Into<Bytes>) -> Body {
    http_body_util::Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed()
}

fn broken_off() -> Response<Body> {
    let mut response = Response::new(BodyExt::boxed(BreaksOff(0)));
    // A length that is never reached.
    response.headers_mut().insert(
        http::header::CONTENT_LENGTH,
        HeaderValue::from_static("100000"),
    );
    response
}

// A piece, then an error.
struct BreaksOff(u8);

impl hyper::body::Body for BreaksOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0 += 1;
        std::task::Poll::Ready(Some(match self.0 {
            1 => Ok(Frame::data(Bytes::from_static(&[b'x'; 1000]))),
            _ => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

fn authorizer(headers: &[String], request: &Request<Incoming>) -> Response<Body> {
    let sent = request
        .headers()
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let (status, text) = match sent {
        None => (
            401,
            r#"{"message":"the mock authorizer wants an Authorization header"}"#,
        ),
        Some(text) if text.contains("deny") => (403, r#"{"message":"the mock authorizer denies"}"#),
        Some(_) => (200, "{}"),
    };
    let mut response = Response::new(whole(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for name in headers {
        if let Ok(name) = name.parse::<http::HeaderName>() {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static("mock"));
        }
    }
    response
}

async fn echo_of(
    service: &str,
    target: usize,
    mut request: Request<Incoming>,
    orders: &Orders,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let asks_socket = request
        .headers()
        .get(http::header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if asks_socket {
        return Ok(socket(&mut request));
    }
    let mut headers = Map::new();
    for (name, value) in request.headers() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        match headers.get_mut(name.as_str()) {
            Some(Value::String(first)) => *first = format!("{first}, {text}"),
            _ => drop(headers.insert(name.as_str().to_owned(), Value::String(text))),
        }
    }
    let (parts, body) = request.into_parts();
    let length = count(body).await?;
    let echo = json!({
        "service": service,
        "target": target,
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "headers": headers,
        "body_bytes": length,
    });
    let body = match (orders.0.get("body"), orders.number("size")) {
        (Some(body), _) => Bytes::from(body.clone()),
        (None, Some(size)) => {
            Bytes::from(vec![b'x'; usize::try_from(size.min(1 << 28)).unwrap_or(0)])
        }
        (None, None) => Bytes::from(echo.to_string()),
    };
    let mut response = Response::new(whole(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn count(mut body: Incoming) -> Result<u64, hyper::Error> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok(length)
}

// Sends back what it gets, byte by byte: frames of a WebSocket client come back masked, which is enough to see that they passed.
fn socket(request: &mut Request<Incoming>) -> Response<Body> {
    let key = request.headers().get("sec-websocket-key").cloned();
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        let Ok(stream) = upgrade.await else { return };
        let (mut from, mut to) = tokio::io::split(TokioIo::new(stream));
        let _ = tokio::io::copy(&mut from, &mut to).await;
    });
    let mut response = Response::new(whole(""));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONNECTION,
        HeaderValue::from_static("upgrade"),
    );
    headers.insert(http::header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Some(accept) = key.and_then(|key| accept_of(key.as_bytes())) {
        headers.insert("sec-websocket-accept", accept);
    }
    response
}

// RFC 6455 section 4.2.2.
fn accept_of(key: &[u8]) -> Option<HeaderValue> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    use base64::Engine as _;
    let text = [key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat();
    let encoded =
        base64::engine::general_purpose::STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text));
    HeaderValue::from_str(&encoded).ok()
}
