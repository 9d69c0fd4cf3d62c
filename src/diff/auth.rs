//! Who may call: the auth expression, scopes and groups of two routes.

use serde_json::Value;

use super::change::{Collector, list, text};
use super::kind;
use crate::ir::{Auth, Route, Scopes};

/// Compares who may call.
pub(super) fn who(c: &mut Collector<'_>, left: &Route, right: &Route) {
    c.at(Some(&left.auth.pointer), Some(&right.auth.pointer));
    expression(c, &left.auth, &right.auth);
    c.at(Some(&left.scopes.pointer), Some(&right.scopes.pointer));
    scopes(c, &left.scopes, &right.scopes);
    c.at(Some(&left.groups.pointer), Some(&right.groups.pointer));
    match (left.groups.is_empty(), right.groups.is_empty()) {
        (true, false) => c.say(
            kind::GROUPS_ADDED,
            "groups",
            None,
            Some(list(&right.groups)),
        ),
        (false, true) => c.say(
            kind::GROUPS_DROPPED,
            "groups",
            Some(list(&left.groups)),
            None,
        ),
        _ => c.set(
            kind::GROUP_REMOVED,
            kind::GROUP_ADDED,
            "groups",
            &left.groups,
            &right.groups,
        ),
    }
}

fn expression(c: &mut Collector<'_>, left: &Auth, right: &Auth) {
    match (left, right) {
        (Auth::None { .. }, Auth::None { .. }) => {}
        (Auth::None { .. }, _) => c.say(
            kind::AUTH_ADDED,
            "auth",
            Some(text(&"none")),
            Some(shown(right)),
        ),
        (_, Auth::None { .. }) => c.say(
            kind::AUTH_REMOVED,
            "auth",
            Some(shown(left)),
            Some(text(&"none")),
        ),
        // Any of more schemes opens; all of more closes.
        (Auth::Any(was), Auth::Any(is)) if overlap(was, is) => {
            c.set(
                kind::AUTH_SCHEME_REMOVED,
                kind::AUTH_SCHEME_ADDED,
                "auth",
                was,
                is,
            );
        }
        (Auth::All(was), Auth::All(is)) if overlap(was, is) => {
            c.set(kind::AUTH_LOOSENED, kind::AUTH_ADDED, "auth", was, is);
        }
        (Auth::All(was), Auth::Any(is)) if overlap(was, is) => {
            c.say(
                kind::AUTH_LOOSENED,
                "auth",
                Some(shown(left)),
                Some(shown(right)),
            );
        }
        (Auth::Any(was), Auth::All(is)) if overlap(was, is) => {
            c.say(
                kind::AUTH_ADDED,
                "auth",
                Some(shown(left)),
                Some(shown(right)),
            );
        }
        _ => c.say(
            kind::AUTH_CHANGED,
            "auth",
            Some(shown(left)),
            Some(shown(right)),
        ),
    }
}

fn overlap(left: &[String], right: &[String]) -> bool {
    left.iter().any(|name| right.contains(name))
}

/// An auth expression as the language writes it.
pub(super) fn shown(auth: &Auth) -> Value {
    match auth {
        Auth::None { .. } => text(&"none"),
        Auth::Any(names) if names.len() == 1 => text(&names[0]),
        Auth::Any(names) => serde_json::json!({ "any": names }),
        Auth::All(names) => serde_json::json!({ "all": names }),
    }
}

fn scopes(c: &mut Collector<'_>, left: &Scopes, right: &Scopes) {
    let (Scopes::All(was) | Scopes::Any(was), Scopes::All(is) | Scopes::Any(is)) = (left, right);
    let one = |scopes: &[String]| scopes.len() == 1;
    match (left, right) {
        _ if was.is_empty() || is.is_empty() => {
            c.set(kind::SCOPE_DROPPED, kind::SCOPE_ADDED, "scopes", was, is)
        }
        (Scopes::All(_), Scopes::Any(_)) if !one(was) || !one(is) => {
            c.say(
                kind::SCOPES_LOOSENED,
                "scopes",
                Some(list(was)),
                Some(serde_json::json!({ "any": is })),
            );
        }
        (Scopes::Any(_), Scopes::All(_)) if !one(was) || !one(is) => {
            c.say(
                kind::SCOPE_ADDED,
                "scopes",
                Some(serde_json::json!({ "any": was })),
                Some(list(is)),
            );
        }
        // One of fewer scopes is stricter, all of fewer is looser.
        (Scopes::Any(_), _) => c.set(kind::SCOPE_ADDED, kind::SCOPE_DROPPED, "scopes", was, is),
        (Scopes::All(_), _) => c.set(kind::SCOPE_DROPPED, kind::SCOPE_ADDED, "scopes", was, is),
    }
}
