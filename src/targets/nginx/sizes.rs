//! Values that are longer than nginx reads: a word of its configuration fits into a buffer of 4096 bytes.

use super::raw::SETTING;
use crate::ir::{Action, Gateway};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;

/// Bytes of a word as it is printed, with its quotes (`NGX_CONF_BUFFER`).
const LONGEST: usize = 4095;

/// Bytes that a `$` takes: it is printed as a variable.
const DOLLAR: usize = "${gw_literal_1000}".len();

/// Reports bodies of fixed answers and headers' values that nginx refuses to read.
#[must_use]
pub fn check(gateway: &Gateway) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for route in &gateway.routes {
        if let Action::Respond(respond) = &route.action {
            let at = route.pointer.key("respond");
            if let Some(body) = &respond.body {
                say(&mut out, body, || at.key("body"));
            }
            for (name, value) in &respond.headers {
                say(&mut out, value, || at.key("headers").key(name));
            }
        }
        for rules in [&route.request_headers, &route.response_headers] {
            for (name, value) in &rules.set {
                say(&mut out, value, || rules.pointer.key("set").key(name));
            }
        }
    }
    out.dedup();
    out
}

fn say(out: &mut Vec<Diagnostic>, text: &str, at: impl Fn() -> Pointer) {
    let printed = printed(text);
    if printed > LONGEST {
        let message = format!(
            "this takes {printed} bytes in a configuration of nginx, which reads {LONGEST}"
        );
        out.push(
            Diagnostic::error(SETTING, Place::value(at()), message)
                .help("shorten it, or let a service send it"),
        );
    }
}

fn printed(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        b'$' => DOLLAR - 1,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(more).sum::<usize>()
}
