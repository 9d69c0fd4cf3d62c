//! TERMINATION, TEMPLATES AND TRANSFORMERS -> FIXED ANSWERS, REWRITES AND HEADERS.

use serde_json::Value;

use super::{text, texts};
use crate::ir::{HeaderRules, Pattern, Piece, Respond, Rewrite, RewritePiece, Segment};

/// A fixed answer of request-termination.
pub(super) fn of_plugin(config: &Value) -> Respond {
    let status = config.get("status_code").and_then(Value::as_u64);
    let body = text(config, "body").map(str::to_owned);
    let mut respond = Respond {
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(503),
        location: None,
        body,
        headers: indexmap::IndexMap::new(),
    };
    if let Some(kind) = text(config, "content_type") {
        content_type(&mut respond, kind);
    }
    respond
}

/// A content type is said only where it is not the one that the body has by itself.
fn content_type(respond: &mut Respond, kind: &str) {
    let body = respond.body.as_deref().unwrap_or_default();
    let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
    let usual = if json {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    if kind != usual {
        respond
            .headers
            .insert("Content-Type".to_owned(), kind.to_owned());
    }
}

/// A fixed answer of a function.
pub(super) fn of_table(table: &Value, pattern: &Pattern) -> Respond {
    let status = table.get("status").and_then(Value::as_u64);
    let mut respond = Respond {
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(503),
        location: None,
        body: text(table, "body").map(str::to_owned),
        headers: indexmap::IndexMap::new(),
    };
    for (name, value) in table
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let value = value.as_str().unwrap_or_default();
        if name.eq_ignore_ascii_case("content-type") {
            content_type(&mut respond, value);
        } else {
            respond.headers.insert(name.clone(), value.to_owned());
        }
    }
    let pieces = table.get("location").and_then(Value::as_array);
    respond.location = pieces.map(|pieces| {
        pieces
            .iter()
            .filter_map(|one| piece(one, pattern))
            .collect()
    });
    respond
}

fn piece(piece: &Value, pattern: &Pattern) -> Option<Piece> {
    if let Some(text) = text(piece, "text") {
        return Some(Piece::Text(text.to_owned()));
    }
    if let Some(claim) = text(piece, "claim") {
        return Some(Piece::Claim(claim.to_owned()));
    }
    if let Some(place) = piece.get("param").and_then(Value::as_u64) {
        let at = usize::try_from(place).ok()?.checked_sub(1)?;
        return match pattern.segments.get(at)? {
            Segment::Param(name) => Some(Piece::Param(name.clone())),
            Segment::Literal(_) => None,
        };
    }
    let on = |name: &str| piece.get(name) == Some(&Value::Bool(true));
    if on("path") {
        return Some(Piece::Path);
    }
    on("query").then_some(Piece::Query)
}

/// The rewrite of a path template, base path first.
pub(super) fn rewrite(template: &str, base: &str, pattern: &Pattern) -> Option<Rewrite> {
    let base = base.trim_end_matches('/').replace("$(", "%24(");
    let body = template.strip_prefix(base.as_str())?;
    let (body, rest) = match body.find("$(uri_captures.rest ") {
        Some(at) => (&body[..at], true),
        None => match body.strip_suffix("/$(uri_captures.tail or '')") {
            Some(body) => (body, true),
            None => (body, false),
        },
    };
    let mut segments = Vec::new();
    for segment in body
        .split('/')
        .skip(1)
        .filter(|segment| !segment.is_empty())
    {
        let place = segment
            .strip_prefix("$(uri_captures.p")
            .and_then(|rest| rest.strip_suffix(')'));
        segments.push(match place {
            Some(place) => match pattern.segments.get(place.parse::<usize>().ok()?)? {
                Segment::Param(name) => RewritePiece::Param(name.clone()),
                Segment::Literal(_) => return None,
            },
            None => RewritePiece::Literal(segment.replace("%24(", "$(")),
        });
    }
    Some(Rewrite { segments, rest })
}

/// Request headers that request-transformer changes itself; none where functions do.
pub(super) fn request(config: &Value) -> Option<HeaderRules> {
    let part = |key: &str| {
        config
            .get(key)
            .map(|part| texts(part, "headers"))
            .unwrap_or_default()
    };
    let mut rules = HeaderRules {
        remove: part("remove"),
        ..HeaderRules::default()
    };
    for pair in part("add") {
        let (name, value) = pair.split_once(':')?;
        rules
            .remove
            .retain(|removed| !removed.eq_ignore_ascii_case(name));
        rules.set.insert(name.to_owned(), value.to_owned());
    }
    (!rules.is_empty()).then_some(rules)
}
