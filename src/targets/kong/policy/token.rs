//! Token schemes -> credentials: what the jwt plugin finds a key by, and which keys it can hold.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::document::JwtCredential;
use crate::ir::keys::{self, PublicKey};
use crate::ir::{Algorithm, Gateway, Jwt, Keys, SchemeKind, Secret};

/// The claim or header field of a token by which the jwt plugin finds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyClaim {
    /// The issuer.
    Iss,
    /// The key's ID.
    Kid,
}

impl KeyClaim {
    /// Its name in a token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Iss => "iss",
            Self::Kid => "kid",
        }
    }
}

/// Why Kong cannot check the tokens of a scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its keys are fetched from a URL.
    KeySetUrl,
    /// No key of its set is for one of its algorithms.
    NoKey,
    /// Neither an issuer nor the IDs of keys tell which key is meant.
    NoName,
    /// Another scheme's key has the same name.
    NameTaken,
}

/// How a scheme's tokens are checked.
#[derive(Clone, Debug, Default)]
pub struct TokenCheck {
    /// What keys are found by.
    pub claim: Option<KeyClaim>,
    /// The algorithm of each of its keys by the name that the key is found by.
    pub keys: BTreeMap<String, &'static str>,
    /// Its credentials; those that an earlier scheme has already are left out.
    pub credentials: Vec<JwtCredential>,
    /// Algorithms that are accepted, in the order of the spec.
    pub accepted: Vec<Algorithm>,
    /// Algorithms of the spec that are refused here.
    pub refused: Vec<Algorithm>,
    /// Why it cannot be.
    pub obstacle: Option<Obstacle>,
    /// Name of a secret that has to be filled in.
    pub placeholder: Option<String>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    pem: Option<String>,
    secret: String,
}

/// Each token scheme's check by its name. Credentials share one name space over all schemes, so they are decided together.
#[must_use]
pub fn checks(gateway: &Gateway) -> BTreeMap<String, TokenCheck> {
    let mut taken: BTreeMap<String, JwtCredential> = BTreeMap::new();
    let mut checks = BTreeMap::new();
    for scheme in gateway.schemes.values() {
        if let SchemeKind::Jwt(jwt) = &scheme.kind {
            checks.insert(scheme.name.clone(), check(jwt, &mut taken));
        }
    }
    checks
}

fn check(jwt: &Jwt, taken: &mut BTreeMap<String, JwtCredential>) -> TokenCheck {
    let mut check = TokenCheck::default();
    let keys = match keys(jwt) {
        Ok(keys) => keys,
        Err(obstacle) => {
            check.obstacle = Some(obstacle);
            return check;
        }
    };
    if let Keys::Secret(Secret::Reference(name)) = &jwt.keys {
        check.placeholder = Some(name.clone());
    }
    check.accepted = jwt
        .algorithms
        .iter()
        .copied()
        .filter(|algorithm| keys.iter().any(|key| key.algorithm == *algorithm))
        .collect();
    check.refused = jwt
        .algorithms
        .iter()
        .copied()
        .filter(|algorithm| !check.accepted.contains(algorithm))
        .collect();
    let by_issuer = jwt
        .issuer
        .as_ref()
        .filter(|_| keys.len() == 1)
        .map(|issuer| (KeyClaim::Iss, vec![issuer.clone()]));
    let by_id = keys
        .iter()
        .map(|key| key.id.clone())
        .collect::<Option<Vec<String>>>()
        .map(|ids| (KeyClaim::Kid, ids));
    check.obstacle = Some(if by_issuer.is_none() && by_id.is_none() {
        Obstacle::NoName
    } else {
        Obstacle::NameTaken
    });
    for (claim, names) in [by_issuer, by_id].into_iter().flatten() {
        let credentials: Vec<JwtCredential> = keys
            .iter()
            .zip(names)
            .map(|(key, name)| credential(key, name))
            .collect();
        let free = |one: &JwtCredential| taken.get(&one.key).is_none_or(|other| other == one);
        if credentials.iter().all(free) && distinct(&credentials) {
            check.keys = keys
                .iter()
                .zip(&credentials)
                .map(|(key, one)| (one.key.clone(), key.algorithm.name()))
                .collect();
            check.credentials = credentials
                .iter()
                .filter(|one| !taken.contains_key(&one.key))
                .cloned()
                .collect();
            taken.extend(credentials.into_iter().map(|one| (one.key.clone(), one)));
            check.claim = Some(claim);
            check.obstacle = None;
            break;
        }
    }
    check
}

fn distinct(credentials: &[JwtCredential]) -> bool {
    let names: std::collections::BTreeSet<&str> =
        credentials.iter().map(|one| one.key.as_str()).collect();
    names.len() == credentials.len()
}

fn credential(key: &Key, name: String) -> JwtCredential {
    JwtCredential {
        key: name,
        algorithm: key.algorithm.name().to_owned(),
        secret: key.secret.clone(),
        rsa_public_key: key.pem.clone(),
    }
}

fn keys(jwt: &Jwt) -> Result<Vec<Key>, Obstacle> {
    let public: Vec<PublicKey> = match &jwt.keys {
        Keys::JwksUrl(_) => return Err(Obstacle::KeySetUrl),
        Keys::JwksFile(file) => keys::of_key_set(&file.content),
        Keys::Pem(file) => keys::of_pem(&file.content).into_iter().collect(),
        Keys::Secret(secret) => {
            let algorithm = jwt
                .algorithms
                .iter()
                .copied()
                .find(|algorithm| algorithm.is_hmac())
                .ok_or(Obstacle::NoKey)?;
            return Ok(vec![Key {
                id: None,
                algorithm,
                pem: None,
                secret: placeholder(secret),
            }]);
        }
    };
    let keys: Vec<Key> = public
        .into_iter()
        .filter_map(|key| public_key(jwt, key))
        .collect();
    if keys.is_empty() {
        Err(Obstacle::NoKey)
    } else {
        Ok(keys)
    }
}

fn public_key(jwt: &Jwt, key: PublicKey) -> Option<Key> {
    let algorithm = jwt
        .algorithms
        .iter()
        .copied()
        .find(|algorithm| key.verifies(*algorithm) && is_checked(&key, *algorithm))?;
    // Kong makes up a secret where none is given, which decK refuses; with a public key's algorithm nothing reads it.
    Some(Key {
        pem: Some(key.pem()),
        id: key.id,
        algorithm,
        secret: "unused with a public key".to_owned(),
    })
}

/// Whether the jwt plugin checks signatures of a key: it fails on PSS ones that are not of 256 bytes, those of 2048-bit keys.
fn is_checked(key: &PublicKey, algorithm: Algorithm) -> bool {
    // A 2048-bit modulus makes 292 to 300 bytes of DER with any exponent in use.
    !algorithm.name().starts_with("PS") || (288..=304).contains(&key.der.len())
}

/// A secret's text, or what stands for it in fields that Kong reads as they are.
#[must_use]
pub fn placeholder(secret: &Secret) -> String {
    match secret {
        Secret::Reference(name) => format!("${{{}}}", Secret::variable(name)),
        Secret::Known { text, .. } => text.clone(),
    }
}

/// A scheme as functions read it.
#[must_use]
pub fn table(jwt: &Jwt, check: &TokenCheck) -> serde_json::Value {
    json!({
        "issuer": jwt.issuer,
        "audience": jwt.audience,
        "key_claim": check.claim.unwrap_or(KeyClaim::Iss).name(),
        "keys": check.keys,
        "client_id": jwt.cognito.is_some(),
        "forward": jwt.forward,
    })
}
