//! Key sets: what verifies a token's signature, from a JWKS, a PEM or a shared secret.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm as Wire, DecodingKey};

use crate::ir::Algorithm;

/// Keys with the names and algorithms that they are meant for.
#[derive(Clone)]
pub struct KeySet {
    keys: Vec<Key>,
    /// Tells one state of a rotating set from the next: a token verified by an older state is verified again.
    pub generation: u64,
}

#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithm: Option<Wire>,
    key: DecodingKey,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeySet({} keys)", self.keys.len())
    }
}

impl KeySet {
    /// From a JWKS (RFC 7517). Keys for encryption and of unknown types are left out; at least one must remain.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_jwks(text: &[u8], generation: u64) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_slice(text)
            .map_err(|error| format!("the key set is not JSON: {error}"))?;
        // Key by key: one of a type that is not known must not hide the others.
        let listed = value.get("keys").and_then(serde_json::Value::as_array);
        let jwks = listed.ok_or("the key set has no list `keys`")?;
        let usable = jwks
            .iter()
            .filter_map(|jwk| serde_json::from_value::<Jwk>(jwk.clone()).ok())
            .filter(|jwk| !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)));
        let keys: Vec<Key> = usable
            .filter_map(|jwk| {
                Some(Key {
                    key: DecodingKey::from_jwk(&jwk).ok()?,
                    algorithm: jwk
                        .common
                        .key_algorithm
                        .and_then(|a| a.to_string().parse().ok()),
                    id: jwk.common.key_id,
                })
            })
            .collect();
        if keys.is_empty() {
            return Err("the key set has no key that can verify a signature".into());
        }
        Ok(Self { keys, generation })
    }

    /// From one public key in PEM.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_pem(text: &[u8]) -> Result<Self, String> {
        let key = DecodingKey::from_rsa_pem(text)
            .or_else(|_| DecodingKey::from_ec_pem(text))
            .or_else(|_| DecodingKey::from_ed_pem(text))
            .map_err(|_| "the PEM holds no RSA, EC or Ed25519 public key")?;
        Ok(Self::single(key))
    }

    /// From a shared secret.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Self {
        Self::single(DecodingKey::from_secret(secret))
    }

    fn single(key: DecodingKey) -> Self {
        Self {
            keys: vec![Key {
                id: None,
                algorithm: None,
                key,
            }],
            generation: 0,
        }
    }

    /// These keys and others. The generation is this set's.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.keys.extend(other.keys.iter().cloned());
        self
    }

    /// Whether a key of that name is there. Without a name any key will do.
    #[must_use]
    pub fn knows(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| {
            self.keys
                .iter()
                .any(|key| key.id.as_deref().is_none_or(|k| k == id))
        })
    }

    /// Whether one of the keys made `signature` (base64url) over `message`. A named key is the only one tried for its name.
    #[must_use]
    pub fn verify(
        &self,
        algorithm: Algorithm,
        id: Option<&str>,
        message: &[u8],
        signature: &str,
    ) -> bool {
        let wire = wire(algorithm);
        self.keys
            .iter()
            .filter(|key| match (key.id.as_deref(), id) {
                (Some(name), Some(id)) => name == id,
                _ => true,
            })
            .filter(|key| key.algorithm.is_none_or(|meant| meant == wire))
            // The family decides before any arithmetic: a public key's text is never an HMAC secret (RFC 8725 section 3.1).
            .filter(|key| key.key.family() == wire.family())
            .any(|key| {
                jsonwebtoken::crypto::verify(signature, message, &key.key, wire).unwrap_or(false)
            })
    }
}

fn wire(algorithm: Algorithm) -> Wire {
    match algorithm {
        Algorithm::HS256 => Wire::HS256,
        Algorithm::HS384 => Wire::HS384,
        Algorithm::HS512 => Wire::HS512,
        Algorithm::RS256 => Wire::RS256,
        Algorithm::RS384 => Wire::RS384,
        Algorithm::RS512 => Wire::RS512,
        Algorithm::PS256 => Wire::PS256,
        Algorithm::PS384 => Wire::PS384,
        Algorithm::PS512 => Wire::PS512,
        Algorithm::ES256 => Wire::ES256,
        Algorithm::ES384 => Wire::ES384,
        Algorithm::EdDSA => Wire::EdDSA,
    }
}
