//! SPEC -> GATEWAY: references, inheritance and conflicts; every mistake at its place, none that follows from another.

mod access;
mod action;
mod auth;
pub mod codes;
mod conflicts;
mod consumers;
mod files;
mod gateway;
mod gather;
mod headers;
mod identity;
mod inherit;
mod names;
mod pattern;
mod pieces;
mod policies;
mod references;
mod respond;
mod rewrite;
mod route_key;
mod routes;
mod run;
mod services;
#[cfg(test)]
mod tests;
mod token_keys;
mod upstream;
mod urls;

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;

use crate::ir;
use crate::report::{Diagnostic, Place};
use crate::source::{Document, Pointer};
use crate::spec::Spec;
use run::Run;

/// What `secret://name` becomes.
#[derive(Clone, Copy)]
pub enum Secrets<'a> {
    /// It stays a name.
    Reference,
    /// The text that the function knows for the name; one it does not know is an error.
    Inline(&'a dyn Fn(&str) -> Option<String>),
}

/// How a spec is resolved.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// What `secret://name` becomes.
    pub secrets: Secrets<'a>,
    /// Reads a file that the spec names.
    pub files: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// Reading and decoding found no mistake, so what the spec lacks was never written.
    pub complete: bool,
}

/// A spec's meaning, or why it has none.
#[derive(Debug)]
pub struct Resolved {
    /// Present exactly when no error was found here.
    pub gateway: Option<ir::Gateway>,
    /// Errors and warnings, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// A file that the spec names could not be read: exit code 2.
    pub unreadable: bool,
}

/// Resolves a decoded spec. Mistakes found before (in [`Document::diagnostics`] and while decoding) are not repeated.
#[must_use]
pub fn resolve(spec: &Spec, document: &Document, options: &Options<'_>) -> Resolved {
    let run = Run {
        spec,
        document,
        options,
        found: RefCell::default(),
        unreadable: Cell::new(false),
    };
    let gateway = whole(&run);
    let failed = run.has_errors();
    if !failed && options.complete {
        references::unused(&run, &gateway);
    }
    let mut diagnostics = run.found.into_inner();
    without_control_characters(document, &mut diagnostics);
    diagnostics.sort_by_cached_key(|found| {
        let span = document.locate(&found.place);
        span.map_or((u32::MAX, 0), |span| (span.file.0, span.start))
    });
    Resolved {
        gateway: (!failed).then_some(gateway),
        diagnostics,
        unreadable: run.unreadable.get(),
    }
}

/// A text with a control character was reported when it was read; what else is wrong with it follows from that.
fn without_control_characters(document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let reported = document.diagnostics().iter();
    let spans: Vec<_> = reported
        .filter(|found| found.code == crate::source::codes::CONTROL)
        .filter_map(|found| document.locate(&found.place))
        .collect();
    if spans.is_empty() {
        return;
    }
    diagnostics.retain(|found| {
        let place = document.locate(&found.place);
        !place.is_some_and(|span| {
            spans
                .iter()
                .any(|s| s.file == span.file && s.start < span.end && span.start < s.end)
        })
    });
}

fn whole(run: &Run<'_>) -> ir::Gateway {
    let root = Pointer::root();
    version(run);
    names::name(
        run,
        "gateway",
        &run.spec.name,
        Place::value(root.key("name")),
    );
    let mut gateway = gateway::resolve(run);
    gateway.schemes = auth::schemes(run);
    gateway.plans = consumers::plans(run);
    gateway.consumers = consumers::consumers(run);
    gateway.services = services::services(run);
    gateway.routes = routes::routes(run, &gateway);
    conflicts::check(run, &mut gateway);
    identity::consumers(run, &gateway);
    gateway
}

fn version(run: &Run<'_>) {
    if run.spec.version != 1 {
        let message = format!("version {} of the language is not known", run.spec.version);
        let at = Pointer::root().key("version");
        run.error(codes::VERSION, &at, message, "write `version: 1`");
    }
}
