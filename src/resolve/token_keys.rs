//! What verifies tokens: algorithms that fit the keys, and key files that are what they are said to be.

use super::run::{Run, shown};
use super::{codes, files, urls};
use crate::ir::{Algorithm, File, Keys, keys};
use crate::report::{Diagnostic, Place};
use crate::source::{Pointer, nearest};
use crate::spec;

/// The algorithms listed, without those that are none.
pub(super) fn algorithms(run: &Run<'_>, names: &[String], at: &Pointer) -> Vec<Algorithm> {
    let mut algorithms = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(known) = Algorithm::ALL
            .into_iter()
            .find(|known| known.name() == name)
        {
            if !algorithms.contains(&known) {
                algorithms.push(known);
            }
            continue;
        }
        let (message, help) = if name.eq_ignore_ascii_case("none") {
            let message = "`none` is never accepted: anybody could write such a token".to_owned();
            (
                message,
                "list what the issuer signs with, such as `RS256`".to_owned(),
            )
        } else {
            let names = Algorithm::ALL.map(Algorithm::name);
            let help = match nearest(&name.to_ascii_uppercase(), names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", names.join(", ")),
            };
            (format!("`{}` is not an algorithm", shown(name)), help)
        };
        run.error(codes::ALGORITHM, &at.index(index), message, &help);
    }
    if names.is_empty() && !run.was_written(at, "0") {
        let message = "no algorithm is accepted".to_owned();
        run.error_key(
            codes::EMPTY,
            at,
            message,
            "list what the issuer signs with, such as `RS256`",
        );
    }
    algorithms
}

/// What verifies the signature; `at` is the scheme's `jwt`.
pub(super) fn keys(
    run: &Run<'_>,
    written: &spec::JwtKeys,
    algorithms: &[Algorithm],
    at: &Pointer,
) -> Option<Keys> {
    let keys = at.key("keys");
    let shared = matches!(written, spec::JwtKeys::Secret(_));
    if let Some(wrong) = algorithms
        .iter()
        .find(|algorithm| algorithm.is_hmac() != shared)
    {
        mismatch(run, *wrong, shared, at);
    }
    match written {
        spec::JwtKeys::Secret(text) => {
            files::secret(run, text, &keys.key("secret")).map(Keys::Secret)
        }
        spec::JwtKeys::Jwks(text) if text.contains("://") => {
            urls::http(run, text, &keys.key("jwks"), urls::Tail::Query).map(Keys::JwksUrl)
        }
        spec::JwtKeys::Jwks(name) => {
            let at = keys.key("jwks");
            let file = files::file(run, name, &at)?;
            holds(run, &file, &at, jwks_problem(&file, algorithms)).then_some(Keys::JwksFile(file))
        }
        spec::JwtKeys::Pem(name) => {
            let at = keys.key("pem");
            let file = files::file(run, name, &at)?;
            holds(run, &file, &at, pem_problem(&file, algorithms)).then_some(Keys::Pem(file))
        }
    }
}

fn mismatch(run: &Run<'_>, wrong: Algorithm, shared: bool, at: &Pointer) {
    let list = at.key("algorithms");
    let index = run.spec_index(&list, wrong.name());
    let (message, help) = if shared {
        let message = format!(
            "`{}` needs a public key, and the scheme has a secret",
            wrong.name()
        );
        (
            message,
            "list `HS256`, or give the issuer's keys as `jwks` or `pem`",
        )
    } else {
        let message = format!(
            "`{}` is keyed with a secret, and the scheme has public keys",
            wrong.name()
        );
        (
            message,
            "remove it: whoever knows the public key could sign with it",
        )
    };
    run.say(
        Diagnostic::error(codes::ALGORITHM, Place::value(index), message)
            .help(help)
            .related(Place::key(at.key("keys")), "the keys"),
    );
}

fn holds(run: &Run<'_>, file: &File, at: &Pointer, problem: Option<String>) -> bool {
    if let Some(problem) = &problem {
        let help =
            "`jwks` takes a key set (RFC 7517) as URL or file, `pem` a file with one public key";
        run.error(
            codes::KEY_FILE,
            at,
            format!("`{}` {problem}", file.name),
            help,
        );
    }
    problem.is_none()
}

/// Names of algorithms for a message.
fn list(algorithms: &[Algorithm]) -> String {
    let names: Vec<String> = algorithms
        .iter()
        .map(|a| format!("`{}`", a.name()))
        .collect();
    names.join(" or ")
}

fn jwks_problem(file: &File, algorithms: &[Algorithm]) -> Option<String> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&file.content) else {
        return Some("is not JSON".to_owned());
    };
    let Some(listed) = value.get("keys").and_then(serde_json::Value::as_array) else {
        return Some("has no list `keys`".to_owned());
    };
    if listed.iter().any(|key| key.get("d").is_some()) {
        return Some("holds a private key, which does not belong on a gateway".to_owned());
    }
    let keys = keys::of_key_set(&file.content);
    if keys.is_empty() {
        return Some("has no public key that can verify a signature".to_owned());
    }
    let wanted: Vec<Algorithm> = algorithms
        .iter()
        .copied()
        .filter(|a| !a.is_hmac())
        .collect();
    let fits = wanted.is_empty()
        || keys
            .iter()
            .any(|key| wanted.iter().any(|a| key.verifies(*a)));
    (!fits).then(|| format!("has no key for {}", list(&wanted)))
}

fn pem_problem(file: &File, algorithms: &[Algorithm]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(&file.content) else {
        return Some("is not PEM".to_owned());
    };
    if text.contains("PRIVATE KEY-----") {
        return Some("holds a private key, which does not belong on a gateway".to_owned());
    }
    if text.matches("-----BEGIN ").count() > 1 {
        return Some("holds several blocks".to_owned());
    }
    let Some(key) = keys::of_pem(&file.content) else {
        return Some("holds no public key in PEM of RSA, P-256, P-384 or Ed25519".to_owned());
    };
    let wanted: Vec<Algorithm> = algorithms
        .iter()
        .copied()
        .filter(|a| !a.is_hmac())
        .collect();
    let wrong: Vec<Algorithm> = wanted.into_iter().filter(|a| !key.verifies(*a)).collect();
    (!wrong.is_empty()).then(|| format!("holds a key that does not verify {}", list(&wrong)))
}
