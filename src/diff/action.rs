//! What is done with a request: forwarding, fixed answers, gathers.

use serde_json::json;

use super::change::{Collector, list, text};
use super::headers::by_name;
use super::kind;
use crate::ir::{
    Action, Forward, Gather, Keep, Part, Piece, Respond, Rewrite, RewritePiece, Route,
};

/// Compares what is done.
pub(super) fn actions(c: &mut Collector<'_>, left: &Route, right: &Route) {
    c.at(Some(&left.pointer), Some(&right.pointer));
    match (&left.action, &right.action) {
        (Action::Forward(was), Action::Forward(is)) => forward(c, left, right, was, is),
        (Action::Respond(was), Action::Respond(is)) => respond(c, was, is),
        (Action::Gather(was), Action::Gather(is)) => gather(c, was, is),
        (was, is) => c.say(
            kind::ACTION_CHANGED,
            "to",
            Some(text(&name(was))),
            Some(text(&name(is))),
        ),
    }
}

fn name(action: &Action) -> String {
    match action {
        Action::Forward(forward) => forward.service.clone(),
        Action::Respond(respond) => format!("respond {}", respond.status),
        Action::Gather(_) => "gather".to_owned(),
    }
}

fn forward(c: &mut Collector<'_>, left: &Route, right: &Route, was: &Forward, is: &Forward) {
    c.text(kind::SERVICE_CHANGED, "to", &was.service, &is.service);
    let sent = |route: &Route, forward: &Forward| match &forward.rewrite {
        Some(rewrite) => positional(rewrite, route),
        None => "as it came".to_owned(),
    };
    c.text(
        kind::REWRITE_CHANGED,
        "rewrite",
        &sent(left, was),
        &sent(right, is),
    );
    if was.preserve_host != is.preserve_host {
        c.say(
            kind::PRESERVE_HOST_CHANGED,
            "preserve_host",
            Some(was.preserve_host.into()),
            Some(is.preserve_host.into()),
        );
    }
}

/// A rewrite with its parameters named by their position, so that renaming one is no change.
fn positional(rewrite: &Rewrite, route: &Route) -> String {
    let mut out = String::new();
    for piece in &rewrite.segments {
        match piece {
            RewritePiece::Literal(literal) => out.push_str(&format!("/{literal}")),
            RewritePiece::Param(param) => {
                let params = route
                    .pattern
                    .segments
                    .iter()
                    .filter_map(|segment| match segment {
                        crate::ir::Segment::Param(name) => Some(name),
                        crate::ir::Segment::Literal(_) => None,
                    });
                let at = params
                    .into_iter()
                    .position(|name| name == param)
                    .map_or(0, |at| at + 1);
                out.push_str(&format!("/{{{at}}}"));
            }
        }
    }
    if rewrite.rest {
        out.push_str("/*");
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

/// A text with its places as the language writes it.
pub(super) fn pieces(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Path => "{path}".to_owned(),
            Piece::Query => "{query}".to_owned(),
            Piece::Param(name) => format!("{{{name}}}"),
            Piece::Claim(name) => format!("{{auth.{name}}}"),
        })
        .collect()
}

fn respond(c: &mut Collector<'_>, was: &Respond, is: &Respond) {
    c.text(
        kind::RESPOND_STATUS_CHANGED,
        "respond.status",
        &was.status,
        &is.status,
    );
    let location = |respond: &Respond| respond.location.as_deref().map(pieces);
    if location(was) != location(is) {
        c.say(
            kind::RESPOND_LOCATION_CHANGED,
            "respond.location",
            location(was).map(Into::into),
            location(is).map(Into::into),
        );
    }
    if was.body != is.body {
        c.say(
            kind::RESPOND_BODY_CHANGED,
            "respond.body",
            was.body.clone().map(Into::into),
            is.body.clone().map(Into::into),
        );
    }
    let (left, right) = (by_name(&was.headers), by_name(&is.headers));
    for (name, value) in &left {
        let field = format!("respond.headers.{name}");
        match right.get(name) {
            None => c.say(
                kind::RESPOND_HEADER_REMOVED,
                &field,
                Some(text(value)),
                None,
            ),
            Some(other) => c.text(kind::RESPOND_HEADER_CHANGED, &field, value, other),
        }
    }
    for (name, value) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
        c.say(
            kind::RESPOND_HEADER_ADDED,
            &format!("respond.headers.{name}"),
            None,
            Some(text(value)),
        );
    }
}

fn gather(c: &mut Collector<'_>, was: &Gather, is: &Gather) {
    order(c, was, is);
    for part in &was.parts {
        let field = format!("gather.{}", part.name);
        match is.parts.iter().find(|other| other.name == part.name) {
            None => c.say(
                kind::GATHER_PART_REMOVED,
                &field,
                Some(text(&from(part))),
                None,
            ),
            Some(other) => self::part(c, &field, part, other),
        }
    }
    for part in is
        .parts
        .iter()
        .filter(|part| !was.parts.iter().any(|other| other.name == part.name))
    {
        c.say(
            kind::GATHER_PART_ADDED,
            &format!("gather.{}", part.name),
            None,
            Some(text(&from(part))),
        );
    }
}

/// The order of the members that both have.
fn order(c: &mut Collector<'_>, was: &Gather, is: &Gather) {
    let names = |of: &Gather, other: &Gather| -> Vec<String> {
        let shared = |name: &str| other.parts.iter().any(|part| part.name == name);
        let names = of.parts.iter().map(|part| part.name.clone());
        names.filter(|name| shared(name)).collect()
    };
    let (left, right) = (names(was, is), names(is, was));
    if left != right {
        c.say(
            kind::GATHER_ORDER_CHANGED,
            "gather",
            Some(list(&left)),
            Some(list(&right)),
        );
    }
}

fn from(part: &Part) -> String {
    let query = if part.query.is_empty() {
        String::new()
    } else {
        format!("?{}", pieces(&part.query))
    };
    format!("{} GET {}{query}", part.service, pieces(&part.path))
}

fn part(c: &mut Collector<'_>, field: &str, was: &Part, is: &Part) {
    c.at(Some(&was.pointer), Some(&is.pointer));
    c.text(
        kind::GATHER_PART_CHANGED,
        &format!("{field}.from"),
        &from(was),
        &from(is),
    );
    let keep = |part: &Part| match &part.keep {
        Keep::Whole => "whole".to_owned(),
        Keep::Pick(at) => format!("pick {at}"),
        Keep::Count(at) => format!("count {at}"),
    };
    c.text(
        kind::GATHER_PART_CHANGED,
        &format!("{field}.pick"),
        &keep(was),
        &keep(is),
    );
    c.switch(
        kind::GATHER_PART_OPTIONAL,
        kind::GATHER_PART_REQUIRED,
        &format!("{field}.required"),
        was.required,
        is.required,
    );
    c.text(
        kind::GATHER_PART_TIMEOUT,
        &format!("{field}.timeout"),
        &was.timeout,
        &is.timeout,
    );
    if was.or != is.or {
        c.say(
            kind::GATHER_PART_FALLBACK,
            &format!("{field}.or"),
            Some(json!(was.or)),
            Some(json!(is.or)),
        );
    }
}
