//! Files and secrets that a spec names.

use std::path::Path;
use std::sync::Arc;

use super::run::{Run, shown};
use super::{Secrets, codes};
use crate::ir::{File, KeyMaterial, Secret};
use crate::source::Pointer;

const SCHEME: &str = "secret://";

/// Reads a file named at a place, relative to the file that names it.
pub(super) fn file(run: &Run<'_>, name: &str, at: &Pointer) -> Option<File> {
    if name.is_empty() || name.contains(char::is_control) {
        let message = format!("`{}` is not a file name", shown(name));
        run.error(
            codes::FILE,
            at,
            message,
            "write a path relative to this spec",
        );
        return None;
    }
    let folder = run.document.file_of(at).and_then(Path::parent);
    let path = folder.map_or_else(|| Path::new(name).to_owned(), |folder| folder.join(name));
    match (run.options.files)(&path) {
        Ok(content) => Some(File {
            name: name.to_owned(),
            content: Arc::from(content),
        }),
        Err(error) => {
            run.unreadable.set(true);
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => format!("there is no file `{name}`"),
                _ => format!("`{name}` cannot be read: {error}"),
            };
            let help = "files are named relative to the file that names them";
            run.error(codes::FILE, at, message, help);
            None
        }
    }
}

/// A secret: `secret://name`, or its text in clear.
pub(super) fn secret(run: &Run<'_>, text: &str, at: &Pointer) -> Option<Secret> {
    let Some(name) = text.strip_prefix(SCHEME) else {
        if text.is_empty() || text.contains(char::is_control) {
            let message = "a secret is empty or has control characters".to_owned();
            run.error(codes::SECRET, at, message, "name a secret: `secret://name`");
            return None;
        }
        return Some(Secret::Known {
            name: None,
            text: text.to_owned(),
        });
    };
    let fits = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !fits {
        let message = format!("`{}` is not the name of a secret", shown(name));
        let help = "a secret's name has 1 to 64 letters, digits, `-`, `_` and `.`";
        run.error(codes::SECRET, at, message, help);
        return None;
    }
    let Secrets::Inline(known) = run.options.secrets else {
        return Some(Secret::Reference(name.to_owned()));
    };
    if let Some(text) = known(name) {
        return Some(Secret::Known {
            name: Some(name.to_owned()),
            text,
        });
    }
    let message = format!("the secret `{name}` is not known");
    let help = format!(
        "set the variable `{}`, or add `{name}=...` to the file of `--secrets-file`",
        Secret::variable(name)
    );
    run.error(codes::SECRET, at, message, &help);
    None
}

/// A private key: `secret://name`, or a PEM file.
pub(super) fn key_material(run: &Run<'_>, text: &str, at: &Pointer) -> Option<KeyMaterial> {
    if text.starts_with(SCHEME) {
        return secret(run, text, at).map(KeyMaterial::Secret);
    }
    let file = file(run, text, at)?;
    holds_pem(run, &file, at, "PRIVATE KEY", "a private key").then_some(KeyMaterial::File(file))
}

/// Certificates in PEM.
pub(super) fn certificates(run: &Run<'_>, name: &str, at: &Pointer) -> Option<File> {
    let file = file(run, name, at)?;
    holds_pem(run, &file, at, "CERTIFICATE", "a certificate").then_some(file)
}

/// Whether a file has a PEM block (RFC 7468) whose label ends so.
fn holds_pem(run: &Run<'_>, file: &File, at: &Pointer, label: &str, kind: &str) -> bool {
    let holds = std::str::from_utf8(&file.content).is_ok_and(|text| {
        let begins = |line: &str| {
            line.strip_prefix("-----BEGIN ")
                .and_then(|rest| rest.trim_end().strip_suffix("-----"))
                .is_some_and(|found| found.ends_with(label))
        };
        text.lines().any(begins) && text.contains("-----END ")
    });
    if !holds {
        let message = format!("`{}` does not hold {kind} in PEM", file.name);
        let help = format!("a PEM file has a line `-----BEGIN {label}-----`");
        run.error(codes::KEY_FILE, at, message, &help);
    }
    holds
}
