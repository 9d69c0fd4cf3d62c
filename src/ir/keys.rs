//! KEY SET OR PEM -> PUBLIC KEYS (RFC 7517, RFC 7518 section 6, RFC 8037), as the SubjectPublicKeyInfo that engines read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::Algorithm;

/// What a public key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RS* and PS*.
    Rsa,
    /// ES256.
    P256,
    /// ES384.
    P384,
    /// EdDSA with Ed25519.
    Ed25519,
}

impl KeyKind {
    /// Whether signatures of `algorithm` are checked with such a key.
    #[must_use]
    pub fn verifies(self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => self == Self::Rsa,
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => self == Self::Rsa,
            Algorithm::ES256 => self == Self::P256,
            Algorithm::ES384 => self == Self::P384,
            Algorithm::EdDSA => self == Self::Ed25519,
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => false,
        }
    }
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its `kid`.
    pub id: Option<String>,
    /// The one algorithm it is for, where its set says so.
    pub algorithm: Option<String>,
    /// Its kind.
    pub kind: KeyKind,
    /// SubjectPublicKeyInfo (RFC 5280 section 4.1) in DER.
    pub der: Vec<u8>,
}

impl PublicKey {
    /// The key in PEM (RFC 7468), with a final line break.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.der)
    }

    /// Whether signatures of `algorithm` are checked with this key.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm) -> bool {
        let meant = self
            .algorithm
            .as_deref()
            .is_none_or(|name| name == algorithm.name());
        meant && self.kind.verifies(algorithm)
    }
}

/// The signature keys of a key set, in its order; those of other kinds or uses are left out, as RFC 7517 section 5 asks.
#[must_use]
pub fn of_key_set(text: &[u8]) -> Vec<PublicKey> {
    let set: Value = serde_json::from_slice(text).unwrap_or(Value::Null);
    let keys = set.get("keys").and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter(|key| for_signatures(key))
        .filter_map(of_jwk)
        .collect()
}

fn for_signatures(key: &Value) -> bool {
    let by_use = key
        .get("use")
        .and_then(Value::as_str)
        .is_none_or(|usage| usage == "sig");
    let by_operations = key
        .get("key_ops")
        .and_then(Value::as_array)
        .is_none_or(|all| all.iter().any(|one| one == "verify"));
    by_use && by_operations
}

fn of_jwk(key: &Value) -> Option<PublicKey> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| {
        text(name).and_then(|value| URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).ok())
    };
    let (kind, info) = match (text("kty")?, text("crv")) {
        ("RSA", _) => (KeyKind::Rsa, rsa(&bytes("n")?, &bytes("e")?)),
        ("EC", Some("P-256")) => (KeyKind::P256, ec(P256, 32, &bytes("x")?, &bytes("y")?)?),
        ("EC", Some("P-384")) => (KeyKind::P384, ec(P384, 48, &bytes("x")?, &bytes("y")?)?),
        ("OKP", Some("Ed25519")) => (KeyKind::Ed25519, okp(&bytes("x")?)?),
        _ => return None,
    };
    Some(PublicKey {
        id: text("kid").map(str::to_owned),
        algorithm: text("alg").map(str::to_owned),
        kind,
        der: info,
    })
}

/// The key of a PEM file: a SubjectPublicKeyInfo, or a PKCS #1 RSA key, which is wrapped into one.
#[must_use]
pub fn of_pem(text: &[u8]) -> Option<PublicKey> {
    let text = std::str::from_utf8(text).ok()?;
    let (label, body) = first_block(text)?;
    let der = STANDARD.decode(body).ok()?;
    let info = match label.as_str() {
        "PUBLIC KEY" => der,
        "RSA PUBLIC KEY" => sequence(&[sequence(&[RSA, NULL].concat()), bit_string(&der)].concat()),
        _ => return None,
    };
    let kind = kind_of(&info)?;
    Some(PublicKey {
        id: None,
        algorithm: None,
        kind,
        der: info,
    })
}

/// The kind that the algorithm of a SubjectPublicKeyInfo names.
fn kind_of(info: &[u8]) -> Option<KeyKind> {
    let (0x30, content, []) = element(info)? else {
        return None;
    };
    let (0x30, algorithm, rest) = element(content)? else {
        return None;
    };
    let (0x03, _, []) = element(rest)? else {
        return None;
    };
    [
        ([RSA, NULL].concat(), KeyKind::Rsa),
        ([EC, P256].concat(), KeyKind::P256),
        ([EC, P384].concat(), KeyKind::P384),
        (ED25519.to_vec(), KeyKind::Ed25519),
    ]
    .into_iter()
    .find_map(|(known, kind)| (known == algorithm).then_some(kind))
}

/// The tag and content of the first DER element (X.690 section 8.1), and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (
                digits
                    .iter()
                    .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                rest,
            )
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn first_block(text: &str) -> Option<(String, String)> {
    let start = text.find("-----BEGIN ")?;
    let rest = &text[start + 11..];
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    Some((
        label.to_owned(),
        body.chars().filter(|c| !c.is_whitespace()).collect(),
    ))
}

// Object identifiers with tag and length: RFC 8017 appendix C, RFC 5480 section 2.1.1, RFC 8410 section 3.
const RSA: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const NULL: &[u8] = &[0x05, 0x00];

fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[integer(modulus), integer(exponent)].concat());
    sequence(&[sequence(&[RSA, NULL].concat()), bit_string(&key)].concat())
}

fn ec(curve: &[u8], width: usize, x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    // Uncompressed point of SEC 1 section 2.3.3.
    let point = (x.len() == width && y.len() == width).then(|| [&[4], x, y].concat())?;
    Some(sequence(
        &[sequence(&[EC, curve].concat()), bit_string(&point)].concat(),
    ))
}

fn okp(x: &[u8]) -> Option<Vec<u8>> {
    (x.len() == 32).then(|| sequence(&[sequence(ED25519), bit_string(x)].concat()))
}

fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(0x30, content)
}

fn bit_string(content: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], content].concat())
}

fn integer(magnitude: &[u8]) -> Vec<u8> {
    let skip = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = &magnitude[skip.min(magnitude.len().saturating_sub(1))..];
    // A leading one bit would make it negative.
    if digits.first().is_some_and(|byte| byte & 0x80 != 0) {
        tagged(0x02, &[&[0], digits].concat())
    } else {
        tagged(0x02, digits)
    }
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length.to_le_bytes()[0]);
    } else {
        let bytes = length.to_be_bytes();
        let skip = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - skip).to_le_bytes()[0]);
        out.extend_from_slice(&bytes[skip..]);
    }
    out.extend_from_slice(content);
    out
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // The public keys of RFC 7515 appendix A.2 and A.3, and of RFC 8037 appendix A.2.
    const SET: &str = r#"{"keys":[
      {"kty":"RSA","kid":"r","alg":"RS256","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},
      {"kty":"EC","crv":"P-256","kid":"e","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
      {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
      {"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"},
      {"kty":"oct","k":"AQAB"}]}"#;

    #[test]
    fn keys_for_signatures_become_pem_that_a_verifier_reads() {
        let keys = of_key_set(SET.as_bytes());
        let kinds: Vec<KeyKind> = keys.iter().map(|key| key.kind).collect();
        assert_eq!(kinds, [KeyKind::Rsa, KeyKind::P256, KeyKind::Ed25519]);
        jsonwebtoken::DecodingKey::from_rsa_pem(keys[0].pem().as_bytes()).unwrap();
        jsonwebtoken::DecodingKey::from_ec_pem(keys[1].pem().as_bytes()).unwrap();
        jsonwebtoken::DecodingKey::from_ed_pem(keys[2].pem().as_bytes()).unwrap();
        assert_eq!(
            (keys[0].id.as_deref(), keys[0].algorithm.as_deref()),
            (Some("r"), Some("RS256"))
        );
    }

    #[test]
    fn the_signature_of_rfc_7515_is_verified_with_the_pem() {
        let key = &of_key_set(SET.as_bytes())[0];
        let decoding = jsonwebtoken::DecodingKey::from_rsa_pem(key.pem().as_bytes()).unwrap();
        let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        assert!(
            jsonwebtoken::crypto::verify(
                signature,
                signed.as_bytes(),
                &decoding,
                jsonwebtoken::Algorithm::RS256
            )
            .unwrap()
        );
    }

    #[test]
    fn a_pem_file_keeps_its_key_and_tells_its_kind() {
        for key in of_key_set(SET.as_bytes()) {
            let read = of_pem(format!("a comment\n{}", key.pem()).as_bytes()).unwrap();
            assert_eq!((read.kind, read.der), (key.kind, key.der));
        }
        assert_eq!(
            of_pem(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            None
        );
    }
}
