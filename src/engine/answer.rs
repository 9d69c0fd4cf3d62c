//! The gateway's own answers: a JSON message with the headers its status asks for.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};

/// An answer that the gateway gives itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, without those of the request ID and CORS, which every answer gets.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Why, in a word or two for the log; empty when nothing was refused.
    pub reason: &'static str,
}

impl Answer {
    /// `{"message": ...}` with a status.
    #[must_use]
    pub fn message(status: u16, reason: &'static str, message: &str) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self {
            status,
            headers,
            body: serde_json::json!({ "message": message }).to_string().into(),
            reason,
        }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16, reason: &'static str) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            reason,
        }
    }

    /// 400: the path cannot be normalised.
    #[must_use]
    pub fn bad_path(why: &str) -> Self {
        Self::message(400, "bad path", &format!("bad request path: {why}"))
    }

    /// 401 with one challenge a scheme.
    #[must_use]
    pub fn unauthorised(message: &str, challenges: &[HeaderValue]) -> Self {
        let mut answer = Self::message(401, "unauthorised", message);
        for challenge in challenges {
            answer.headers.append(WWW_AUTHENTICATE, challenge.clone());
        }
        answer
    }

    /// 403.
    #[must_use]
    pub fn forbidden(reason: &'static str, message: &str) -> Self {
        Self::message(403, reason, message)
    }

    /// 404.
    #[must_use]
    pub fn no_route() -> Self {
        Self::message(404, "no route", "no route")
    }

    /// 405 with `Allow`.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        let mut answer = Self::message(405, "method", "method not allowed");
        if let Ok(value) = HeaderValue::from_str(allow) {
            answer.headers.insert(ALLOW, value);
        }
        answer
    }

    /// 413.
    #[must_use]
    pub fn too_large() -> Self {
        Self::message(413, "body size", "request body too large")
    }

    /// 429 with `Retry-After` in seconds, at least 1.
    #[must_use]
    pub fn limited(reason: &'static str, message: &str, retry_after: u64) -> Self {
        let mut answer = Self::message(429, reason, message);
        answer
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(retry_after.max(1)));
        answer
    }

    /// 503 with `Retry-After` in seconds, at least 1.
    #[must_use]
    pub fn unavailable(reason: &'static str, message: &str, retry_after: u64) -> Self {
        let mut answer = Self::message(503, reason, message);
        answer
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(retry_after.max(1)));
        answer
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        let mut answer = Self::empty(status, "");
        if let Ok(value) = HeaderValue::from_str(location) {
            answer.headers.insert(LOCATION, value);
        }
        answer
    }
}
