//! GATHER -> FUNCTION: every gather of the gateway as configuration of one source.

use serde_json::{Map, Value, json};

use super::document::Refused;
use super::document::function::Function;
use super::document::path::PathPart;
use super::policy::auth;
use super::{around, upstreams};
use crate::ir::{Cors, Gateway, Gather, Keep, Origins, Piece, Route, Segment};

const SOURCE: &str = include_str!("../../../templates/aws/gather.js");

/// The function; none where nothing is gathered.
///
/// # Errors
/// More source than a function holds.
pub fn function(
    gateway: &Gateway,
    routes: Vec<(String, Value)>,
) -> Result<Option<Function>, Refused> {
    if routes.is_empty() {
        return Ok(None);
    }
    let routes: Map<String, Value> = routes.into_iter().collect();
    let request_id = gateway.request_id.as_ref().map(|id| id.header.clone());
    let config = json!({ "requestId": request_id, "routes": routes });
    Function::new("Gather", auth::source(&config, SOURCE), Map::new()).map(Some)
}

/// One route's parts, and where its parameters are found.
#[must_use]
pub fn route(gateway: &Gateway, route: &Route, gather: &Gather, parts: &[&PathPart]) -> Value {
    let printed: Vec<Value> = gather
        .parts
        .iter()
        .map(|part| {
            let base = match upstreams::place(&gateway.services[&part.service]) {
                upstreams::Place::Http { base, .. } => base,
                // A function has no address: the service's own stands for it.
                upstreams::Place::Function(_) => {
                    let address = upstreams::main_target(&gateway.services[&part.service]);
                    format!(
                        "{}://{}{}",
                        address.protocol.name(),
                        address.authority(),
                        address.path
                    )
                }
            };
            let mut printed = json!({
                "name": part.name,
                "base": base,
                "path": pieces(&part.path),
                "query": pieces(&part.query),
                "required": part.required,
                "timeout": part.timeout.0,
                "or": part.or,
            });
            match &part.keep {
                Keep::Whole => {}
                Keep::Pick(pointer) => printed["pick"] = json!(pointer),
                Keep::Count(pointer) => printed["count"] = json!(pointer),
            }
            printed
        })
        .collect();
    json!({
        "parts": printed,
        "params": params(route, parts),
        "cors": route.cors.as_ref().map(|cors| print_cors(cors)),
    })
}

/// Each parameter of a route's pattern: a variable of the path that took the request, or the literal there.
#[must_use]
pub fn params(route: &Route, parts: &[&PathPart]) -> Value {
    let mut params = Map::new();
    for (segment, part) in route.pattern.segments.iter().zip(parts) {
        if let Segment::Param(name) = segment {
            let from = match around::variable(part) {
                Some(variable) => json!({ "variable": variable }),
                None => json!({ "value": part.to_string() }),
            };
            params.insert(name.clone(), from);
        }
    }
    Value::Object(params)
}

/// Pieces as the sources read them.
#[must_use]
pub fn pieces(pieces: &[Piece]) -> Value {
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => json!({ "text": text }),
        Piece::Path => json!({ "path": true }),
        Piece::Query => json!({ "query": true }),
        Piece::Param(name) => json!({ "param": name }),
        Piece::Claim(name) => json!({ "claim": name }),
    };
    pieces.iter().map(one).collect()
}

fn print_cors(cors: &Cors) -> Value {
    let mut headers = Map::new();
    if !cors.expose.is_empty() {
        headers.insert(
            "Access-Control-Expose-Headers".into(),
            json!(cors.expose.join(",")),
        );
    }
    if cors.credentials {
        headers.insert("Access-Control-Allow-Credentials".into(), json!("true"));
    }
    let origins = match &cors.origins {
        Origins::All => json!("*"),
        Origins::List(list) => json!(list),
    };
    json!({ "origins": origins, "headers": headers })
}
