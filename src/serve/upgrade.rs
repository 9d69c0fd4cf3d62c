//! WebSocket: a connection is handed over from client to service and back, byte by byte.

use http::Response;
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::body::Download;
use super::exchange::{Admitted, mark};
use super::record::Record;
use super::upstream::Answered;
use crate::engine::strip_hop_by_hop;

/// Whether a request asks for a WebSocket (RFC 6455 section 4.2.1).
#[must_use]
pub fn is_asked(parts: &Parts) -> bool {
    let lists = |name, word: &str| {
        parts.headers.get_all(name).iter().any(|value| {
            let text = value.to_str().unwrap_or_default();
            text.split(',')
                .any(|item| item.trim().eq_ignore_ascii_case(word))
        })
    };
    parts.method == http::Method::GET && lists(CONNECTION, "upgrade") && lists(UPGRADE, "websocket")
}

/// The client's half, which can be had only before its request is taken apart.
#[must_use]
pub fn client_side(parts: &mut Parts) -> Option<OnUpgrade> {
    parts.extensions.remove::<OnUpgrade>()
}

/// Passes a 101 on and joins both halves. The request counts as over when one of them closes.
#[must_use]
pub fn switch(
    admitted: &Admitted,
    answered: Answered,
    client_side: Option<OnUpgrade>,
    record: Record,
) -> Response<Download> {
    let Answered {
        mut response,
        lease,
        sender,
        ..
    } = answered;
    let service_side = hyper::upgrade::on(&mut response);
    let (mut parts, _) = response.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    parts
        .headers
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    parts
        .headers
        .insert(UPGRADE, HeaderValue::from_static("websocket"));
    let route = Some(admitted.admission.route);
    mark(
        &admitted.local,
        route,
        &mut parts.headers,
        admitted.request_id.as_ref(),
        admitted.origin.as_ref(),
    );
    let mut stopping = admitted.worker.shared.stopping.subscribe();
    tokio::task::spawn_local(async move {
        let _held = (lease, sender);
        let Some(client_side) = client_side else {
            return;
        };
        let (Ok(client), Ok(service)) = (client_side.await, service_side.await) else {
            return;
        };
        let (mut client, mut service) = (TokioIo::new(client), TokioIo::new(service));
        let joined = tokio::io::copy_bidirectional(&mut client, &mut service);
        let bytes = tokio::select! {
            joined = joined => joined.map_or(0, |(_, down)| down),
            _ = stopping.wait_for(|stop| *stop) => 0,
        };
        record.end(bytes);
    });
    Response::from_parts(parts, Download::Full(bytes::Bytes::new()))
}
