//! CORS -> MAPS: which headers an answer and a preflight carry, by the policy's number and the origin.

use crate::ir::{Cors, Origins};
use crate::targets::nginx::build::{Build, number};
use crate::targets::nginx::document::Block;
use crate::targets::nginx::names::regex;

/// The policy's number from 1, put into `$gw_cors` by its routes.
pub fn policy<'g>(build: &mut Build<'g>, cors: &'g Cors) -> usize {
    number(&mut build.numbers.cors, cors).0 + 1
}

/// Headers of upstreams that would contradict the policy.
pub const HEADERS: [&str; 6] = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
];

/// The maps of all policies, and the `add_header` lines that carry them.
pub fn maps(build: &mut Build<'_>, server: &mut Block) {
    let policies = build.numbers.cors.clone();
    if policies.is_empty() {
        return;
    }
    let table = || {
        let mut block = Block::new();
        block.pair("default", "");
        block
    };
    let (mut origin, mut vary, mut credentials) = (table(), table(), table());
    let (mut expose, mut methods, mut headers, mut age) = (table(), table(), table(), table());
    for (index, cors) in policies.iter().enumerate() {
        let number = index + 1;
        match &cors.origins {
            Origins::All => origin.pair(format!("~^{number} ."), "*"),
            Origins::List(origins) => {
                for text in origins {
                    origin.pair(format!("~*^{number} {}$", regex(text)), "$http_origin");
                }
                vary.pair(number.to_string(), "Origin");
            }
        }
        if cors.credentials {
            credentials.pair(format!("~^{number} ."), "true");
        }
        let mut list = |table: &mut Block, key: String, values: &[String]| {
            if !values.is_empty() {
                let value = build.literals.word(&values.join(", "));
                table.pair(key, value);
            }
        };
        list(&mut expose, format!("~^:{number} ."), &cors.expose);
        list(&mut methods, format!("~^1:{number} ."), &cors.methods);
        list(&mut headers, format!("~^1:{number} ."), &cors.headers);
        if let Some(max_age) = cors.max_age {
            age.pair(format!("~^1:{number} ."), (max_age.0 / 1000).to_string());
        }
    }
    build
        .maps
        .comment("Cross-origin rules: the policy's number and the origin give the headers.");
    build
        .maps
        .open("map", ["$gw_cors $http_origin", "$gw_cors_origin"], origin);
    build.maps.open("map", ["$gw_cors", "$gw_cors_vary"], vary);
    server.put(
        "add_header",
        ["Access-Control-Allow-Origin", "$gw_cors_origin", "always"],
    );
    server.put("add_header", ["Vary", "$gw_cors_vary", "always"]);
    let lines = [
        (
            "$gw_cors $gw_cors_origin",
            "$gw_cors_credentials",
            credentials,
            HEADERS[1],
        ),
        (
            "$gw_preflight:$gw_cors $gw_cors_origin",
            "$gw_cors_expose",
            expose,
            HEADERS[4],
        ),
        (
            "$gw_preflight:$gw_cors $gw_cors_origin",
            "$gw_cors_methods",
            methods,
            HEADERS[2],
        ),
        (
            "$gw_preflight:$gw_cors $gw_cors_origin",
            "$gw_cors_headers",
            headers,
            HEADERS[3],
        ),
        (
            "$gw_preflight:$gw_cors $gw_cors_origin",
            "$gw_cors_max_age",
            age,
            HEADERS[5],
        ),
    ];
    for (source, name, table, header) in lines {
        if table.0.len() > 1 {
            build.maps.open("map", [source, name], table);
            server.put("add_header", [header, name, "always"]);
        }
    }
}
