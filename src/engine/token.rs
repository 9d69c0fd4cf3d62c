//! A signed token: its parts, its signature and its claims (RFC 7519, RFC 8725).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::keys::KeySet;
use super::request::Timestamp;
use crate::ir;

/// Seconds by which clocks may differ.
pub const LEEWAY: u64 = 60;

/// What a verified token says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// As signed.
    pub all: Map<String, Value>,
    /// From `scope` and `scp`.
    pub scopes: Vec<String>,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not three parts of base64url with JSON in the first two.
    Malformed,
    /// An algorithm that the scheme does not list, or a critical header that is not understood.
    Algorithm,
    /// No key of the set made the signature.
    Signature,
    /// `exp` is missing.
    NoExpiry,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come.
    NotYet,
    /// `iss` is another.
    Issuer,
    /// `aud` names nobody of the list.
    Audience,
}

impl Refusal {
    /// In words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Malformed => "the token is malformed",
            Self::Algorithm => "the token's algorithm is not accepted",
            Self::Signature => "the token's signature is wrong",
            Self::NoExpiry => "the token never expires",
            Self::Expired => "the token has expired",
            Self::NotYet => "the token is not valid yet",
            Self::Issuer => "the token has another issuer",
            Self::Audience => "the token is for another audience",
        }
    }
}

/// A token's header, read before any key is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The algorithm, one of the scheme's.
    pub algorithm: ir::Algorithm,
    /// The key's name.
    pub key: Option<String>,
}

/// Reads a token's header and holds its algorithm against the scheme's.
///
/// # Errors
/// When it is malformed or names another algorithm.
pub fn head(token: &str, scheme: &ir::Jwt) -> Result<Head, Refusal> {
    let (head, rest) = token.split_once('.').ok_or(Refusal::Malformed)?;
    if rest.split('.').count() != 2 {
        return Err(Refusal::Malformed);
    }
    let head = object(head)?;
    // RFC 7515 section 4.1.11: extensions that are not understood must be refused.
    if head.contains_key("crit") {
        return Err(Refusal::Algorithm);
    }
    let name = head
        .get("alg")
        .and_then(Value::as_str)
        .ok_or(Refusal::Malformed)?;
    let algorithm = scheme.algorithms.iter().copied().find(|a| a.name() == name);
    Ok(Head {
        algorithm: algorithm.ok_or(Refusal::Algorithm)?,
        key: head.get("kid").and_then(Value::as_str).map(str::to_owned),
    })
}

/// The head of a token that says it was signed with the development key.
#[must_use]
pub fn development_head(token: &str) -> Option<Head> {
    let head = object(token.split_once('.')?.0).ok()?;
    let is = |name: &str, value: &str| head.get(name).and_then(Value::as_str) == Some(value);
    (is("kid", super::compile::DEVELOPMENT_KEY_ID) && is("alg", "HS256")).then_some(Head {
        algorithm: ir::Algorithm::HS256,
        key: None,
    })
}

/// Verifies the signature and reads the claims; their validity in time is [`in_time`]'s.
///
/// # Errors
/// The first reason to refuse it.
pub fn verify(
    token: &str,
    head: &Head,
    scheme: &ir::Jwt,
    keys: &KeySet,
) -> Result<Arc<Claims>, Refusal> {
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    if !keys.verify(
        head.algorithm,
        head.key.as_deref(),
        message.as_bytes(),
        signature,
    ) {
        return Err(Refusal::Signature);
    }
    let (_, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let all = object(payload)?;
    if let Some(issuer) = &scheme.issuer
        && all.get("iss").and_then(Value::as_str) != Some(issuer)
    {
        return Err(Refusal::Issuer);
    }
    if !scheme.audience.is_empty() && !audience(&all, scheme) {
        return Err(Refusal::Audience);
    }
    if number(&all, "exp")?.is_none() {
        return Err(Refusal::NoExpiry);
    }
    number(&all, "nbf")?;
    Ok(Arc::new(Claims {
        scopes: scopes(&all),
        all,
    }))
}

/// Holds `exp` and `nbf` against the time, with [`LEEWAY`].
///
/// # Errors
/// When the token has expired or is not valid yet.
pub fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    let expiry = number(&claims.all, "exp")?.ok_or(Refusal::NoExpiry)?;
    #[allow(clippy::cast_precision_loss)]
    let (now, leeway) = (now.seconds() as f64, LEEWAY as f64);
    if now >= expiry + leeway {
        return Err(Refusal::Expired);
    }
    match number(&claims.all, "nbf")? {
        Some(start) if now + leeway < start => Err(Refusal::NotYet),
        _ => Ok(()),
    }
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Refusal::Malformed)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(Refusal::Malformed),
    }
}

fn number(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, Refusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(Refusal::Malformed),
    }
}

fn audience(claims: &Map<String, Value>, scheme: &ir::Jwt) -> bool {
    let wanted = |text: &str| scheme.audience.iter().any(|a| a == text);
    let named = match claims.get("aud") {
        Some(Value::String(text)) => wanted(text),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(wanted),
        _ => false,
    };
    // An access token of a Cognito pool has no `aud`, it names its client.
    let client = || {
        claims
            .get("client_id")
            .and_then(Value::as_str)
            .is_some_and(wanted)
    };
    named || (scheme.cognito.is_some() && claims.get("aud").is_none() && client())
}

fn scopes(claims: &Map<String, Value>) -> Vec<String> {
    let mut scopes = Vec::new();
    if let Some(Value::String(text)) = claims.get("scope") {
        scopes.extend(text.split_ascii_whitespace().map(str::to_owned));
    }
    match claims.get("scp") {
        Some(Value::Array(list)) => {
            scopes.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Some(Value::String(text)) => {
            scopes.extend(text.split_ascii_whitespace().map(str::to_owned));
        }
        _ => {}
    }
    scopes
}

/// A claim as text: a list joined by commas, everything else as JSON writes it; nothing for a missing one and for null.
#[must_use]
pub fn claim_text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let one = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match claims.get(name)? {
        Value::Null => None,
        Value::Array(list) => Some(list.iter().map(one).collect::<Vec<_>>().join(",")),
        value => Some(one(value)),
    }
}

/// A claim as a header's value: what is not visible ASCII is percent-encoded.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
