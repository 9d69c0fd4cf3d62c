//! Fixed answers.

use super::pieces::{self, Allowed};
use super::run::{Run, Wrong, shown};
use super::{codes, headers};
use crate::ir::{Pattern, Piece, Respond};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// A route's fixed answer.
pub(super) fn resolve(
    run: &Run<'_>,
    written: &spec::Respond,
    pattern: Option<&Pattern>,
    at: &Pointer,
) -> Respond {
    let status = written.status;
    if !(200..=599).contains(&status) {
        let message = format!("{status} is not a status to answer with");
        run.error(
            codes::STATUS,
            &at.key("status"),
            message,
            "write 200 to 599",
        );
    }
    let redirects = matches!(status, 301 | 302 | 303 | 307 | 308);
    if redirects && written.location.is_none() && !run.was_written(at, "location") {
        let message = format!("a redirect with {status} does not say where to");
        run.error(
            codes::LOCATION,
            &at.key("status"),
            message,
            "add `location`",
        );
    }
    if matches!(status, 204 | 205 | 304) && written.body.is_some() {
        let message = format!("an answer with {status} has no body");
        run.error_key(
            codes::STATUS,
            &at.key("body"),
            message,
            "remove the body, or answer with 200",
        );
    }
    headers::set(run, &written.headers, &at.key("headers"));
    let twice = written
        .headers
        .keys()
        .find(|name| name.eq_ignore_ascii_case("location"));
    if let (Some(name), Some(_)) = (twice, &written.location) {
        run.say(
            Diagnostic::error(
                codes::HEADER,
                Place::key(at.key("headers").key(name)),
                "`Location` is given twice",
            )
            .help("keep `location`")
            .related(Place::key(at.key("location")), "the other one"),
        );
    }
    Respond {
        status,
        location: written.location.as_ref().and_then(|text| {
            location(text, pattern)
                .map_err(|wrong| {
                    run.wrong(
                        codes::LOCATION,
                        Place::value(at.key("location")),
                        text,
                        wrong,
                    )
                })
                .ok()
        }),
        body: written.body.clone(),
        headers: written.headers.clone(),
    }
}

pub(super) fn location<'t>(
    text: &'t str,
    pattern: Option<&Pattern>,
) -> Result<Vec<Piece>, Wrong<'t>> {
    let pieces = pieces::parse(text, pattern, Allowed::Request)?;
    let help = "write `https://host/..`, or a path that starts with `/`";
    if let Some(odd) = text.find(|c: char| !c.is_ascii_graphic() || "\"<>\\^`|".contains(c)) {
        let odd = text[odd..].chars().next().unwrap_or(' ');
        let message = format!(
            "`{}` cannot stand in a URL",
            shown(odd.encode_utf8(&mut [0; 4]))
        );
        return Err(Wrong::new(message, "write it as `%XX`"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let local = text == "{path}"
            || text.starts_with("{path}{query}")
            || (text.starts_with('/') && !text.starts_with("//"));
        return if local {
            Ok(pieces)
        } else {
            Err(Wrong::new(
                format!("`{text}` is neither a URL nor a path"),
                help,
            ))
        };
    };
    if !matches!(scheme, "http" | "https") {
        return Err(
            Wrong::new(format!("`{scheme}` is not a scheme to redirect to"), help).at(scheme),
        );
    }
    // What a client sends must not choose the host.
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let fixed = host.strip_suffix("{query}").unwrap_or(host);
    let fixed = fixed.strip_suffix("{path}").unwrap_or(fixed);
    if fixed.is_empty() || fixed.contains(['{', '@']) {
        let message = "the host of a redirect is fixed";
        let wrong = Wrong::new(
            message,
            "write the host out; parameters can stand behind its `/`",
        );
        return Err(if host.is_empty() {
            wrong
        } else {
            wrong.at(host)
        });
    }
    Ok(pieces)
}
