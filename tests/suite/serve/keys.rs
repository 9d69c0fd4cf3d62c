//! Fetched key sets: cached, rotated, not asked for more often than is decent; and signatures of every kind.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::rig::{Rig, Service, reply};

struct Key {
    pair: EcdsaKeyPair,
    id: &'static str,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref()).unwrap();
        Self { pair, id }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "use": "sig", "x": part(&point[1..33]), "y": part(&point[33..65]) })
    }

    fn token(&self, claims: &Value) -> String {
        self.signed(&json!({ "alg": "ES256", "kid": self.id }), claims)
    }

    fn signed(&self, head: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn claims() -> Value {
    json!({ "iss": "https://id.example/", "aud": ["x", "shop"], "sub": "ann", "exp": now() + 600 })
}

struct Issuer {
    service: Service,
    keys: Arc<Mutex<Value>>,
}

impl Issuer {
    fn new(keys: &[&Key]) -> Self {
        let set =
            |keys: &[&Key]| json!({ "keys": keys.iter().map(|k| k.jwk()).collect::<Vec<_>>() });
        let keys = Arc::new(Mutex::new(set(keys)));
        let held = keys.clone();
        let service = Service::new(move |_, stream| {
            reply(stream, "200 OK", &held.lock().unwrap().to_string())
        });
        Self { service, keys }
    }

    fn rotate(&self, keys: &[&Key]) {
        *self.keys.lock().unwrap() =
            json!({ "keys": keys.iter().map(|k| k.jwk()).collect::<Vec<_>>() });
    }
}

fn rig(issuer: &Issuer, service: &Service) -> Rig {
    Rig::new(&format!(
        "version: 1\nname: t\ngateway: {{ access_log: none }}\nservices: {{ s: '{}' }}\nroutes: {{ GET /x: {{ to: s, auth: t }} }}\n\
         auth: {{ t: {{ jwt: {{ issuer: 'https://id.example/', audience: [shop], keys: {{ jwks: '{}/jwks' }}, algorithms: [ES256], forward: {{ sub: X-User-ID }} }} }} }}\n",
        service.url(),
        issuer.service.url()
    ))
}

fn status(rig: &Rig, token: &str) -> u16 {
    rig.get_with("/x", &[&format!("Authorization: Bearer {token}")])
        .status
}

#[test]
fn keys_are_fetched_once_and_again_when_one_is_missing_but_not_for_every_forgery() {
    let (first, second) = (Key::new("one"), Key::new("two"));
    let issuer = Issuer::new(&[&first]);
    let service = Service::ok();
    let rig = rig(&issuer, &service);
    for _ in 0..5 {
        assert_eq!(status(&rig, &first.token(&claims())), 200);
    }
    assert_eq!(issuer.service.seen().len(), 1);
    assert!(
        service.seen()[0]
            .to_ascii_lowercase()
            .contains("x-user-id: ann")
    );
    let forger = Key::new("nobody");
    for _ in 0..20 {
        assert_eq!(status(&rig, &forger.token(&claims())), 401);
    }
    assert!(
        issuer.service.seen().len() <= 2,
        "{} fetches",
        issuer.service.seen().len()
    );
    issuer.rotate(&[&first, &second]);
    // A key that appears is found as soon as asking again is decent.
    super::rig::until("the new key", || {
        status(&rig, &second.token(&claims())) == 200
    });
    // A key that goes takes its tokens with it, cached or not: the next state of the set has to be fetched for that.
    let old = first.token(&claims());
    assert_eq!(status(&rig, &old), 200);
    issuer.rotate(&[&second]);
    super::rig::until("the old key gone", || {
        status(&rig, &forger.token(&claims()));
        status(&rig, &old) == 401
    });
}

#[test]
fn an_issuer_that_is_down_is_503_and_never_an_open_door() {
    let key = Key::new("one");
    let issuer = Issuer::new(&[&key]);
    let dead = Issuer {
        service: Service::new(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both))),
        keys: issuer.keys.clone(),
    };
    let service = Service::ok();
    assert_eq!(status(&rig(&dead, &service), &key.token(&claims())), 503);
    assert!(service.seen().is_empty());
}

#[test]
fn only_a_whole_valid_token_is_admitted() {
    let key = Key::new("one");
    let issuer = Issuer::new(&[&key]);
    let service = Service::ok();
    let rig = rig(&issuer, &service);
    let with = |name: &str, value: Value| {
        let mut all = claims();
        match value {
            Value::Null => drop(all.as_object_mut().unwrap().remove(name)),
            value => all[name] = value,
        }
        key.token(&all)
    };
    let good = key.token(&claims());
    assert_eq!(status(&rig, &good), 200);
    assert_eq!(
        status(&rig, &with("exp", json!(now() - 30))),
        200,
        "within the leeway"
    );
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = message.split_once('.').unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    // The public key as an HMAC secret, the classic confusion.
    let confused = {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"one"}"#);
        let message = format!("{head}.{payload}");
        let secret =
            aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key.pair.public_key().as_ref());
        format!(
            "{message}.{}",
            URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&secret, message.as_bytes()))
        )
    };
    let other = URL_SAFE_NO_PAD.encode(
        json!({ "iss": "https://id.example/", "aud": "shop", "sub": "root", "exp": now() + 600 })
            .to_string(),
    );
    let bad = [
        with("exp", json!(now() - 120)),
        with("exp", Value::Null),
        with("exp", json!("never")),
        with("nbf", json!(now() + 120)),
        with("iss", json!("https://evil.example/")),
        with("iss", Value::Null),
        with("aud", json!("other")),
        with("aud", Value::Null),
        with("aud", json!([])),
        with("aud", json!({ "shop": 1 })),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        confused,
        format!("{head}.{other}.{signature}"),
        format!("{head}.{payload}"),
        format!("{head}.{payload}.{signature}.x"),
        format!("{good}A"),
        format!(
            "{head}.{payload}.{}",
            signature.replace(['a', 'b', 'c', 'd'], "e")
        ),
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        key.signed(
            &json!({ "alg": "ES256", "kid": "one", "crit": ["x"] }),
            &claims(),
        ),
        key.signed(&json!({ "alg": "ES256", "kid": "two" }), &claims()),
        key.signed(
            &json!({ "alg": "ES256", "kid": "gateway-gen-development" }),
            &claims(),
        ),
    ];
    for token in bad {
        assert_eq!(status(&rig, &token), 401, "{token}");
    }
    assert_eq!(service.seen().len(), 2);
    assert_eq!(rig.get("/x").header("www-authenticate"), Some("Bearer"));
}
