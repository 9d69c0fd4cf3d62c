//! Header rules of two routes.

use std::collections::BTreeMap;

use super::change::{Collector, text};
use super::kind::{self, Kind};
use crate::ir::HeaderRules;

/// The kinds for one direction of header rules.
pub(super) struct HeaderKinds {
    dropped: Kind,
    set: Kind,
    changed: Kind,
    removal_dropped: Kind,
    removal_added: Kind,
}

/// For what goes to the service.
pub(super) const REQUEST: HeaderKinds = HeaderKinds {
    dropped: kind::REQUEST_HEADER_DROPPED,
    set: kind::REQUEST_HEADER_SET,
    changed: kind::REQUEST_HEADER_CHANGED,
    removal_dropped: kind::REQUEST_HEADER_REMOVAL_DROPPED,
    removal_added: kind::REQUEST_HEADER_REMOVAL_ADDED,
};

/// For what goes to the client.
pub(super) const RESPONSE: HeaderKinds = HeaderKinds {
    dropped: kind::RESPONSE_HEADER_DROPPED,
    set: kind::RESPONSE_HEADER_SET,
    changed: kind::RESPONSE_HEADER_CHANGED,
    removal_dropped: kind::RESPONSE_HEADER_REMOVAL_DROPPED,
    removal_added: kind::RESPONSE_HEADER_REMOVAL_ADDED,
};

/// Headers of a map by lower-case name.
pub(super) fn by_name(headers: &indexmap::IndexMap<String, String>) -> BTreeMap<String, &String> {
    headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

/// Compares what is set and what is removed.
pub(super) fn headers(
    c: &mut Collector<'_>,
    field: &str,
    kinds: &HeaderKinds,
    left: &HeaderRules,
    right: &HeaderRules,
) {
    let (was, is) = (by_name(&left.set), by_name(&right.set));
    for (name, value) in &was {
        let field = format!("{field}.set.{name}");
        match is.get(name) {
            None => c.say(kinds.dropped, &field, Some(text(value)), None),
            Some(other) => c.text(kinds.changed, &field, value, other),
        }
    }
    for (name, value) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
        c.say(
            kinds.set,
            &format!("{field}.set.{name}"),
            None,
            Some(text(value)),
        );
    }
    let lower = |names: &[String]| {
        names
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let field = format!("{field}.remove");
    c.set(
        kinds.removal_dropped,
        kinds.removal_added,
        &field,
        &lower(&left.remove),
        &lower(&right.remove),
    );
}
