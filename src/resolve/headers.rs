//! Header names, values and rules (RFC 9110 section 5), checked so that no value breaks out of its line.

use std::collections::HashMap;

use super::codes;
use super::run::{Run, shown};
use crate::ir::HeaderRules;
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// Fields about one connection or the message's framing (RFC 9110 section 7.6.1), which the gateway itself writes.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What engines pass on and can name: they drop headers with other characters, or read them as the name of another one.
fn is_portable(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Reports what is not a header's name. Places are made only for reports: there are many more headers than mistakes.
pub(super) fn name(run: &Run<'_>, text: &str, place: impl FnOnce() -> Place) -> bool {
    let fits = is_portable(text);
    if !fits {
        let message = format!("`{}` is not a header name", shown(text));
        let help = "write letters, digits and `-`, such as `X-User-ID`";
        run.say(Diagnostic::error(codes::HEADER, place(), message).help(help));
    }
    fits
}

/// Reports a header that the gateway cannot let the spec write.
pub(super) fn settable(run: &Run<'_>, text: &str, place: impl Fn() -> Place) {
    if !name(run, text, &place) {
        return;
    }
    let is = |known: &&str| text.eq_ignore_ascii_case(known);
    if HOP_BY_HOP.iter().any(is) {
        let message = format!("`{text}` belongs to one connection and cannot be set");
        let help = "remove it; the gateway writes it where it is needed";
        run.say(Diagnostic::error(codes::HEADER, place(), message).help(help));
    } else if is(&"host") {
        let message = "`Host` cannot be set".to_owned();
        let help =
            "`preserve_host: true` on the route sends the client's; else the service sees its own";
        run.say(Diagnostic::error(codes::HEADER, place(), message).help(help));
    }
}

/// Reports what is not a header's value.
pub(super) fn value(run: &Run<'_>, text: &str, at: impl FnOnce() -> Pointer) {
    let fits = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\t');
    if let Some(wrong) = text.chars().find(|c| !fits(*c)) {
        let wrong = shown(wrong.encode_utf8(&mut [0; 4]));
        let message = format!("`{wrong}` cannot stand in a header's value");
        let help = "write visible ASCII characters, spaces and tabs";
        run.error(codes::HEADER, &at(), message, help);
    } else if text.trim() != text {
        let message = "a header's value cannot start or end with a space".to_owned();
        run.error(codes::HEADER, &at(), message, "remove the space");
    }
}

/// Names and values to set; a name twice in different case is one header.
pub(super) fn set(run: &Run<'_>, set: &indexmap::IndexMap<String, String>, at: &Pointer) {
    let mut seen: HashMap<String, &String> = HashMap::with_capacity(set.len());
    for (header, text) in set {
        settable(run, header, || Place::key(at.key(header)));
        value(run, text, || at.key(header));
        if let Some(first) = seen.insert(header.to_ascii_lowercase(), header) {
            let message = format!("`{header}` and `{first}` are the same header");
            run.say(
                Diagnostic::error(codes::HEADER, Place::key(at.key(header)), message)
                    .help("keep one of them")
                    .related(Place::key(at.key(first)), "first set here"),
            );
        }
    }
}

/// Changes to headers.
pub(super) fn rules(run: &Run<'_>, rules: &spec::Headers, at: &Pointer) -> HeaderRules {
    set(run, &rules.set, &at.key("set"));
    for (index, header) in rules.remove.iter().enumerate() {
        name(run, header, || Place::value(at.key("remove").index(index)));
    }
    HeaderRules {
        set: rules.set.clone(),
        remove: rules.remove.clone(),
    }
}
