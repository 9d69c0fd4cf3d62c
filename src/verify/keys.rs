//! Key pairs that a rig puts in place of a scheme's own, and the tokens made with them.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use serde_json::{Value, json};

use crate::ir::Algorithm;

/// One key per family: RSA serves all of RS and PS.
pub struct Pairs {
    rsa: Pair,
    p256: Pair,
    p384: Pair,
    ed25519: Pair,
}

struct Pair {
    private: EncodingKey,
    public: Value,
}

/// The keys that verified gateways trust, and others that none does. Made once a run: RSA takes a moment.
pub static TRUSTED: LazyLock<Pairs> = LazyLock::new(Pairs::generate);
/// Keys with the same ids that nobody trusts.
pub static FOREIGN: LazyLock<Pairs> = LazyLock::new(Pairs::generate);

/// The shared secret of rigs' HS schemes, 64 bytes.
pub const SECRET: &str = "verify-0123456789abcdef0123456789abcdef0123456789abcdef01234567890";

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Pairs {
    fn generate() -> Self {
        // Key generation fails only without randomness, and then nothing can be verified at all.
        Self::try_generate().expect("the operating system gives randomness")
    }

    fn try_generate() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let rsa = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048)?;
        let der: Pkcs8V1Der<'_> = rsa.as_der()?;
        let public = rsa.public_key();
        let rsa_public = json!({
            "kty": "RSA", "n": b64(public.modulus().big_endian_without_leading_zero()),
            "e": b64(public.exponent().big_endian_without_leading_zero()),
        });
        // jsonwebtoken takes PKCS#1 for RSA; a PEM in PKCS#8 is converted by it.
        let rsa_private = EncodingKey::from_rsa_pem(pem("PRIVATE KEY", der.as_ref()).as_bytes())
            .map_err(|_| aws_lc_rs::error::Unspecified)?;
        let ed = Ed25519KeyPair::generate()?;
        let ed_der = ed.to_pkcs8v1()?;
        Ok(Self {
            rsa: Pair {
                private: rsa_private,
                public: rsa_public,
            },
            p256: ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")?,
            p384: ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")?,
            ed25519: Pair {
                private: EncodingKey::from_ed_der(ed_der.as_ref()),
                public: json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(ed.public_key().as_ref()) }),
            },
        })
    }

    fn pair(&self, algorithm: Algorithm) -> Option<&Pair> {
        match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => None,
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Some(&self.rsa),
            Algorithm::ES256 => Some(&self.p256),
            Algorithm::ES384 => Some(&self.p384),
            Algorithm::EdDSA => Some(&self.ed25519),
        }
    }

    /// A key set with one key for each of the algorithms.
    #[must_use]
    pub fn jwks(&self, algorithms: &[Algorithm]) -> Value {
        let keys: Vec<Value> = algorithms
            .iter()
            .filter_map(|algorithm| {
                let mut key = self.pair(*algorithm)?.public.clone();
                key["kid"] = json!(kid(*algorithm));
                key["alg"] = json!(algorithm.name());
                key["use"] = json!("sig");
                Some(key)
            })
            .collect();
        json!({ "keys": keys })
    }

    /// The algorithm and the claims of a token that these keys signed; nothing of any other.
    #[must_use]
    pub fn opened(&self, token: &str) -> Option<(Algorithm, Value)> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        let mut algorithms = Algorithm::ALL.into_iter();
        let algorithm = algorithms.find(|known| rust_algorithm(*known) == header.alg)?;
        let key = match self.pair(algorithm) {
            Some(pair) => {
                if header.kid != Some(kid(algorithm)) {
                    return None;
                }
                let jwk = serde_json::from_value(pair.public.clone()).ok()?;
                DecodingKey::from_jwk(&jwk).ok()?
            }
            None => DecodingKey::from_secret(SECRET.as_bytes()),
        };
        let mut rules = jsonwebtoken::Validation::new(header.alg);
        // Whose it is matters here, not whether it is still good.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let opened = jsonwebtoken::decode::<Value>(token, &key, &rules).ok()?;
        Some((algorithm, opened.claims))
    }

    /// A signed token.
    #[must_use]
    pub fn sign(&self, algorithm: Algorithm, claims: &Value) -> String {
        let mut header = Header::new(rust_algorithm(algorithm));
        let key = match self.pair(algorithm) {
            Some(pair) => {
                header.kid = Some(kid(algorithm));
                &pair.private
            }
            None => &EncodingKey::from_secret(SECRET.as_bytes()),
        };
        jsonwebtoken::encode(&header, claims, key).unwrap_or_default()
    }
}

/// A token signed with a shared secret.
#[must_use]
pub fn sign_with(algorithm: Algorithm, claims: &Value, secret: &[u8]) -> String {
    let header = Header::new(rust_algorithm(algorithm));
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret)).unwrap_or_default()
}

fn ec(
    kind: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm,
    curve: &str,
) -> Result<Pair, aws_lc_rs::error::Unspecified> {
    let key = EcdsaKeyPair::generate(kind)?;
    let der = key.to_pkcs8v1()?;
    // Uncompressed point (SEC 1, 2.3.3): 0x04, x, y.
    let point = key.public_key().as_ref();
    let (x, y) = point[1..].split_at((point.len() - 1) / 2);
    Ok(Pair {
        private: EncodingKey::from_ec_der(der.as_ref()),
        public: json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y) }),
    })
}

/// The id of the key for an algorithm in a rig's key set.
#[must_use]
pub fn kid(algorithm: Algorithm) -> String {
    format!("verify-{}", algorithm.name().to_ascii_lowercase())
}

fn rust_algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    use jsonwebtoken::Algorithm as Rust;
    match algorithm {
        Algorithm::HS256 => Rust::HS256,
        Algorithm::HS384 => Rust::HS384,
        Algorithm::HS512 => Rust::HS512,
        Algorithm::RS256 => Rust::RS256,
        Algorithm::RS384 => Rust::RS384,
        Algorithm::RS512 => Rust::RS512,
        Algorithm::PS256 => Rust::PS256,
        Algorithm::PS384 => Rust::PS384,
        Algorithm::PS512 => Rust::PS512,
        Algorithm::ES256 => Rust::ES256,
        Algorithm::ES384 => Rust::ES384,
        Algorithm::EdDSA => Rust::EdDSA,
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// A token whose parts are given as they are, for what no library would sign.
#[must_use]
pub fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    format!(
        "{}.{}.{signature}",
        b64(header.to_string().as_bytes()),
        b64(claims.to_string().as_bytes())
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tokens_of_every_algorithm_verify_against_the_published_keys() {
        for algorithm in Algorithm::ALL {
            let claims = json!({ "sub": "a", "exp": 4_000_000_000_u64 });
            let token = TRUSTED.sign(algorithm, &claims);
            let key = match TRUSTED.jwks(&[algorithm])["keys"].get(0) {
                Some(jwk) => jsonwebtoken::DecodingKey::from_jwk(
                    &serde_json::from_value(jwk.clone()).unwrap(),
                )
                .unwrap(),
                None => jsonwebtoken::DecodingKey::from_secret(SECRET.as_bytes()),
            };
            let rules = jsonwebtoken::Validation::new(rust_algorithm(algorithm));
            assert!(
                jsonwebtoken::decode::<Value>(&token, &key, &rules).is_ok(),
                "{}",
                algorithm.name()
            );
        }
    }
}
