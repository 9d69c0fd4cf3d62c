//! What a route does: forward, answer itself, or gather.

use super::gather::{self, Around};
use super::inherit::Inherited;
use super::route_key::Key;
use super::run::Run;
use super::{codes, policies, respond, rewrite};
use crate::ir::{Action, EncodedSlash, Forward};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// A route as far as it is known.
pub(super) struct Written<'r> {
    pub key: &'r str,
    pub route: &'r spec::Route,
    /// The key's meaning, unless it has none.
    pub parsed: Option<&'r Key>,
    /// A token is among what the route accepts; `None` when that is not known.
    pub token: Option<bool>,
    /// `/routes/KEY`.
    pub at: &'r Pointer,
}

/// What a route does; `None` when it does not say.
pub(super) fn resolve(
    run: &Run<'_>,
    inherited: &Inherited<'_>,
    slash: EncodedSlash,
    written: &Written<'_>,
) -> Option<Action> {
    let Written {
        key,
        route: written,
        parsed,
        token,
        at,
    } = *written;
    one_action(run, written, at);
    let pattern = parsed.map(|parsed| &parsed.pattern);
    if let Some(service) = &written.to {
        if !run.spec.services.contains_key(service) {
            run.unknown(
                codes::UNKNOWN_SERVICE,
                Place::value(at.key("to")),
                "service",
                service,
                "services",
            );
        }
        let rewrite = written.rewrite.as_ref().zip(pattern);
        return Some(Action::Forward(Forward {
            service: service.clone(),
            rewrite: rewrite.and_then(|(text, pattern)| {
                rewrite::resolve(run, text, pattern, slash, at.key("rewrite"))
            }),
            preserve_host: written.preserve_host.unwrap_or(false),
        }));
    }
    if let Some(answer) = &written.respond {
        meaningless(run, written, "respond", at);
        return Some(Action::Respond(respond::resolve(
            run,
            answer,
            pattern,
            &at.key("respond"),
        )));
    }
    let parts = written.gather.as_ref()?;
    meaningless(run, written, "gather", at);
    let own = written.timeout.and_then(|timeout| timeout.response);
    let default = policies::timeout(run, &spec::Timeout::default(), at.clone());
    let around = Around {
        methods: parsed.map(|parsed| &parsed.methods),
        pattern,
        token,
        timeout: &|service| {
            own.unwrap_or_else(|| {
                inherited
                    .timeout(Some(service))
                    .unwrap_or(&default)
                    .response
            })
        },
        route: at,
        key,
    };
    Some(Action::Gather(gather::resolve(run, parts, &around)))
}

fn one_action(run: &Run<'_>, written: &spec::Route, at: &Pointer) {
    let has = [
        ("to", written.to.is_some()),
        ("respond", written.respond.is_some()),
        ("gather", written.gather.is_some()),
    ];
    let mut given = has
        .iter()
        .filter(|(key, is)| *is || run.was_written(at, key))
        .map(|(key, _)| *key);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => run.say(
            Diagnostic::error(
                codes::ACTION,
                Place::key(at.key(second)),
                "a route does one thing",
            )
            .help("keep one of `to`, `respond` and `gather`")
            .related(Place::key(at.key(first)), "the other one"),
        ),
        (Some(_), None) => {}
        (None, _) => {
            let message = "the route does not say what it does".to_owned();
            run.error_key(
                codes::ACTION,
                at,
                message,
                "add `to`, `respond` or `gather`",
            );
        }
    }
}

/// Keys about forwarding have no meaning on a route that forwards nothing.
fn meaningless(run: &Run<'_>, written: &spec::Route, action: &str, at: &Pointer) {
    let keys = [
        ("rewrite", written.rewrite.is_some()),
        ("retries", written.retries.is_some()),
        ("preserve_host", written.preserve_host.is_some()),
        ("upgrade", !written.upgrade.is_empty()),
        ("timeout", written.timeout.is_some() && action == "respond"),
    ];
    for (key, _) in keys.iter().filter(|(_, is)| *is) {
        run.say(
            Diagnostic::error(
                codes::MEANINGLESS,
                Place::key(at.key(key)),
                format!("`{key}` has no meaning with `{action}`"),
            )
            .help("remove it")
            .related(Place::key(at.key(action)), "what the route does"),
        );
    }
}
