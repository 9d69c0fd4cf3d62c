//! HEADERS -> MAPPINGS: what a service gets besides what the client sent, and what of that it must not get.

use std::collections::BTreeMap;

use super::super::design;
use super::super::document::Refused;
use super::super::document::http::{Change, HeaderValue, MappedHeader};
use super::super::document::mapping::{Destination, Fixed, HeaderName, Source};
use crate::ir::{Action, ApiKeyPlace, Gateway, Route};

/// The parameters of a REST integration that are headers and query parameters.
///
/// # Errors
/// A name or a value that mappings cannot hold.
pub fn rest(gateway: &Gateway, route: &Route) -> Result<BTreeMap<Destination, Source>, Refused> {
    let mut mappings: BTreeMap<String, (String, Source)> = BTreeMap::new();
    let mut map = |name: &str, source: Source| {
        mappings.insert(name.to_ascii_lowercase(), (name.to_owned(), source));
    };
    let mut queries = Vec::new();
    map("X-Forwarded-Host", Source::Host);
    let filled = design::filled(gateway, route);
    for (name, key) in design::forwarded(gateway) {
        // A header cannot be removed, but a value that a client sent can be replaced by nothing.
        let source = match filled.contains(&name) {
            true => Source::Authorizer(key),
            false => Source::Fixed(Fixed::nothing()),
        };
        map(&name, source);
    }
    for place in design::key_places(gateway, route) {
        match place {
            ApiKeyPlace::Header(name) => map(name, Source::Fixed(Fixed::nothing())),
            ApiKeyPlace::Query(name) => queries.push(name.clone()),
        }
    }
    for name in &route.request_headers.remove {
        map(name, Source::Fixed(Fixed::nothing()));
    }
    for (name, value) in &route.request_headers.set {
        map(name, Source::Fixed(Fixed::new(value)?));
    }
    if let Some(request_id) = &gateway.request_id {
        map(&request_id.header, Source::RequestId);
    }
    if matches!(&route.action, Action::Forward(forward) if forward.preserve_host) {
        map("Host", Source::Host);
    }
    let mut parameters = BTreeMap::new();
    for (name, source) in mappings.into_values() {
        parameters.insert(Destination::Header(HeaderName::new(&name)?), source);
    }
    for name in queries {
        parameters.insert(Destination::Query(name), Source::Fixed(Fixed::nothing()));
    }
    Ok(parameters)
}

/// The changes of an HTTP API's integration.
///
/// # Errors
/// A name or a value that mappings cannot hold.
pub fn http(gateway: &Gateway, route: &Route) -> Result<Vec<Change>, Refused> {
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    let mut queries = Vec::new();
    let filled = design::filled(gateway, route);
    for (name, key) in design::forwarded(gateway) {
        let header = MappedHeader::new(&name)?;
        let change = match filled.contains(&name) {
            true => Change::Set(header, HeaderValue::Authorizer(key)),
            false => Change::Remove(header),
        };
        changes.insert(name, change);
    }
    for place in design::key_places(gateway, route) {
        match place {
            ApiKeyPlace::Header(name) => {
                changes.insert(
                    name.to_ascii_lowercase(),
                    Change::Remove(MappedHeader::new(name)?),
                );
            }
            ApiKeyPlace::Query(name) => queries.push(Change::RemoveQuery(name.clone())),
        }
    }
    for name in &route.request_headers.remove {
        changes.insert(
            name.to_ascii_lowercase(),
            Change::Remove(MappedHeader::new(name)?),
        );
    }
    for (name, value) in &route.request_headers.set {
        let change = Change::Set(MappedHeader::new(name)?, HeaderValue::fixed(value)?);
        changes.insert(name.to_ascii_lowercase(), change);
    }
    if let Some(request_id) = &gateway.request_id {
        let header = MappedHeader::new(&request_id.header)?;
        let change = Change::Set(header, HeaderValue::RequestId);
        changes.insert(request_id.header.to_ascii_lowercase(), change);
    }
    Ok(changes.into_values().chain(queries).collect())
}
