//! Gathers: `SERVICE GET /PATH?QUERY` with parameters and claims, and what is kept of each answer.

use super::pieces::{self, Allowed};
use super::run::{Run, Wrong, shown};
use super::{codes, names};
use crate::ir::units::Millis;
use crate::ir::{EncodedSlash, Gather, Keep, Methods, Part, Pattern, Piece, normalise};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// The route around a gather.
pub(super) struct Around<'a> {
    pub methods: Option<&'a Methods>,
    pub pattern: Option<&'a Pattern>,
    /// A token is among what the route accepts; `None` when that is not known.
    pub token: Option<bool>,
    /// How long a part may take that does not say, by its service.
    pub timeout: &'a dyn Fn(&str) -> Millis,
    /// `/routes/KEY`.
    pub route: &'a Pointer,
    pub key: &'a str,
}

/// A route's gather.
pub(super) fn resolve(
    run: &Run<'_>,
    written: &indexmap::IndexMap<String, spec::GatherPart>,
    around: &Around<'_>,
) -> Gather {
    let at = around.route.key("gather");
    let only_get = |methods: &Methods| matches!(methods, Methods::Only(list) if list.iter().all(|m| m == "GET"));
    if around.methods.is_some_and(|methods| !only_get(methods)) {
        let place = Place::key(around.route.clone());
        let methods = around.key.split_once(' ').map(|(methods, _)| methods);
        let place = methods.map_or(place.clone(), |methods| {
            run.part_of(place, around.key, methods)
        });
        run.say(
            Diagnostic::error(codes::GATHER_METHOD, place, "a gather answers only `GET`")
                .help("write `GET`; make a route of its own for other methods")
                .related(Place::key(at.clone()), "the gather"),
        );
    }
    if written.is_empty() && run.document.keys(&at).next().is_none() {
        run.error_key(
            codes::EMPTY,
            &at,
            "a gather of nothing".to_owned(),
            "add a part: `user: { from: \"users GET /me\" }`",
        );
    }
    let each = written.iter();
    Gather {
        parts: each
            .filter_map(|(name, part)| self::part(run, name, part, around, at.key(name)))
            .collect(),
    }
}

fn part(
    run: &Run<'_>,
    name: &str,
    written: &spec::GatherPart,
    around: &Around<'_>,
    at: Pointer,
) -> Option<Part> {
    names::word(run, "part's name", name, || Place::key(at.clone()));
    if written.required && written.or.is_some() {
        run.say(
            Diagnostic::error(
                codes::GATHER_KEEP,
                Place::key(at.key("or")),
                "a required part has no substitute",
            )
            .help("remove `or`, or `required`")
            .related(Place::key(at.key("required")), "required here"),
        );
    }
    if written.timeout == Some(Millis(0)) {
        run.error(
            codes::RANGE,
            &at.key("timeout"),
            "a timeout of nothing leaves no time to answer".to_owned(),
            "write at least `1ms`",
        );
    }
    let keep = keep(run, written, &at);
    let place = Place::value(at.key("from"));
    let from = match from(&written.from, around.pattern) {
        Ok(from) => from,
        Err(wrong) => {
            run.wrong(codes::GATHER_FROM, place, &written.from, wrong);
            return None;
        }
    };
    if !run.spec.services.contains_key(from.service) {
        let part = run.part_of(place.clone(), &written.from, from.service);
        run.unknown(
            codes::UNKNOWN_SERVICE,
            part,
            "service",
            from.service,
            "services",
        );
    }
    let claim = from
        .path
        .iter()
        .chain(&from.query)
        .find_map(|piece| match piece {
            Piece::Claim(claim) => Some(claim),
            _ => None,
        });
    if let (Some(claim), Some(false)) = (claim, around.token) {
        let braced = format!("{{auth.{claim}}}");
        let shown = written
            .from
            .find(&braced)
            .map(|i| &written.from[i..i + braced.len()]);
        let wrong = Wrong::new(
            "there is no token to take a claim from",
            "give the route a `jwt` or `cognito` scheme under `auth`",
        );
        let wrong = match shown {
            Some(shown) => wrong.at(shown),
            None => wrong,
        };
        run.wrong(codes::CLAIM, place, &written.from, wrong);
    }
    Some(Part {
        name: name.to_owned(),
        service: from.service.to_owned(),
        path: from.path,
        query: from.query,
        required: written.required,
        timeout: written
            .timeout
            .unwrap_or_else(|| (around.timeout)(from.service)),
        or: written.or.clone().unwrap_or(serde_json::Value::Null),
        keep,
        pointer: at,
    })
}

pub(super) struct From<'t> {
    service: &'t str,
    path: Vec<Piece>,
    query: Vec<Piece>,
}

pub(super) fn from<'t>(text: &'t str, pattern: Option<&Pattern>) -> Result<From<'t>, Wrong<'t>> {
    let help = "write `SERVICE GET /PATH`, such as `users GET /profile/{auth.sub}`";
    let mut words = text.splitn(3, ' ');
    let (Some(service), Some(method), Some(target)) = (words.next(), words.next(), words.next())
    else {
        return Err(Wrong::new(
            format!("`{}` does not say what to ask", shown(text)),
            help,
        ));
    };
    if method != "GET" {
        let message = format!("`{}` is not what a gather asks with", shown(method));
        let wrong = Wrong::new(
            message,
            "write `GET`: nothing else can be asked without side effects",
        );
        return Err(if method.is_empty() {
            wrong
        } else {
            wrong.at(method)
        });
    }
    if !target.starts_with('/') {
        let wrong = Wrong::new(format!("`{}` does not start with `/`", shown(target)), help);
        return Err(if target.is_empty() {
            wrong
        } else {
            wrong.at(target)
        });
    }
    if let Some(odd) = target.find(|c: char| !c.is_ascii_graphic() || "\"<>\\^`|#".contains(c)) {
        let odd = target[odd..].chars().next().unwrap_or(' ');
        let message = format!(
            "`{}` cannot stand in a path or query",
            shown(odd.encode_utf8(&mut [0; 4]))
        );
        return Err(Wrong::new(message, "write it as `%XX`").at(target));
    }
    let outside = target
        .match_indices('?')
        .find(|(at, _)| target[..*at].matches('{').count() == target[..*at].matches('}').count());
    let (path, query) = match outside {
        Some((at, _)) => (&target[..at], &target[at + 1..]),
        None => (target, ""),
    };
    let pieces = pieces::parse(path, pattern, Allowed::Claims)?;
    let filled: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            _ => "x",
        })
        .collect();
    match normalise(&filled, EncodedSlash::Keep) {
        Ok(normal) if normal == filled => {}
        Ok(_) => {
            return Err(Wrong::new(
                "the path is not normalised",
                "write it without empty or dot segments and escapes that are not needed",
            )
            .at(path));
        }
        Err(refusal) => {
            return Err(Wrong::new(format!("the path is not usable: {refusal}"), help).at(path));
        }
    }
    Ok(From {
        service,
        path: pieces,
        query: pieces::parse(query, pattern, Allowed::Claims)?,
    })
}

fn keep(run: &Run<'_>, written: &spec::GatherPart, at: &Pointer) -> Keep {
    let pointer = |key: &str, text: &String| {
        let fits = (text.is_empty() || text.starts_with('/'))
            && text
                .split('~')
                .skip(1)
                .all(|rest| rest.starts_with(['0', '1']));
        if !fits {
            let message = format!("`{}` is not a JSON Pointer", shown(text));
            let help = "write `/items` or `/data/0/id`, and `\"\"` for the whole body (RFC 6901)";
            run.error(codes::GATHER_KEEP, &at.key(key), message, help);
        }
        text.clone()
    };
    match (&written.pick, &written.count) {
        (None, None) => Keep::Whole,
        (Some(text), None) => Keep::Pick(pointer("pick", text)),
        (None, Some(text)) => Keep::Count(pointer("count", text)),
        (Some(_), Some(text)) => {
            run.say(
                Diagnostic::error(
                    codes::GATHER_KEEP,
                    Place::key(at.key("count")),
                    "a part keeps one thing",
                )
                .help("keep `pick` or `count`; `count` takes a pointer of its own")
                .related(Place::key(at.key("pick")), "the other one"),
            );
            Keep::Count(text.clone())
        }
    }
}
