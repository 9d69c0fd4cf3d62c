//! ROUTE KEYS -> NAMES: valid in Kong, readable, unique, and the same whatever else the gateway has.

use sha2::{Digest, Sha256};

use crate::ir::{Methods, Route, Segment};

/// A route's name: its methods, host and pattern in the characters Kong allows (`GET /a/{id}/*` is `get-a-_id-~`). A key that
/// those cannot tell apart gets a part of its hash.
#[must_use]
pub fn of_route(route: &Route) -> String {
    let mut clean = true;
    let mut name = match &route.methods {
        Methods::Any => "any".to_owned(),
        Methods::Only(methods) => methods
            .iter()
            .map(|method| plain(&method.to_lowercase(), &mut clean))
            .collect::<Vec<_>>()
            .join("."),
    };
    name.push_str(&path_part(route, &mut clean));
    if clean {
        name
    } else {
        format!("{name}.{}", hash(&identity(route)))
    }
}

/// The name of what several routes of one pattern share (their 405, their preflight).
#[must_use]
pub fn of_pattern(route: &Route, purpose: &str) -> String {
    let mut clean = true;
    let path = path_part(route, &mut clean);
    let name = format!("{purpose}{path}");
    if clean {
        name
    } else {
        format!("{name}.{}", hash(&path_identity(route)))
    }
}

fn path_part(route: &Route, clean: &mut bool) -> String {
    let mut name = String::new();
    if let Some(host) = &route.host {
        name.push('-');
        name.push_str(&plain(&host.to_string(), clean));
        // Dots of the host and dashes of the path could be read otherwise.
        *clean = false;
    }
    for segment in &route.pattern.segments {
        name.push('-');
        match segment {
            Segment::Literal(text) => name.push_str(&plain(text, clean)),
            Segment::Param(param) => {
                name.push('_');
                name.push_str(&plain(param, clean));
            }
        }
    }
    if route.pattern.rest {
        name.push_str("-~");
    } else if route.pattern.segments.is_empty() {
        name.push_str("-_");
    }
    name
}

fn plain(text: &str, clean: &mut bool) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '.';
    *clean &= !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    text.chars()
        .map(|c| if kept(c) { c } else { '_' })
        .collect()
}

fn path_identity(route: &Route) -> String {
    format!(
        "{} {}",
        route
            .host
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        route.pattern
    )
}

fn identity(route: &Route) -> String {
    let methods = match &route.methods {
        Methods::Any => "ANY".to_owned(),
        Methods::Only(methods) => methods.join(","),
    };
    format!("{methods} {}", path_identity(route))
}

/// Eight hexadecimal digits of a text's SHA-256.
#[must_use]
pub fn hash(text: &str) -> String {
    hex(text)[..8].to_owned()
}

/// A UUID made of a text, always the same one (RFC 9562 version 8).
#[must_use]
pub fn uuid(text: &str) -> String {
    let digits = hex(text);
    format!(
        "{}-{}-8{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..32]
    )
}

fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A service's name in the characters Kong allows for services and upstreams.
#[must_use]
pub fn of_service(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !name.is_empty()
        && name.chars().all(valid)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return name.to_owned();
    }
    let kept: String = name
        .chars()
        .map(|c| if valid(c) { c } else { '_' })
        .collect();
    format!("s{kept}.{}", hash(name))
}
