//! TOO LARGE -> HEADERS: a body refused by its Content-Length gets its route's headers by the location's name.
//!
//! nginx refuses it before a location's own lines run.

use super::super::build::Build;
use super::super::document::Block;
use super::cors;
use crate::ir::Route;

/// What a route's locations are called behind its number: its cross-origin rules and its answer headers.
pub fn suffix<'g>(build: &mut Build<'g>, route: &'g Route) -> String {
    let mut suffix = String::new();
    if let Some(cors) = &route.cors {
        suffix.push_str(&format!("-c{}", cors::policy(build, cors)));
    }
    let set = &route.response_headers.set;
    if !set.is_empty() {
        let headers: Vec<(&'g str, &'g str)> = set
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let next = build.numbers.headers.len();
        let number = *build.numbers.headers.entry(headers).or_insert(next);
        suffix.push_str(&format!("-h{number}"));
    }
    suffix
}

/// The location of 413, to which the refusing location's name is appended.
pub fn location(build: &mut Build<'_>) -> Block {
    let mut inner = Block::new();
    inner.put("internal", [""; 0]);
    let mut named = Block::new();
    named.put("set", ["$gw_cors", "$gw_large_cors"]);
    inner.when(
        &[
            "$uri",
            "~",
            "/[0-9]+-c(?<gw_large_cors>[0-9]+)(?:-h[0-9]+)?$",
        ],
        named,
    );
    let mut named = Block::new();
    let sets: Vec<Vec<(&str, &str)>> = build.numbers.headers.keys().cloned().collect();
    let mut names: Vec<String> = sets
        .iter()
        .flatten()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let variable = build.out_header(&name);
        let chosen = variable.replace("$gw_out_", "$gw_large_");
        let mut table = Block::new();
        table.pair("default", variable.clone());
        for (number, headers) in sets.iter().enumerate() {
            let own = headers.iter().rev();
            for (_, value) in own
                .filter(|(other, _)| other.eq_ignore_ascii_case(&name))
                .take(1)
            {
                let value = build.literals.word(value);
                table.pair(number.to_string(), value);
            }
        }
        build.maps.open(
            "map",
            ["$gw_large_headers".to_owned(), chosen.clone()],
            table,
        );
        named.put("set", [variable, chosen]);
    }
    if !named.0.is_empty() {
        inner.when(&["$uri", "~", "-h(?<gw_large_headers>[0-9]+)$"], named);
    }
    inner.put("rewrite", ["^", "//error", "last"]);
    let mut out = Block::new();
    out.open("location", ["//413/"], inner);
    out
}
