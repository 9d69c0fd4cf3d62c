//! Sockets -> requests: one listening socket a worker on the same port, HTTP/1.1 and HTTP/2, plain and TLS.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use super::exchange::{Origin, answer};
use super::worker::{Open, Worker};

const BACKLOG: i32 = 4096;
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;
const HTTP2: &[u8] = b"PRI * HTTP/2";

/// A socket that shares its port with the other workers' (`SO_REUSEPORT`): the kernel spreads connections over them.
///
/// # Errors
/// The address is taken or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts until serve stops.
pub async fn accept(worker: Rc<Worker>, socket: std::net::TcpListener, tls: bool) {
    let Ok(listener) = TcpListener::from_std(socket) else {
        return;
    };
    let mut stopping = worker.shared.stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let worker = worker.clone();
                tokio::task::spawn_local(
                    async move { connection(worker, stream, peer, tls).await },
                );
            }
            // Out of file descriptors: connections that end make room.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(worker: Rc<Worker>, stream: TcpStream, peer: SocketAddr, tls: bool) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let _open = Open::count(&worker.shared);
    let patience = worker.shared.client_timeout;
    let from = Origin {
        peer: peer.ip(),
        tls,
    };
    if !tls {
        match tokio::time::timeout(patience, speaks_http2(&stream)).await {
            // Boxed, so that the many connections of the other kind do not hold room for it.
            Ok(Ok(true)) => Box::pin(http2(worker, stream, from)).await,
            Ok(Ok(false)) => http1(worker, stream, from).await,
            Ok(Err(_)) | Err(_) => {}
        }
        return;
    }
    Box::pin(encrypted(worker, stream, from)).await;
}

async fn encrypted(worker: Rc<Worker>, stream: TcpStream, from: Origin) {
    let patience = worker.shared.client_timeout;
    let Some(acceptor) = worker.local().live.tls.clone() else {
        return;
    };
    let Ok(Ok(stream)) = tokio::time::timeout(patience, acceptor.accept(stream)).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2(worker, stream, from).await;
    } else {
        http1(worker, stream, from).await;
    }
}

/// Whether a client begins with the preface of HTTP/2 (RFC 9113 section 3.3), without taking anything from the stream.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut seen = [0; HTTP2.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen[..count] != HTTP2[..count] {
            return Ok(false);
        }
        if count == HTTP2.len() {
            return Ok(true);
        }
        // A part of the preface: peeking returns it again at once.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn http1<T: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    worker: Rc<Worker>,
    stream: T,
    from: Origin,
) {
    let mut stopping = worker.shared.stopping.subscribe();
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(worker.shared.client_timeout)
        .max_headers(MOST_HEADERS)
        .max_header_size(LARGEST_HEAD)
        .half_close(false);
    let service = service_fn(move |request| {
        // Boxed: an idle connection holds no room for a request.
        let answer = Box::pin(answer(worker.clone(), from, request));
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let mut connection = std::pin::pin!(
        builder
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    // Errors here are the client's: it went away, or sent what is not HTTP and was told so.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}

#[derive(Clone, Copy)]
struct Here;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

async fn http2<T: AsyncRead + AsyncWrite + Unpin + 'static>(
    worker: Rc<Worker>,
    stream: T,
    from: Origin,
) {
    let mut stopping = worker.shared.stopping.subscribe();
    let mut builder = hyper::server::conn::http2::Builder::new(Here);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX))
        .keep_alive_interval(worker.shared.client_timeout)
        .keep_alive_timeout(Duration::from_secs(20));
    let service = service_fn(move |request| {
        let worker = worker.clone();
        async move { Ok::<_, std::convert::Infallible>(answer(worker, from, request).await) }
    });
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    drop(connection.await);
}
