//! GATHER -> SUBREQUESTS: one internal location a part, asked at once by njs.

use serde_json::{Value, json};

use super::super::build::{Build, duration};
use super::super::document::Block;
use super::super::upstreams;
use crate::ir::{Gather, Keep, Piece, Protocol, Route, Segment};

/// The stage that gathers, and the locations of its parts.
pub fn gather(
    build: &mut Build<'_>,
    route: &Route,
    gather: &Gather,
    name: &str,
    out: &mut Block,
) -> Block {
    let mut locations = Block::new();
    let mut parts = Vec::new();
    for (index, part) in gather.parts.iter().enumerate() {
        let variable = format!("gw_part_{index}");
        build.variables.insert(variable.clone());
        let location = format!("//g{name}/{index}");
        let service = &build.gateway.services[&part.service];
        let address = upstreams::first(service);
        let mut inner = Block::new();
        inner.put("internal", [""; 0]);
        // A part's own failure is the gather's to judge.
        inner.put("error_page", ["599", "//error"]);
        inner.put("client_max_body_size", ["0"]);
        inner.put("proxy_method", ["GET"]);
        inner.put("proxy_pass_request_body", ["off"]);
        let authority = build.literals.word(&address.authority());
        let mut headers = request(build, route);
        headers.put(
            "proxy_set_header",
            ["Host".to_owned(), authority.into_owned()],
        );
        headers.put("proxy_set_header", ["Accept-Encoding", ""]);
        headers.put("proxy_set_header", ["Content-Length", ""]);
        inner.append(headers);
        let connect = part.timeout.0.min(route.timeout.connect.0);
        inner.put("proxy_connect_timeout", [duration(connect)]);
        inner.put("proxy_read_timeout", [duration(part.timeout.0)]);
        inner.put("proxy_send_timeout", [duration(part.timeout.0)]);
        inner.append(upstreams::tls(
            build,
            address,
            service.tls.as_ref().map(|tls| &tls.value),
        ));
        let base = build.literals.word(&address.path);
        let protocol = match address.protocol {
            Protocol::Http => "http",
            Protocol::Https => "https",
        };
        inner.put(
            "proxy_pass",
            [format!(
                "{protocol}://{}{base}${variable}",
                upstreams::name(build, &part.service)
            )],
        );
        locations.open("location", ["=".to_owned(), location.clone()], inner);
        parts.push(json!({
            "name": part.name,
            "variable": variable,
            "location": location,
            "path": pieces(build, route, &part.path),
            "query": pieces(build, route, &part.query),
            "required": part.required,
            "or": part.or.to_string(),
            "keep": match &part.keep {
                Keep::Whole => json!({ "how": "whole" }),
                Keep::Pick(pointer) => json!({ "how": "pick", "pointer": pointer }),
                Keep::Count(pointer) => json!({ "how": "count", "pointer": pointer }),
            },
        }));
    }
    build.gathers.insert(name.to_owned(), Value::Array(parts));
    build.modules.insert("gather");
    out.put("set", ["$gw_gather".to_owned(), name.to_owned()]);
    out.put("js_content", ["gather.gather"]);
    locations
}

/// Headers of a part: those of any request, but for what describes a body, the host and the connection.
fn request(build: &mut Build<'_>, route: &Route) -> Block {
    let mut block = super::headers::request(build, &route.request_headers);
    block.0.retain(|item| match item {
        super::super::document::Item::Directive(directive) => {
            directive.args.first().is_none_or(|name| name != "Host")
        }
        super::super::document::Item::Comment(_) => true,
    });
    block
}

fn pieces(build: &mut Build<'_>, route: &Route, pieces: &[Piece]) -> Vec<Value> {
    let mut out = Vec::new();
    for piece in pieces {
        out.push(match piece {
            Piece::Text(text) => json!({ "text": text }),
            Piece::Path => json!({ "param": "gw_path" }),
            Piece::Query => json!({ "param": "gw_query" }),
            Piece::Param(name) => json!({ "param": format!("gw_p{}", position(route, name)) }),
            Piece::Claim(claim) => {
                let tokens: Vec<usize> = route
                    .auth
                    .schemes()
                    .iter()
                    .map(|name| build.scheme(name))
                    .collect();
                let variables: Vec<String> = tokens
                    .into_iter()
                    .filter(|scheme| super::auth::is_token(build, *scheme))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|scheme| build.claim(scheme, claim, "text"))
                    .collect();
                json!({ "claims": variables })
            }
        });
    }
    out
}

/// The place of a parameter among the pattern's segments, which names its capture.
#[must_use]
pub fn position(route: &Route, name: &str) -> usize {
    let is = |segment: &Segment| matches!(segment, Segment::Param(param) if param == name);
    route
        .pattern
        .segments
        .iter()
        .position(is)
        .unwrap_or_default()
}
