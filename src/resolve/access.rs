//! Who may call a route: schemes, scopes and groups.

use super::run::Run;
use super::{codes, identity, names};
use crate::ir::{Auth, Scopes, Sourced};
use crate::report::Place;
use crate::source::Pointer;
use crate::spec;

/// Who may call.
pub(super) fn auth(run: &Run<'_>, written: &spec::AuthRef, at: Pointer) -> Sourced<Auth> {
    let check = |name: &str, at: Pointer| {
        if !run.spec.auth.contains_key(name) {
            run.unknown(
                codes::UNKNOWN_SCHEME,
                Place::value(at),
                "scheme",
                name,
                "auth",
            );
        }
    };
    let list = |names: &[String], key: &str| {
        let list = at.key(key);
        if names.is_empty() && !run.was_written(&list, "0") {
            let message = "the list names no scheme".to_owned();
            run.error(
                codes::EMPTY,
                &list,
                message,
                "name schemes, or write `auth: none`",
            );
        }
        let mut unique: Vec<String> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            check(name, list.index(index));
            if !unique.contains(name) {
                unique.push(name.clone());
            }
        }
        unique
    };
    let auth = match written {
        spec::AuthRef::None => Auth::None { explicit: true },
        spec::AuthRef::Scheme(name) => {
            check(name, at.clone());
            Auth::Any(vec![name.clone()])
        }
        spec::AuthRef::Any(names) => Auth::Any(list(names, "any")),
        spec::AuthRef::All(names) => match list(names, "all") {
            one if one.len() < 2 => Auth::Any(one),
            all => {
                identity::compatible(run, &all, &at.key("all"));
                Auth::All(all)
            }
        },
    };
    Sourced::new(auth, at)
}

/// Scopes that a token must carry; an empty list of all switches inherited ones off.
pub(super) fn scopes(run: &Run<'_>, written: &spec::Scopes, at: Pointer) -> Sourced<Scopes> {
    let (scopes, list, here) = match written {
        spec::Scopes::All(list) => (Scopes::All(list.clone()), list, at.clone()),
        spec::Scopes::Any(list) => (Scopes::Any(list.clone()), list, at.key("any")),
    };
    if matches!(written, spec::Scopes::Any(list) if list.is_empty()) && !run.was_written(&here, "0")
    {
        let message = "no scope of an empty list can be carried".to_owned();
        run.error(
            codes::EMPTY,
            &here,
            message,
            "list scopes, or write `scopes: []` for none",
        );
    }
    for (index, scope) in list.iter().enumerate() {
        let inner = if run.document.has(&here.index(index)) {
            here.index(index)
        } else {
            here.key("all").index(index)
        };
        names::word(run, "scope", scope, || Place::value(inner));
    }
    Sourced::new(scopes, at)
}

/// Groups of which the consumer must be in one; an empty list switches inherited ones off.
pub(super) fn groups(run: &Run<'_>, written: &[String], at: Pointer) -> Sourced<Vec<String>> {
    for (index, group) in written.iter().enumerate() {
        names::word(run, "group", group, || Place::value(at.index(index)));
    }
    Sourced::new(written.to_vec(), at)
}
