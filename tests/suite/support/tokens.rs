//! Tokens for the table of cases: good ones, and each way in which one can be wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// The secret of the scheme `shared`, as `cases/dev.secrets` has it.
const SECRET: &[u8] = b"a-secret-of-the-test-table-that-is-long-enough";

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// Claims that are in order.
pub fn claims() -> Value {
    json!({ "iss": "https://id.example/", "aud": "cases", "sub": "user-1", "exp": now() + 600, "tenant": "t1" })
}

fn key(algorithm: Algorithm) -> (EncodingKey, &'static str) {
    match algorithm {
        Algorithm::RS256 => (
            EncodingKey::from_rsa_pem(include_bytes!("../cases/keys/rs256.pem")).unwrap(),
            "r1",
        ),
        Algorithm::ES256 => (
            EncodingKey::from_ec_pem(include_bytes!("../cases/keys/es256.pem")).unwrap(),
            "e1",
        ),
        _ => (EncodingKey::from_secret(SECRET), "s1"),
    }
}

/// A signed token with these claims.
pub fn token(algorithm: Algorithm, claims: &Value) -> String {
    let (key, kid) = key(algorithm);
    let header = Header {
        kid: Some(kid.to_owned()),
        ..Header::new(algorithm)
    };
    encode(&header, claims, &key).unwrap()
}

/// A good RS256 token with more claims.
pub fn with(more: &Value) -> String {
    let mut claims = claims();
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    token(Algorithm::RS256, &claims)
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Another payload under the signature of a good token.
fn tampered(algorithm: Algorithm) -> String {
    let good = token(algorithm, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    format!(
        "{}.{}.{}",
        parts[0],
        part(&changed("sub", json!("admin"))),
        parts[2]
    )
}

fn bad_signature(algorithm: Algorithm) -> String {
    let good = token(algorithm, &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[7] ^= 1;
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn by_a_stranger(algorithm: Algorithm) -> String {
    let key = match algorithm {
        Algorithm::RS256 => {
            EncodingKey::from_rsa_pem(include_bytes!("../cases/keys/stranger.pem")).unwrap()
        }
        Algorithm::ES256 => return unknown_kid(algorithm),
        _ => EncodingKey::from_secret(b"another secret"),
    };
    let header = Header {
        kid: Some(self::key(algorithm).1.to_owned()),
        ..Header::new(algorithm)
    };
    encode(&header, &claims(), &key).unwrap()
}

fn unknown_kid(algorithm: Algorithm) -> String {
    let header = Header {
        kid: Some("nobody".to_owned()),
        ..Header::new(algorithm)
    };
    encode(&header, &claims(), &key(algorithm).0).unwrap()
}

/// Every token of one algorithm with its name and whether it is good.
pub fn of(algorithm: Algorithm) -> Vec<(String, String, bool)> {
    let past = now() - 3600;
    let one = |name: &str, claims: Value, good: bool| {
        (
            format!("{algorithm:?} {name}"),
            token(algorithm, &claims),
            good,
        )
    };
    let mut list = vec![
        one("in order", claims(), true),
        one(
            "with a list of audiences",
            changed("aud", json!(["other", "cases"])),
            true,
        ),
        one(
            "expired within the leeway",
            changed("exp", json!(now() - 30)),
            true,
        ),
        one("expired", changed("exp", json!(past)), false),
        one("not valid yet", changed("nbf", json!(now() + 3600)), false),
        one(
            "for another audience",
            changed("aud", json!("other")),
            false,
        ),
        one(
            "of another issuer",
            changed("iss", json!("https://evil.example/")),
            false,
        ),
        one("without expiry", without("exp"), false),
        one(
            "with an expiry in words",
            changed("exp", json!("tomorrow")),
            false,
        ),
    ];
    list.push((
        format!("{algorithm:?} with a bad signature"),
        bad_signature(algorithm),
        false,
    ));
    list.push((
        format!("{algorithm:?} tampered"),
        tampered(algorithm),
        false,
    ));
    list.push((
        format!("{algorithm:?} signed by a stranger"),
        by_a_stranger(algorithm),
        false,
    ));
    if algorithm != Algorithm::HS256 {
        list.push((
            format!("{algorithm:?} with an unknown key"),
            unknown_kid(algorithm),
            false,
        ));
    }
    list
}

/// The same signature in a text whose last letter carries bits that no byte has.
fn loose(token: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (last, rest) = token.as_bytes().split_last().unwrap();
    let at = LETTERS.iter().position(|letter| letter == last).unwrap();
    format!(
        "{}{}",
        std::str::from_utf8(rest).unwrap(),
        char::from(LETTERS[at + 1])
    )
}

/// Tokens that are no tokens, for a scheme that accepts RS256 and ES256.
pub fn crooked() -> Vec<(String, String)> {
    let claims = part(&claims());
    let none = part(&json!({ "alg": "none", "typ": "JWT" }));
    let upper = part(&json!({ "alg": "NONE" }));
    let confused = format!("{}.{claims}", part(&json!({ "alg": "HS256", "kid": "r1" })));
    let public = include_bytes!("../cases/keys/jwks.json");
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, public),
        confused.as_bytes(),
    );
    let good = token(Algorithm::RS256, &self::claims());
    let critical = part(&json!({ "alg": "RS256", "kid": "r1", "crit": ["b64"] }));
    [
        ("alg none", format!("{none}.{claims}.")),
        (
            "alg NONE with a signature",
            format!("{upper}.{claims}.AAAA"),
        ),
        (
            "a public key as a secret",
            format!("{confused}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())),
        ),
        (
            "HS256 where only RS256 and ES256 are accepted",
            token(Algorithm::HS256, &self::claims()),
        ),
        ("two parts", good.rsplit_once('.').unwrap().0.to_owned()),
        ("four parts", format!("{good}.AAAA")),
        (
            "no JSON",
            format!("{}.{claims}.AAAA", URL_SAFE_NO_PAD.encode("not json")),
        ),
        ("garbage", "garbage".to_owned()),
        ("a signature with loose bits", loose(&good)),
        (
            "a critical extension",
            format!("{critical}.{claims}.{}", good.rsplit('.').next().unwrap()),
        ),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
}
