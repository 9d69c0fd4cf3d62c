//! Every way to get a scheme's credentials wrong, the rest of the request being good.

use base64::Engine as _;
use serde_json::{Value, json};

use super::identity::{AUTHORIZER, Identities, bearer, first, plain, strip, with_basic, with_key};
use super::keys::{FOREIGN, TRUSTED, kid, unsigned};
use super::probe::Request;
use crate::ir::{Algorithm, Consumer, Jwt, Route, Scheme, SchemeKind};

/// A wrong credential and what is wrong with it.
pub struct Wrong {
    /// Such as `expired token`.
    pub what: &'static str,
    /// The request with it.
    pub request: Request,
}

impl Identities<'_> {
    /// Every way to get the scheme wrong, the rest of the request being good.
    #[must_use]
    pub fn wrong(&self, scheme: &Scheme, route: &Route, rest: &Request) -> Vec<Wrong> {
        let mut all = vec![Wrong {
            what: "no credentials",
            request: strip(scheme, rest.clone()),
        }];
        let mut say = |what, request| all.push(Wrong { what, request });
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => {
                let consumer = self.consumer(scheme, &route.groups);
                for (what, token) in self.bad_tokens(jwt, consumer, route) {
                    say(what, bearer(rest.clone(), &token));
                }
                let good = self.token(jwt, consumer, route);
                say(
                    "token without Bearer",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", good.as_str()),
                );
                say(
                    "token as Basic",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", format!("Basic {good}")),
                );
            }
            SchemeKind::ApiKey(place) => {
                let key = self
                    .consumers(scheme)
                    .next()
                    .and_then(|consumer| consumer.api_keys.first())
                    .map(plain)
                    .unwrap_or_default();
                say("unknown key", with_key(place, rest.clone(), "nobody"));
                say("empty key", with_key(place, rest.clone(), ""));
                say(
                    "key in other case",
                    with_key(place, rest.clone(), &swap_case(&key)),
                );
                say(
                    "start of a key",
                    with_key(place, rest.clone(), &key[..key.len().saturating_sub(1)]),
                );
                say(
                    "key and more",
                    with_key(place, rest.clone(), &format!("{key}x")),
                );
                say("pattern for any key", with_key(place, rest.clone(), ".*"));
            }
            SchemeKind::Basic(_) => {
                let known = self
                    .consumers(scheme)
                    .find_map(|consumer| consumer.basic.as_ref());
                let (user, password) = known
                    .map(|(user, password)| (user.clone(), plain(password)))
                    .unwrap_or_default();
                say("wrong password", with_basic(rest.clone(), &user, "wrong"));
                say(
                    "unknown user",
                    with_basic(rest.clone(), "nobody", &password),
                );
                say("empty password", with_basic(rest.clone(), &user, ""));
                say(
                    "password in other case",
                    with_basic(rest.clone(), &user, &swap_case(&password)),
                );
                say(
                    "not base64",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", "Basic ***"),
                );
                say(
                    "no colon",
                    rest.clone()
                        .without("Authorization")
                        .header("Authorization", "Basic bm9jb2xvbg=="),
                );
            }
            SchemeKind::External(_) => {
                for (what, answer) in [
                    ("authorizer says 401", "401"),
                    ("authorizer says 403", "403"),
                    ("authorizer fails", "500"),
                ] {
                    say(
                        what,
                        rest.clone().without(AUTHORIZER).header(AUTHORIZER, answer),
                    );
                }
            }
        }
        all
    }

    fn bad_tokens(
        &self,
        jwt: &Jwt,
        consumer: Option<&Consumer>,
        route: &Route,
    ) -> Vec<(&'static str, String)> {
        let algorithm = first(jwt);
        let good = self.claims(jwt, consumer, route);
        let changed = |key: &str, value: Value| {
            let mut claims = good.clone();
            claims[key] = value;
            TRUSTED.sign(algorithm, &claims)
        };
        let without = |key: &str| {
            let mut claims = good.clone();
            claims
                .as_object_mut()
                .map(|claims| claims.shift_remove(key));
            TRUSTED.sign(algorithm, &claims)
        };
        let token = TRUSTED.sign(algorithm, &good);
        let mut bad = vec![
            ("expired token", changed("exp", json!(self.now() - 3600))),
            ("token without exp", without("exp")),
            ("exp as text", changed("exp", json!("soon"))),
            (
                "token not valid yet",
                changed("nbf", json!(self.now() + 3600)),
            ),
            (
                "algorithm none",
                unsigned(&json!({ "alg": "none", "typ": "JWT" }), &good, ""),
            ),
            (
                "algorithm None",
                unsigned(&json!({ "alg": "None", "kid": kid(algorithm) }), &good, ""),
            ),
            (
                "unknown algorithm",
                unsigned(
                    &json!({ "alg": "XX256", "kid": kid(algorithm) }),
                    &good,
                    "AAAA",
                ),
            ),
            ("tampered payload", tampered(&token, &good)),
            (
                "two parts",
                token
                    .rsplit_once('.')
                    .map(|(head, _)| head.to_owned())
                    .unwrap_or_default(),
            ),
            ("four parts", format!("{token}.x")),
            ("garbage", "garbage".to_owned()),
            (
                "empty signature",
                token
                    .rsplit_once('.')
                    .map(|(head, _)| format!("{head}."))
                    .unwrap_or_default(),
            ),
        ];
        if jwt.issuer.is_some() {
            bad.push((
                "wrong issuer",
                changed("iss", json!("https://evil.example/")),
            ));
            bad.push(("no issuer", without("iss")));
        }
        if !jwt.audience.is_empty() {
            bad.push(("wrong audience", changed("aud", json!("other"))));
            bad.push(("no audience", without("aud")));
        }
        if algorithm.is_hmac() {
            bad.push(("signed with another secret", resigned(algorithm, &good)));
        } else {
            bad.push(("signed with another key", FOREIGN.sign(algorithm, &good)));
            // RFC 8725, 2.1: the public key taken for a shared secret.
            bad.push(("HS256 with the public key", confused(algorithm, &good)));
        }
        let other = Algorithm::ALL
            .into_iter()
            .find(|other| !jwt.algorithms.contains(other) && !other.is_hmac());
        if let Some(other) = other {
            bad.push(("algorithm not listed", TRUSTED.sign(other, &good)));
        }
        bad
    }
}

fn swap_case(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

fn tampered(token: &str, claims: &Value) -> String {
    let mut claims = claims.clone();
    claims["sub"] = json!("somebody else");
    let middle = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut parts: Vec<&str> = token.split('.').collect();
    if let Some(part) = parts.get_mut(1) {
        *part = &middle;
    }
    parts.join(".")
}

fn resigned(algorithm: Algorithm, claims: &Value) -> String {
    let header = jsonwebtoken::Header::new(match algorithm {
        Algorithm::HS384 => jsonwebtoken::Algorithm::HS384,
        Algorithm::HS512 => jsonwebtoken::Algorithm::HS512,
        _ => jsonwebtoken::Algorithm::HS256,
    });
    jsonwebtoken::encode(
        &header,
        claims,
        &jsonwebtoken::EncodingKey::from_secret(b"another secret of some length, 32+"),
    )
    .unwrap_or_default()
}

fn confused(algorithm: Algorithm, claims: &Value) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some(kid(algorithm));
    let public = TRUSTED.jwks(&[algorithm])["keys"][0].to_string();
    jsonwebtoken::encode(
        &header,
        claims,
        &jsonwebtoken::EncodingKey::from_secret(public.as_bytes()),
    )
    .unwrap_or_default()
}
