//! Tokens that tests sign: RS256 with a key of their own.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Signs tokens.
pub struct Issuer(KeyPair);

impl Issuer {
    pub fn new() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// Its public key as a key set.
    pub fn key_set(&self) -> String {
        let public = self.0.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let n = number(public.modulus().big_endian_without_leading_zero());
        let e = number(public.exponent().big_endian_without_leading_zero());
        json!({ "keys": [{ "kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "n": n, "e": e }] }).to_string()
    }

    /// `Bearer` and a token with these claims.
    pub fn bearer(&self, claims: &Value) -> String {
        let header = encoded(&json!({ "alg": "RS256", "kid": "k", "typ": "JWT" }));
        let signed = format!("{header}.{}", encoded(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("Bearer {signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// `Bearer` and a token that says it is not signed.
    pub fn unsigned(&self, claims: &Value) -> String {
        let header = encoded(&json!({ "alg": "none", "kid": "k" }));
        format!("Bearer {header}.{}.AAAA", encoded(claims))
    }
}
