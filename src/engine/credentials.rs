//! Credentials of consumers, found by their digest: looking one up takes the same time whether it is nearly right or not.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use super::request::Request;
use crate::ir::{ConsumerId, Gateway, Secret};

/// Consumers by API key and by user name and password.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    keys: HashMap<[u8; 32], ConsumerId>,
    passwords: HashMap<[u8; 32], ConsumerId>,
}

/// What a request brought for one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought<T> {
    /// Nothing.
    Nothing,
    /// Something that is not a credential: twice, or not readable.
    Unreadable,
    /// This.
    This(T),
}

fn hash(text: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text).as_ref());
    out
}

fn user_and_password(user: &str, password: &str) -> [u8; 32] {
    // The length in front keeps `a:b` + `c` apart from `a` + `b:c`.
    hash(format!("{}:{user}:{password}", user.len()).as_bytes())
}

impl Credentials {
    /// Those of a gateway whose secrets are known. A secret that is only named fits nothing.
    #[must_use]
    pub fn new(gateway: &Gateway) -> Self {
        let mut all = Self::default();
        for (number, consumer) in gateway.consumers.values().enumerate() {
            let id = ConsumerId(number);
            for key in &consumer.api_keys {
                if let Secret::Known { text, .. } = key {
                    all.keys.insert(hash(text.as_bytes()), id);
                }
            }
            if let Some((user, Secret::Known { text, .. })) = &consumer.basic {
                all.passwords.insert(user_and_password(user, text), id);
            }
        }
        all
    }

    /// Whose key it is.
    #[must_use]
    pub fn by_key(&self, key: &[u8]) -> Option<ConsumerId> {
        self.keys.get(&hash(key)).copied()
    }

    /// Whose `Authorization: Basic` it is (RFC 7617): base64 of `user:password`.
    #[must_use]
    pub fn by_basic(&self, encoded: &str) -> Option<ConsumerId> {
        let bytes = STANDARD.decode(encoded).ok()?;
        let (user, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
        self.passwords
            .get(&user_and_password(user, password))
            .copied()
    }
}

/// What stands behind a scheme's word in `Authorization`, compared without case (RFC 9110 section 11.1).
#[must_use]
pub fn authorization<'r>(request: &Request<'r>, scheme: &str) -> Brought<&'r str> {
    let mut values = request.headers.get_all(AUTHORIZATION).iter();
    let Some(first) = values.next() else {
        return Brought::Nothing;
    };
    if values.next().is_some() {
        return Brought::Unreadable;
    }
    let Ok(text) = first.to_str() else {
        return Brought::Unreadable;
    };
    match text.split_once(' ') {
        Some((word, rest)) if word.eq_ignore_ascii_case(scheme) => Brought::This(rest.trim()),
        _ => Brought::Nothing,
    }
}

/// A key in a header.
#[must_use]
pub fn key_in_header<'r>(request: &Request<'r>, name: &HeaderName) -> Brought<&'r [u8]> {
    let mut values = request.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Brought::Nothing,
        (Some(_), Some(_)) => Brought::Unreadable,
        (Some(value), None) => Brought::This(HeaderValue::as_bytes(value)),
    }
}

/// A key in the query, decoded.
#[must_use]
pub fn key_in_query(query: Option<&str>, name: &str) -> Brought<Vec<u8>> {
    let mut found = Brought::Nothing;
    for pair in query.unwrap_or_default().split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decode(key) == name.as_bytes() {
            found = match found {
                Brought::Nothing => Brought::This(decode(value)),
                _ => Brought::Unreadable,
            };
        }
    }
    found
}

/// The query without every spelling of a parameter; everything else as it came. `None` when nothing is left.
#[must_use]
pub fn query_without(query: &str, name: &str) -> Option<String> {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| decode(pair.split('=').next().unwrap_or(pair)) != name.as_bytes())
        .collect();
    (!kept.is_empty()).then(|| kept.join("&"))
}

fn decode(text: &str) -> Vec<u8> {
    let spaced = text.replace('+', " ");
    let bytes = spaced.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| {
            let text = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(text, 16).ok()
        });
        match pair.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_query_is_found_in_every_spelling_and_taken_out_of_what_is_sent() {
        assert_eq!(
            key_in_query(Some("a=1&key=s%2Fx"), "key"),
            Brought::This(b"s/x".to_vec())
        );
        assert_eq!(
            key_in_query(Some("a=1&k%65y=s"), "key"),
            Brought::This(b"s".to_vec())
        );
        assert_eq!(
            key_in_query(Some("key=1&k%65y=2"), "key"),
            Brought::Unreadable
        );
        assert_eq!(key_in_query(Some("keys=1"), "key"), Brought::Nothing);
        assert_eq!(
            query_without("a=%31&k%65y=s&b", "key").as_deref(),
            Some("a=%31&b")
        );
        assert_eq!(query_without("key=s", "key"), None);
    }
}
