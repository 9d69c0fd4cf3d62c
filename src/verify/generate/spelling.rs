//! Spellings of a route's path: none may reach an upstream past the route that guards it.

use super::Of;
use super::sample::path;
use crate::verify::probe::{Class, Request};

const ABOUT: &[&str] = &[
    "match",
    "normalisation",
    "forward",
    "rewrite",
    "own-answers",
    "auth",
    "target",
    "respond",
];

/// Ways to write a path other than as it is, each with a name. Some mean the same path, some another, some none at all.
#[must_use]
pub fn spellings(path: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("doubled slashes", path.replace('/', "//")),
        ("a dot segment in front", format!("/.{path}")),
        ("a dot segment behind", format!("{path}/.")),
        ("up and down in front", format!("/verify/..{path}")),
        ("up and down behind", format!("{path}/verify/..")),
        ("an encoded dot segment", format!("/verify/%2e%2e{path}")),
        ("a half-encoded dot segment", format!("/verify/.%2E{path}")),
        ("above the root", format!("/..{path}")),
        ("an encoded slash behind", format!("{path}%2F")),
        (
            "an encoded slash in front",
            format!("/%2f{}", path.trim_start_matches('/')),
        ),
        ("a backslash behind", format!("{path}%5C")),
        ("a backslash for a slash", path.replacen('/', "/%5c", 1)),
        ("a null byte behind", format!("{path}%00")),
        ("a broken escape behind", format!("{path}%zz")),
        ("half an escape behind", format!("{path}%2")),
        ("a semicolon behind", format!("{path};v=1")),
        ("an encoded question mark behind", format!("{path}%3Fx=1")),
        ("an encoded number sign behind", format!("{path}%23x")),
        ("a double-encoded slash behind", format!("{path}%252F")),
        ("a space behind", format!("{path}%20")),
        ("a dot behind", format!("{path}.")),
        ("a tab behind", format!("{path}%09")),
        (
            "an encoded line break behind",
            format!("{path}%0d%0aX-Verify:%20injected"),
        ),
        ("an overlong slash", format!("{path}%c0%af")),
        ("an encoded letter", encode_letters(path, 1)),
        ("all letters encoded", encode_letters(path, usize::MAX)),
        ("lower-case escapes", path.replace("%3A", "%3a")),
        ("an absolute form", format!("http://localhost{path}")),
    ];
    if let Some(at) = path[1..].find('/').map(|at| at + 1) {
        all.push((
            "an encoded slash inside",
            format!("{}%2F{}", &path[..at], &path[at + 1..]),
        ));
        all.push((
            "a double-encoded slash inside",
            format!("{}%252F{}", &path[..at], &path[at + 1..]),
        ));
        all.push((
            "a backslash inside",
            format!("{}\\{}", &path[..at], &path[at + 1..]),
        ));
    }
    all
}

/// Percent-encodes the first `count` ASCII letters that are not part of an escape.
fn encode_letters(path: &str, count: usize) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len() * 3);
    let (mut at, mut done) = (0, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%' && at + 2 < bytes.len() {
            out.push_str(&path[at..at + 3]);
            at += 3;
            continue;
        }
        if byte.is_ascii_alphabetic() && done < count {
            out.push_str(&format!("%{byte:02X}"));
            done += 1;
        } else {
            out.push(byte as char);
        }
        at += 1;
    }
    out
}

/// Each spelling with credentials, and on guarded routes without.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let (good, bare) = (of.good(), of.scene.base(of.route));
    let guarded = !of.scene.identities.needed(of.route).is_empty();
    for (what, path) in spellings(&path(&of.route.pattern)) {
        of.ask(Class::Spelling, what, ABOUT, respell(&good, &path));
        if guarded {
            of.ask(
                Class::Spelling,
                &format!("{what}, no credentials"),
                ABOUT,
                respell(&bare, &path),
            );
        }
    }
}

fn respell(request: &Request, path: &str) -> Request {
    // The absolute form names the host a second time.
    let path = path.replacen("http://localhost", &format!("http://{}", request.host), 1);
    request.clone().with_path(&path)
}
