//! JWT -> NJS: what `jwt.js` has to know of each scheme: keys as SPKI, claims to hand on, and who is named by a claim.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::build::Build;
use super::super::document::Block;
use super::super::names::javascript;
use super::auth::naming_claims;
use super::remote::{ask, authority, remote};
use crate::ir::{Jwt, Keys, SchemeKind, Secret};

/// The scheme's place among those that read tokens.
#[must_use]
pub fn index(build: &Build<'_>, scheme: usize) -> usize {
    build
        .gateway
        .schemes
        .values()
        .take(scheme)
        .filter(|other| matches!(other.kind, SchemeKind::Jwt(_)))
        .count()
}

/// The variables and maps of the token schemes that routes use; the context of `jwt.js`. Call it when all claims are known.
pub fn schemes(build: &mut Build<'_>, used: &[usize]) -> Value {
    let mut schemes = Vec::new();
    let mut fixed = Vec::new();
    for (scheme, definition) in build.gateway.schemes.values().enumerate() {
        let SchemeKind::Jwt(jwt) = &definition.kind else {
            continue;
        };
        let at = schemes.len();
        if !used.contains(&scheme) {
            schemes.push(Value::Null);
            continue;
        }
        build.modules.insert("jwt");
        build.variables.insert(format!("gw_scopes_{scheme}"));
        if matches!(jwt.keys, Keys::JwksUrl(_)) {
            build.variables.insert(format!("gw_token_{scheme}"));
        } else {
            build.maps.put(
                "js_set",
                [format!("$gw_token_{scheme}"), format!("jwt.scheme{scheme}")],
            );
            fixed.push(json!({ "function": format!("scheme{scheme}"), "index": at }));
        }
        let naming = naming(build, scheme);
        schemes.push(config(build, scheme, &definition.name, jwt, naming));
    }
    json!({ "schemes": javascript(&Value::Array(schemes)), "fixed": fixed })
}

fn config(
    build: &mut Build<'_>,
    scheme: usize,
    name: &str,
    jwt: &Jwt,
    naming: Vec<Value>,
) -> Value {
    let claims: Vec<Value> = build
        .claims
        .iter()
        .filter(|((of, ..), _)| *of == scheme)
        .map(|((_, claim, purpose), variable)| json!({ "name": claim, "use": purpose, "variable": variable }))
        .collect();
    json!({
        "id": scheme,
        "name": name,
        "issuer": jwt.issuer,
        "audience": jwt.audience,
        "cognito": jwt.cognito.is_some(),
        "algorithms": jwt.algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>(),
        "keys": keys(build, &jwt.keys),
        "claims": claims,
        "naming": naming,
    })
}

/// Maps from hashed claims to consumers; `$gw_who_N` is the consumer, else the token's own identity.
fn naming(build: &mut Build<'_>, scheme: usize) -> Vec<Value> {
    let claims = naming_claims(build.gateway.consumers.values());
    let mut out = Vec::new();
    let mut next = format!("$gw_token_{scheme}");
    for (number, claim) in claims.iter().enumerate().rev() {
        let variable = format!("gw_named_{scheme}_{number}");
        build.variables.insert(variable.clone());
        let mut table = Block::new();
        table.pair("default", next.clone());
        for (id, consumer) in build.consumers() {
            if let Some((_, value)) = consumer.jwt.as_ref().filter(|(name, _)| name == claim) {
                let hash: String = Sha256::digest(value.as_bytes())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                table.pair(hash, id);
            }
        }
        next = format!("$gw_named_by_{scheme}_{number}");
        build
            .maps
            .open("map", [format!("${variable}"), next.clone()], table);
        out.push(json!({ "name": claim, "variable": variable }));
    }
    // The token is checked first; only then are the claims' variables read.
    let mut table = Block::new();
    table.pair("", "");
    table.pair("default", next);
    build.maps.open(
        "map",
        [format!("$gw_token_{scheme}"), format!("$gw_who_{scheme}")],
        table,
    );
    out
}

fn keys(build: &mut Build<'_>, keys: &Keys) -> Value {
    match keys {
        Keys::JwksUrl(_) => json!([]),
        Keys::JwksFile(file) => {
            let set: Value = serde_json::from_slice(&file.content).unwrap_or_default();
            let set = set
                .get("keys")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            Value::Array(set.iter().filter_map(of_jwk).collect())
        }
        Keys::Pem(file) => {
            let text = String::from_utf8_lossy(&file.content);
            Value::Array(of_pem(&text).into_iter().collect())
        }
        Keys::Secret(Secret::Known { text, .. }) => {
            json!([{ "type": "oct", "kid": "", "text": text }])
        }
        Keys::Secret(Secret::Reference(name)) => {
            json!([{ "type": "oct", "kid": "", "variable": build.environment(name) }])
        }
    }
}

/// DER (X.690): tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u16::try_from(content.len()) {
        Ok(n) if n < 128 => out.extend(n.to_be_bytes().last()),
        Ok(n) if n < 256 => out.extend([0x81, n.to_be_bytes()[1]]),
        Ok(n) => {
            out.push(0x82);
            out.extend(n.to_be_bytes());
        }
        // No key is that long.
        Err(_) => out.push(0),
    }
    out.extend(content);
    out
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(bytes.len() + 1);
    if bytes.first().is_some_and(|byte| byte & 128 != 0) {
        content.push(0);
    }
    content.extend(bytes);
    der(2, &content)
}

/// `AlgorithmIdentifier`s of RFC 3279 and RFC 5480.
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
const P256: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07,
];
const P384: &[u8] = &[
    0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
    0x00, 0x22,
];

fn spki(algorithm: &[u8], key: &[u8]) -> String {
    let mut bits = vec![0];
    bits.extend(key);
    let mut content = algorithm.to_vec();
    content.extend(der(3, &bits));
    STANDARD.encode(der(0x30, &content))
}

/// One key of a set; none for what cannot verify (RFC 7517).
fn of_jwk(jwk: &Value) -> Option<Value> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(text(name)?.trim_end_matches('='))
            .ok()
    };
    let (kind, curve, spki) = match text("kty")? {
        "RSA" => {
            let mut key = integer(&bytes("n")?);
            key.extend(integer(&bytes("e")?));
            ("RSA", "", spki(RSA, &der(0x30, &key)))
        }
        "EC" => {
            let (curve, algorithm, size) = match text("crv")? {
                "P-256" => ("P-256", P256, 32),
                "P-384" => ("P-384", P384, 48),
                _ => return None,
            };
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != size || y.len() != size {
                return None;
            }
            (
                "EC",
                curve,
                spki(algorithm, &[&[4], x.as_slice(), y.as_slice()].concat()),
            )
        }
        "oct" => {
            let secret = bytes("k")?;
            return Some(
                json!({ "type": "oct", "kid": text("kid").unwrap_or_default(), "alg": text("alg").unwrap_or_default(), "bytes": STANDARD.encode(secret) }),
            );
        }
        _ => return None,
    };
    Some(
        json!({ "type": kind, "kid": text("kid").unwrap_or_default(), "alg": text("alg").unwrap_or_default(), "curve": curve, "spki": spki }),
    )
}

/// A public key in PEM: `PUBLIC KEY` (RFC 7468) or `RSA PUBLIC KEY` (RFC 8017).
fn of_pem(text: &str) -> Option<Value> {
    let body = |label: &str| {
        let begin = format!("-----BEGIN {label}-----");
        let start = text.find(&begin)? + begin.len();
        let end = text[start..].find("-----END")? + start;
        let base64: String = text[start..end].split_whitespace().collect();
        STANDARD.decode(base64).ok()
    };
    let (kind, curve, spki) = match body("RSA PUBLIC KEY") {
        Some(key) => ("RSA", "", spki(RSA, &key)),
        None => {
            let key = body("PUBLIC KEY")?;
            let within = |part: &[u8]| key.windows(part.len()).any(|window| window == part);
            let (kind, curve) = if within(RSA) {
                ("RSA", "")
            } else if within(P256) {
                ("EC", "P-256")
            } else if within(P384) {
                ("EC", "P-384")
            } else {
                return None;
            };
            (kind, curve, STANDARD.encode(key))
        }
    };
    Some(json!({ "type": kind, "kid": "", "alg": "", "curve": curve, "spki": spki }))
}

/// Where the key set of a scheme is fetched and cached: location, and upstream with cache.
pub fn key_set(build: &mut Build<'_>, scheme: usize, url: &url::Url) -> (Block, Block) {
    let (upstream, name) = remote(build, scheme, url);
    let mut inner = Block::new();
    inner.put("internal", [""; 0]);
    ask(build, url, &name, &mut inner);
    inner.put("proxy_method", ["GET"]);
    inner.put("proxy_pass_request_headers", ["off"]);
    inner.put("proxy_set_header", ["Host".to_owned(), authority(url)]);
    inner.put("proxy_set_header", ["Connection", ""]);
    inner.put("proxy_set_header", ["Accept", "application/json"]);
    inner.put("proxy_cache", ["gw_keys"]);
    inner.put(
        "proxy_cache_key",
        [format!("keys{scheme} {url}").replace('$', "%24")],
    );
    inner.put("proxy_cache_methods", ["GET"]);
    inner.put("proxy_cache_valid", ["200", "5m"]);
    inner.put("proxy_cache_lock", ["on"]);
    inner.put(
        "proxy_cache_use_stale",
        [
            "error", "timeout", "updating", "http_500", "http_502", "http_503", "http_504",
        ],
    );
    inner.put(
        "proxy_ignore_headers",
        [
            "Cache-Control",
            "Expires",
            "Set-Cookie",
            "Vary",
            "X-Accel-Redirect",
            "X-Accel-Expires",
        ],
    );
    let mut out = Block::new();
    out.open(
        "location",
        ["=".to_owned(), format!("//keys/{scheme}")],
        inner,
    );
    (out, upstream)
}
