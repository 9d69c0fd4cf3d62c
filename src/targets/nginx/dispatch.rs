//! SLOTS -> MATCHING AND ROUTES: from host and path to the pattern, by method to the route.

use std::collections::HashMap;

use super::build::Build;
use super::document::Block;
use super::hosts::Hosts;
use super::matching::{Group, Matcher};
use super::names::regex;
use super::policy::large;
use super::routes::{self, Defaults};
use crate::ir::{Route, Slot, slots};

/// Matching locations and routes, by slot.
pub fn dispatch<'g>(
    build: &mut Build<'g>,
    hosts: &Hosts<'g>,
    defaults: &Defaults,
    out: &mut Block,
) {
    let gateway = build.gateway;
    let mut groups: Vec<Vec<Group<'g>>> = (0..=hosts.patterns.len()).map(|_| Vec::new()).collect();
    let mut allow: HashMap<String, usize> = HashMap::new();
    let mut allows = Block::new();
    allows.pair("default", "");
    let mut bodies = Block::new();
    for slot in slots(gateway) {
        let members: Vec<&Route> = slot.routes.iter().map(|id| &gateway.routes[id.0]).collect();
        let Some(first) = members.first() else {
            continue;
        };
        let host = first
            .host
            .as_ref()
            .map(|host| format!("/{host}"))
            .unwrap_or_default();
        let slug = build
            .slugs
            .unique(format!("{host}{}", first.pattern).trim_matches('/'));
        let mut names = HashMap::new();
        for (index, id) in slot.routes.iter().enumerate() {
            let number = format!("{index}{}", large::suffix(build, &gateway.routes[id.0]));
            let name = format!("//r/{slug}/{number}");
            let id_slug = if slot.routes.len() == 1 {
                slug.clone()
            } else {
                format!("{slug}/{index}")
            };
            let locations = routes::route(build, *id, &id_slug, name, defaults);
            bodies.append(locations);
            names.insert(*id, number);
        }
        let plain = slot.methods.is_empty() && members.iter().all(|route| route.cors.is_none());
        let replacement = if plain {
            format!("//r/{slug}/{}", names[&slot.routes[0]])
        } else {
            let next = allow.len();
            let text = slot.allow.join(", ");
            let number = *allow.entry(text.clone()).or_insert(next);
            if number == next {
                allows.pair(number.to_string(), text);
            }
            format!(
                "//r/{slug}/$gw_take_{}",
                method_table(build, &slot, &names, number)
            )
        };
        let (params, rest) = super::actions::captures(&members);
        groups[hosts.number(first.host.as_ref())].push(Group {
            pattern: &first.pattern,
            replacement,
            params,
            rest,
        });
    }
    if allows.0.len() > 1 {
        build
            .maps
            .open("map", ["$gw_allow_id", "$gw_allow_list"], allows);
    }
    out.comment("Matching: from the normalised path to the route.");
    for (number, groups) in groups.iter().enumerate() {
        let fallback = number
            .checked_sub(1)
            .map(|at| hosts.wider(hosts.patterns[at]).to_string());
        out.append(Matcher::new(&number.to_string(), groups, fallback.as_deref()).locations());
    }
    out.comment("Routes.");
    out.append(bodies);
}

/// The number of the table that chooses a route by method: `N` a route, `cN` a preflight of policy N, `xN` 405 with allow list N.
fn method_table(
    build: &mut Build<'_>,
    slot: &Slot,
    names: &HashMap<crate::ir::RouteId, String>,
    allow: usize,
) -> usize {
    let gateway = build.gateway;
    let other = slot
        .any
        .map_or_else(|| format!("x{allow}"), |id| names[&id].clone());
    let mut lines = vec![("default".to_owned(), other.clone())];
    let mut preflights = Vec::new();
    let mut line = |method: &str, id: crate::ir::RouteId, build: &mut Build<'_>| {
        lines.push((method.to_owned(), names[&id].clone()));
        if let Some(cors) = &gateway.routes[id.0].cors {
            let index = build
                .numbers
                .cors
                .iter()
                .position(|other| **other == cors.value);
            preflights.push((
                format!("~^preflight {}$", regex(method)),
                format!("c{}", index.unwrap_or_default() + 1),
            ));
        }
    };
    for (method, id) in &slot.methods {
        line(method, *id, build);
    }
    if let Some(get) = slot.methods.iter().find(|(method, _)| method == "GET")
        && !slot.methods.iter().any(|(method, _)| method == "HEAD")
    {
        line("HEAD", get.1, build);
    }
    if let Some(cors) = slot.any.and_then(|id| gateway.routes[id.0].cors.as_ref()) {
        // A preflight for a method listed by a route without rules is an OPTIONS like any other.
        for (method, id) in &slot.methods {
            if gateway.routes[id.0].cors.is_none() {
                preflights.push((
                    format!("~^preflight {}$", regex(method)),
                    slot.route("OPTIONS")
                        .map_or_else(|| other.clone(), |id| names[&id].clone()),
                ));
            }
        }
        let index = build
            .numbers
            .cors
            .iter()
            .position(|other| **other == cors.value);
        preflights.push((
            "~^preflight ".to_owned(),
            format!("c{}", index.unwrap_or_default() + 1),
        ));
    } else {
        let options = slot
            .route("OPTIONS")
            .map_or_else(|| other.clone(), |id| names[&id].clone());
        if options != other {
            preflights.push(("~^preflight ".to_owned(), options));
        }
    }
    lines.extend(preflights);
    let next = build.numbers.methods.len();
    let number = *build.numbers.methods.entry(lines.clone()).or_insert(next);
    if number == next {
        let mut table = Block::new();
        for (source, value) in lines {
            table.pair(source, value);
        }
        build.maps.open(
            "map",
            ["$gw_asked".to_owned(), format!("$gw_take_{number}")],
            table,
        );
    }
    number
}
