//! Development values: a key of this user's own from which tokens and missing secrets are made. It is worth nothing elsewhere.

use std::io::Write as _;
use std::path::PathBuf;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::engine::DEVELOPMENT_KEY_ID;

/// Where the key lies: `$XDG_CONFIG_HOME/gateway-gen/development.key`, or below `~/.config`.
#[must_use]
pub fn key_file() -> PathBuf {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))
        .unwrap_or_else(|| PathBuf::from("."));
    folder.join("gateway-gen").join("development.key")
}

/// This user's key, made on first use and readable by nobody else.
///
/// # Errors
/// It can be neither read nor made.
pub fn key() -> Result<Vec<u8>, String> {
    let file = key_file();
    let said = |error: std::io::Error| format!("`{}`: {error}", file.display());
    match std::fs::read(&file) {
        Ok(key) if key.len() == 32 => return Ok(key),
        Ok(_) => {
            return Err(format!(
                "`{}` is not a development key: remove it, and a new one is made",
                file.display()
            ));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(said(error)),
    }
    let mut key = vec![0; 32];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| "the system gives no random numbers")?;
    let folder = file.parent().unwrap_or(&file).to_owned();
    std::fs::create_dir_all(&folder).map_err(said)?;
    // Written aside and linked: two that start at once agree on the first.
    let mut draft = tempfile::Builder::new()
        .tempfile_in(&folder)
        .map_err(said)?;
    draft.write_all(&key).map_err(said)?;
    // A temporary file is its owner's alone (mode 600), and stays so.
    match draft.persist_noclobber(&file) {
        Ok(_) => Ok(key),
        Err(_) => std::fs::read(&file).map_err(said),
    }
}

/// The development value of a secret: the same for one user each time, and not to be guessed by others.
#[must_use]
pub fn secret(key: &[u8], name: &str) -> String {
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        format!("secret {name}").as_bytes(),
    );
    format!("dev-{}", URL_SAFE_NO_PAD.encode(&tag.as_ref()[..15]))
}

/// A token signed with the development key.
#[must_use]
pub fn token(key: &[u8], claims: &Map<String, Value>) -> String {
    let head = json!({ "alg": "HS256", "typ": "JWT", "kid": DEVELOPMENT_KEY_ID });
    let part = |value: String| URL_SAFE_NO_PAD.encode(value);
    let message = format!(
        "{}.{}",
        part(head.to_string()),
        part(Value::Object(claims.clone()).to_string())
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
