//! What is sent to a service: path, query and headers, with nothing forged and nothing meant for this hop alone.

use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue};

use super::authenticate::Identity;
use super::client;
use super::compile::{Engine, Place};
use super::credentials::query_without;
use crate::ir::{Address, Forward, RouteId, SchemeKind};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Who sent a request, for the headers that tell a service.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'r> {
    /// The connection's other end.
    pub peer: IpAddr,
    /// It came over TLS.
    pub tls: bool,
    /// The Host as sent.
    pub authority: &'r str,
}

/// Removes the headers of RFC 9110 section 7.6.1: those of one connection alone, and those it names.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            // A client must not make the gateway drop what frames or addresses the message.
            .filter(|name| ![HOST, http::header::CONTENT_LENGTH].contains(name))
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
}

impl Engine {
    /// The path and query sent to a service at `base` (its base path).
    #[must_use]
    pub fn path_sent(
        &self,
        id: RouteId,
        forward: &Forward,
        base: &str,
        path: &str,
        query: Option<&str>,
    ) -> String {
        let route = &self.gateway.routes[id.0];
        let rewritten = forward
            .rewrite
            .as_ref()
            .map(|rewrite| rewrite.apply(&route.pattern, path));
        let tail = rewritten.as_deref().unwrap_or(path);
        let query = self.query_sent(id, query);
        let mut sent = String::with_capacity(
            base.len() + tail.len() + query.as_ref().map_or(0, |q| q.len() + 1),
        );
        sent.push_str(base);
        sent.push_str(tail);
        if let Some(query) = query {
            sent.push('?');
            sent.push_str(&query);
        }
        sent
    }

    /// The query as it came, without the API keys that the route reads from it.
    #[must_use]
    pub fn query_sent<'q>(
        &self,
        id: RouteId,
        query: Option<&'q str>,
    ) -> Option<std::borrow::Cow<'q, str>> {
        let mut sent = std::borrow::Cow::Borrowed(query?);
        for &number in &self.routes[id.0].schemes {
            if let Some(Place::Query(name)) = &self.schemes[number].place {
                sent = query_without(&sent, name)?.into();
            }
        }
        Some(sent)
    }

    /// Turns a client's headers into those sent to a service. Host and framing are the caller's.
    pub fn prepare_headers(
        &self,
        id: RouteId,
        headers: &mut HeaderMap,
        sender: Sender<'_>,
        request_id: Option<&HeaderValue>,
        identity: &Identity,
    ) {
        strip_hop_by_hop(headers);
        headers.remove(EXPECT);
        self.drop_credentials(id, headers);
        self.drop_forged(headers);
        self.tell_sender(headers, sender);
        if let (Some((name, _)), Some(value)) = (&self.request_id, request_id) {
            headers.insert(name.clone(), value.clone());
        }
        self.routes[id.0].request_headers.apply(headers);
        // Last, so that no rule of a spec can undo who somebody is; two schemes may both set one.
        for (name, value) in &identity.headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    fn drop_credentials(&self, id: RouteId, headers: &mut HeaderMap) {
        for &number in &self.routes[id.0].schemes {
            if let Some(Place::Header(name)) = &self.schemes[number].place {
                headers.remove(name);
            }
            if matches!(self.gateway.schemes[number].kind, SchemeKind::Basic(_)) {
                let basic = |value: &HeaderValue| {
                    value
                        .as_bytes()
                        .get(..6)
                        .is_some_and(|word| word.eq_ignore_ascii_case(b"basic "))
                };
                // The password is the gateway's to know; what another scheme reads is left.
                if headers.get_all(AUTHORIZATION).iter().all(basic) {
                    headers.remove(AUTHORIZATION);
                }
            }
        }
    }

    /// Removes headers that only the gateway may set.
    pub fn drop_forged(&self, headers: &mut HeaderMap) {
        if self.forged.names.is_empty() {
            return;
        }
        for name in &self.forged.names {
            headers.remove(name);
        }
        // Servers behind CGI or WSGI read `X_User` as `X-User`.
        let twins: Vec<HeaderName> = headers
            .keys()
            .filter(|name| name.as_str().contains('_'))
            .filter(|name| {
                let dashed = name.as_str().replace('_', "-");
                self.forged
                    .names
                    .iter()
                    .any(|forged| forged.as_str().replace('_', "-") == dashed)
            })
            .cloned()
            .collect();
        for name in twins {
            headers.remove(name);
        }
    }

    fn tell_sender(&self, headers: &mut HeaderMap, sender: Sender<'_>) {
        let trusted = client::is_trusted(sender.peer, &self.gateway.trusted_proxies.value);
        let peer = sender.peer.to_canonical().to_string();
        let chain = if trusted && headers.contains_key(X_FORWARDED_FOR) {
            let lines = headers.get_all(X_FORWARDED_FOR).iter();
            let sent: Vec<&str> = lines.filter_map(|value| value.to_str().ok()).collect();
            format!("{}, {peer}", sent.join(", "))
        } else {
            peer
        };
        match HeaderValue::from_str(&chain) {
            Ok(value) => drop(headers.insert(X_FORWARDED_FOR, value)),
            Err(_) => drop(headers.remove(X_FORWARDED_FOR)),
        }
        if !(trusted && headers.contains_key(X_FORWARDED_PROTO)) {
            let proto = if sender.tls { "https" } else { "http" };
            headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
        }
        if !(trusted && headers.contains_key(X_FORWARDED_HOST)) {
            match HeaderValue::from_str(sender.authority) {
                Ok(value) if !value.is_empty() => drop(headers.insert(X_FORWARDED_HOST, value)),
                _ => drop(headers.remove(X_FORWARDED_HOST)),
            }
        }
    }
}

/// The Host sent to a target.
#[must_use]
pub fn host_sent(forward: &Forward, target: &Address, sent: &str) -> Option<HeaderValue> {
    if forward.preserve_host && !sent.is_empty() {
        return HeaderValue::from_str(sent).ok();
    }
    HeaderValue::from_str(&target.authority()).ok()
}
