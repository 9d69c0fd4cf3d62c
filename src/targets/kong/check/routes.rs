//! Routes that match something else than they seem to, or tie.

use std::collections::BTreeMap;

use super::super::document::{Document, Route};
use super::super::paths::{HIGHEST_PRIORITY, PRIORITY_STEP};
use super::{Faults, valid_name};

pub(super) fn check(document: &Document, faults: &mut Faults) {
    let with_headers = document
        .all_routes()
        .any(|(_, route)| !route.headers.is_empty());
    for (_, route) in document.all_routes() {
        self::route(route, with_headers, faults);
    }
    ties(document, faults);
}

fn route(route: &Route, with_headers: bool, faults: &mut Faults) {
    let name = &route.name;
    if !valid_name(name) {
        faults.say(format!(
            "route `{name}` has characters that Kong refuses in names"
        ));
    }
    if route.methods.is_empty()
        && route.hosts.is_empty()
        && route.headers.is_empty()
        && route.paths.is_empty()
    {
        faults.say(format!("route `{name}` says nothing about requests"));
    }
    for method in &route.methods {
        if method.is_empty() || !method.chars().all(|c| c.is_ascii_uppercase()) {
            faults.say(format!(
                "method `{method}` of route `{name}` is not in capital letters"
            ));
        }
    }
    for host in &route.hosts {
        let stars = host.matches('*').count();
        let placed = host.starts_with("*.") || host.ends_with(".*");
        if host.is_empty() || stars > 1 || (stars == 1 && !placed) || *host != host.to_lowercase() {
            faults.say(format!(
                "host `{host}` of route `{name}` is none that Kong matches"
            ));
        }
    }
    if route.headers.len() > 3 {
        faults.say(format!(
            "route `{name}` has more than three headers, which Kong's order does not count right"
        ));
    }
    if route
        .headers
        .keys()
        .any(|header| header.eq_ignore_ascii_case("host"))
    {
        faults.say(format!("route `{name}` matches Host as a header"));
    }
    // Priorities are OR'd with the number of headers in 32 bits.
    if route.regex_priority > HIGHEST_PRIORITY + PRIORITY_STEP - 1
        || (with_headers && !route.regex_priority.is_multiple_of(PRIORITY_STEP))
    {
        faults.say(format!(
            "the priority of route `{name}` is not one that Kong compares right"
        ));
    }
    if route.protocols.is_empty()
        || route
            .protocols
            .iter()
            .any(|protocol| protocol != "http" && protocol != "https")
    {
        faults.say(format!("route `{name}` is for neither http nor https"));
    }
    if route
        .https_redirect_status_code
        .is_some_and(|status| ![301, 302, 307, 308, 426].contains(&status))
    {
        faults.say(format!(
            "route `{name}` redirects with a status that Kong refuses"
        ));
    }
    for path in &route.paths {
        self::path(path, name, faults);
    }
}

fn path(path: &str, name: &str, faults: &mut Faults) {
    let Some(expression) = path.strip_prefix('~') else {
        let why = match path {
            path if !path.starts_with('/') => "does not start with a slash",
            path if path.contains('{') => "is a template, which Kong takes as it stands",
            path if path.contains(['?', '#']) => "has a query, which no path ever has",
            path if path.contains(['\\', '^', '$', '[', '(', '+', '*', '|']) => {
                "is a regular expression without `~`, which Kong takes as it stands"
            }
            path if path.contains('%') => "is escaped, which the path that Kong matches never is",
            // A plain path is a prefix without a boundary: `/api` takes `/apix`.
            _ => "is a prefix that ends anywhere",
        };
        faults.say(format!("path `{path}` of route `{name}` {why}"));
        return;
    };
    if !expression.starts_with('/') {
        faults.say(format!(
            "path `{path}` of route `{name}` does not start with `~/`"
        ));
    }
    if expression.contains("//") {
        faults.say(format!(
            "path `{path}` of route `{name}` has an empty segment"
        ));
    }
    for part in ["(?=", "(?!", "(?<=", "(?<!", "\\1"] {
        if expression.contains(part) {
            faults.say(format!("path `{path}` of route `{name}` looks around, which the router's expressions cannot"));
        }
    }
    let bounded = expression == "/" || expression.ends_with('$') || expression.ends_with("(?:/|$)");
    if !bounded {
        faults.say(format!(
            "path `{path}` of route `{name}` is not bounded at its end"
        ));
    }
}

/// Routes that Kong orders by their IDs: equal criteria and priority over paths that are the same, or may be.
fn ties(document: &Document, faults: &mut Faults) {
    let mut seen: BTreeMap<(Vec<&String>, &String, &String, u32), &String> = BTreeMap::new();
    let mut ranks: BTreeMap<(bool, bool, Vec<&String>, u32), Vec<(&Route, &String)>> =
        BTreeMap::new();
    for (_, route) in document.all_routes() {
        let mut hosts: Vec<&String> = route.hosts.iter().collect();
        hosts.sort();
        for path in &route.paths {
            for method in &route.methods {
                if let Some(other) = seen.insert(
                    (hosts.clone(), path, method, route.regex_priority),
                    &route.name,
                ) {
                    faults.say(format!(
                        "routes `{other}` and `{}` are identical for {method}",
                        route.name
                    ));
                }
            }
            let rank = (
                route.methods.is_empty(),
                route.headers.is_empty(),
                hosts.clone(),
                route.regex_priority,
            );
            ranks.entry(rank).or_default().push((route, path));
        }
    }
    for routes in ranks.values() {
        tie_in(routes, faults);
    }
}

fn tie_in(routes: &[(&Route, &String)], faults: &mut Faults) {
    // Grouped by first segment, so that a big file is no square of its routes.
    let mut by_first: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (index, (_, path)) in routes.iter().enumerate() {
        let first = path
            .trim_start_matches("~/")
            .split('/')
            .next()
            .unwrap_or_default();
        let literal = !first.is_empty()
            && first
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        by_first
            .entry(literal.then_some(first))
            .or_default()
            .push(index);
    }
    let open = by_first.get(&None).cloned().unwrap_or_default();
    for (first, group) in &by_first {
        let others: Vec<usize> = if first.is_none() {
            group.clone()
        } else {
            group.iter().chain(&open).copied().collect()
        };
        for (place, &a) in group.iter().enumerate() {
            for &b in others.iter().skip(place + 1) {
                let ((left, left_path), (right, right_path)) = (routes[a], routes[b]);
                let methods = left.methods.is_empty()
                    || left
                        .methods
                        .iter()
                        .any(|method| right.methods.contains(method));
                if methods && left.headers == right.headers && overlap(left_path, right_path) {
                    faults.say(format!(
                        "routes `{}` and `{}` tie: Kong orders them by chance",
                        left.name, right.name
                    ));
                }
            }
        }
    }
}

/// Whether two path expressions may match one path, told segment by segment; what is not a literal may be anything.
fn overlap(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    let split = |path: &str| -> (Vec<Option<String>>, bool) {
        let rest = path.ends_with("(?:/|$)") || path.contains("(?s:") || path == "~/";
        let body = path
            .trim_start_matches('~')
            .trim_end_matches("(?:/|$)")
            .trim_end_matches("(?<rest>/(?s:.*))?$")
            .trim_end_matches("/?$")
            .trim_end_matches('$');
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut depth = 0;
        for c in body.chars() {
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            if c == '/' && depth == 0 {
                parts.push(std::mem::take(&mut text));
            } else {
                text.push(c);
            }
        }
        parts.push(text);
        let literal = |part: &String| !part.contains("[^/]+") && !part.contains("(?");
        let parts = parts.into_iter().skip(1).filter(|part| !part.is_empty());
        (
            parts.map(|part| literal(&part).then_some(part)).collect(),
            rest,
        )
    };
    let ((a, a_rest), (b, b_rest)) = (split(left), split(right));
    let lengths = match (a_rest, b_rest) {
        (true, true) => true,
        (true, false) => a.len() <= b.len(),
        (false, true) => b.len() <= a.len(),
        (false, false) => a.len() == b.len(),
    };
    lengths
        && a.iter()
            .zip(&b)
            .all(|(a, b)| a.is_none() || b.is_none() || a == b)
}
