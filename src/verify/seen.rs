//! A request's line and headers as a server takes them.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::probe::Request;

/// Host and path with query: the absolute form carries both, and its host wins (RFC 9112, 3.2.2).
pub fn request_target(request: &Request) -> (&str, &str) {
    let absolute = request
        .target
        .strip_prefix("http://")
        .or_else(|| request.target.strip_prefix("https://"));
    match absolute {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => (&request.host, &request.target),
    }
}

/// A request's headers as the engine takes them.
#[must_use]
pub fn header_map(request: &Request) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in &request.headers {
        let bytes: Vec<u8> = value
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
            .collect();
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(&bytes),
        ) {
            map.append(name, value);
        }
    }
    map
}
