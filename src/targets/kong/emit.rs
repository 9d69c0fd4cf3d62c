//! GATEWAY -> FILES: kong.yaml, kong.conf, the spec of what runs gathers, and notes on what a person has to do.

use super::{check, codes, conf, lower, paths, print, raw};
use crate::ir::Gateway;
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;
use crate::targets::{Artefact, Context, Emitted, bff};

/// The version whose behaviour is relied on.
const VERSION: &str = "3.9";

/// What Kong's own grammar and limits refuse.
#[must_use]
pub fn check(gateway: &Gateway, settings: &spec::Targets) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let functions = lower::functions_wanted(settings);
    let own = Pointer::root().key("targets").key("kong");
    if let Some(version) = settings
        .kong
        .as_ref()
        .and_then(|kong| kong.version.as_ref())
        .filter(|version| *version != VERSION)
    {
        let message = format!("Kong `{version}` is not one this target writes for");
        diagnostics.push(
            Diagnostic::error(codes::SETTING, Place::value(own.key("version")), message)
                .help("write `\"3.9\"`"),
        );
    }
    let mut fragment = |value: &serde_json::Value, at: &Pointer, place: raw::Place| {
        for (index, fault) in raw::faults(value, place, functions) {
            let at = index.map_or_else(|| at.clone(), |index| at.key("plugins").index(index));
            diagnostics.push(Diagnostic::error(codes::RAW, Place::value(at), fault));
        }
    };
    if let Some(value) = settings.kong.as_ref().and_then(|kong| kong.raw.as_ref()) {
        fragment(value, &own.key("raw"), raw::Place::Global);
    }
    for service in gateway.services.values() {
        if let Some((raw, value)) = service
            .raw
            .as_ref()
            .and_then(|raw| Some((raw, raw.kong.as_ref()?)))
        {
            fragment(value, &raw.pointer.key("kong"), raw::Place::Service);
        }
    }
    for route in &gateway.routes {
        if let Some((raw, value)) = route
            .raw
            .as_ref()
            .and_then(|raw| Some((raw, raw.kong.as_ref()?)))
        {
            fragment(value, &raw.pointer.key("kong"), raw::Place::Route);
        }
    }
    if diagnostics.is_empty() {
        document(gateway, settings, &mut diagnostics);
    }
    for diagnostic in &mut diagnostics {
        diagnostic.target = Some("kong");
    }
    diagnostics
}

fn document(gateway: &Gateway, settings: &spec::Targets, diagnostics: &mut Vec<Diagnostic>) {
    let mut say = |message: String| {
        diagnostics.push(Diagnostic::error(
            codes::DOCUMENT,
            Place::key(Pointer::root().key("routes")),
            message,
        ))
    };
    let priorities = paths::Priorities::new(&gateway.routes);
    if priorities.len() > paths::Priorities::MOST {
        let (found, most) = (priorities.len(), paths::Priorities::MOST);
        say(format!(
            "the patterns have {found} kinds of depth, parameters and hosts, and Kong's router orders {most}"
        ));
        return;
    }
    let closed = std::collections::BTreeSet::new();
    let context = Context {
        settings,
        closed: &closed,
    };
    let lowered = lower::lower(gateway, &context);
    check::faults(&lowered.document)
        .into_iter()
        .take(20)
        .for_each(&mut say);
}

/// The files and notes.
#[must_use]
pub fn emit(gateway: &Gateway, context: &Context<'_>) -> Emitted {
    let functions = lower::functions_wanted(context.settings);
    let mut lowered = lower::lower(gateway, context);
    let mut notes = Vec::new();
    lowered.comments.head = vec![
        format!(
            "Kong Gateway 3.9, open source, without a database: `{}`",
            gateway.name
        ),
        "Written by gateway-gen; changes belong into the spec. Server settings are in kong.conf."
            .to_owned(),
    ];
    if !lowered.placeholders.is_empty() {
        let names: Vec<String> = lowered
            .placeholders
            .keys()
            .map(|name| format!("${{{name}}}"))
            .collect();
        let command = format!(
            "envsubst '{}' < kong.yaml > kong.filled.yaml",
            names.join(" ")
        );
        lowered
            .comments
            .head
            .push(format!("Fill in secrets before it is loaded: {command}"));
        let secrets: Vec<&str> = lowered.placeholders.values().map(String::as_str).collect();
        notes.push(format!(
            "Kong reads credentials from its file alone: fill in {} (secrets {}) with `{command}`, or build with `--secrets inline`",
            names.join(", "),
            secrets.join(", ")
        ));
    }
    for (variable, secret) in &lowered.references {
        notes.push(format!(
            "Kong reads the secret `{secret}` itself, from its environment variable {variable}"
        ));
    }
    if !gateway.trusted_proxies.is_empty() {
        notes.push(
            "start Kong with kong.conf: trusted proxies are a setting of the server".to_owned(),
        );
    }
    notes.push("kong.conf holds ports, JSON errors and the access log; without it Kong listens on 8000 and 8443 and logs its own way".to_owned());
    // The document holds text, numbers and maps with text keys, all of which serialise.
    let text = print::print(&lowered.document, &lowered.comments).unwrap_or_default();
    let mut artefacts = vec![
        Artefact {
            path: "kong/kong.yaml".into(),
            content: text.into_bytes(),
        },
        Artefact {
            path: "kong/kong.conf".into(),
            content: conf::print(gateway, functions).into_bytes(),
        },
    ];
    artefacts.extend(bff::artefacts(gateway));
    Emitted { artefacts, notes }
}
