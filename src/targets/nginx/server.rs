//! THE SERVER: lines that hold for every location, and the locations that every configuration has.

use super::build::Build;
use super::document::{Block, Directive, Item};
use super::policy::{cors, headers};

/// Statuses that the gateway answers itself.
const OWN: &[&str] = &[
    "400", "401", "403", "404", "405", "408", "411", "412", "414", "415", "416", "421", "429",
    "494", "495", "496", "497", "500", "501", "503", "504", "505",
];

/// What holds for every location of the server.
pub fn server_lines(build: &mut Build<'_>) -> Block {
    let mut out = Block::new();
    // Routes say how large a body may be; until one is found, nothing reads any.
    out.put("client_max_body_size", ["0"]);
    out.put("recursive_error_pages", ["on"]);
    let mut pages: Vec<&str> = OWN.to_vec();
    pages.push("//error");
    out.0
        .push(Item::Directive(Directive::simple("error_page", pages)));
    out.put("error_page", ["413", "//413$uri"]);
    out.put("error_page", ["502", "//upstream"]);
    if let Some((header, variable)) = headers::request_id(build) {
        out.put(
            "add_header",
            [header.clone(), variable, "always".to_owned()],
        );
        out.put("proxy_hide_header", [header]);
    }
    cors::maps(build, &mut out);
    for (header, variable) in [
        ("Allow", "$gw_allow"),
        ("Retry-After", "$gw_retry_after"),
        ("WWW-Authenticate", "$gw_www_authenticate"),
    ] {
        out.put("add_header", [header, variable, "always"]);
    }
    for (index, name) in build.out_headers.values().enumerate() {
        out.put(
            "add_header",
            [
                name.clone(),
                format!("$gw_out_{index}"),
                "always".to_owned(),
            ],
        );
    }
    let lines = headers::request(build, &crate::ir::HeaderRules::default());
    out.append(lines);
    out
}

/// Locations that every configuration has. No client reaches one that begins with `//`: nginx merges slashes.
pub fn fixed_locations(build: &Build<'_>) -> Block {
    let mut out = Block::new();
    let location = |out: &mut Block, args: [&'static str; 2], lines: &[&[&'static str]]| {
        let mut inner = Block::new();
        for line in lines {
            inner.0.push(Item::Directive(Directive::simple(
                line[0],
                line[1..].to_vec(),
            )));
        }
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        out.0
            .push(Item::Directive(Directive::block("location", args, inner.0)));
    };
    location(
        &mut out,
        ["", "/"],
        &[&["rewrite", "^", "//m/$gw_entry", "last"]],
    );
    location(
        &mut out,
        ["=", "//m/bad"],
        &[&["internal"], &["return", "400"]],
    );
    location(
        &mut out,
        ["", "//m/x/"],
        &[&["internal"], &["return", "404"]],
    );
    if build.gateway.health.is_some() {
        location(
            &mut out,
            ["=", "//m/health"],
            &[&["internal"], &["return", "200", "{\"status\":\"ok\"}"]],
        );
    }
    if build
        .gateway
        .tls
        .as_ref()
        .is_some_and(|tls| tls.redirect_http)
    {
        let port = build.gateway.listen.https.unwrap_or(443);
        let authority = if port == 443 {
            "$host".to_owned()
        } else {
            format!("$host:{port}")
        };
        let mut inner = Block::new();
        inner.put("internal", [""; 0]);
        inner.put(
            "return",
            ["308".to_owned(), format!("https://{authority}$request_uri")],
        );
        out.open("location", ["=", "//m/tls"], inner);
    }
    location(
        &mut out,
        ["", "//r/"],
        &[
            &["internal"],
            &[
                "rewrite",
                "/c(?<gw_preflight_cors>[0-9]+)$",
                "//preflight",
                "last",
            ],
            &["rewrite", "/x(?<gw_allow_id>[0-9]+)$", "//method", "last"],
            &["return", "404"],
        ],
    );
    location(
        &mut out,
        ["=", "//preflight"],
        &[
            &["internal"],
            &["set", "$gw_cors", "$gw_preflight_cors"],
            &["set", "$gw_preflight", "1"],
            &["return", "204"],
        ],
    );
    location(
        &mut out,
        ["=", "//method"],
        &[&["internal"], &["return", "405"]],
    );
    location(
        &mut out,
        ["=", "//error"],
        &[
            &["internal"],
            &["set", "$gw_own", "1"],
            &["default_type", "application/json"],
            &["return", "200", "{\"message\":\"$gw_message\"}"],
        ],
    );
    let mut upstream = Block::new();
    upstream.put("internal", [""; 0]);
    let mut none = Block::new();
    none.put("return", ["503"]);
    upstream.when(&["$gw_no_target"], none);
    let mut failed = Block::new();
    failed.put("set", ["$gw_own", "1"]);
    failed.put("default_type", ["application/json"]);
    failed.put(
        "return",
        ["200", "{\"message\":\"the service does not answer\"}"],
    );
    upstream.append(failed);
    out.open("location", ["=", "//upstream"], upstream);
    out
}
