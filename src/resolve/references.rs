//! Definitions that nothing refers to.

use std::collections::HashSet;

use super::codes;
use super::run::Run;
use crate::ir::{Action, Gateway};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec::AuthRef;

/// Warns of services, schemes and plans that are never used.
pub(super) fn unused(run: &Run<'_>, gateway: &Gateway) {
    let mut services: HashSet<&str> = HashSet::new();
    let mut schemes: HashSet<&str> = HashSet::new();
    for route in &gateway.routes {
        match &route.action {
            Action::Forward(forward) => {
                services.insert(&forward.service);
            }
            Action::Gather(gather) => {
                services.extend(gather.parts.iter().map(|part| part.service.as_str()))
            }
            Action::Respond(_) => {}
        }
        schemes.extend(route.auth.schemes().iter().map(String::as_str));
    }
    match &run.spec.defaults.auth {
        Some(AuthRef::Scheme(name)) => {
            schemes.insert(name);
        }
        Some(AuthRef::Any(names) | AuthRef::All(names)) => {
            schemes.extend(names.iter().map(String::as_str))
        }
        Some(AuthRef::None) | None => {}
    }
    let plans: HashSet<&str> = gateway
        .consumers
        .values()
        .filter_map(|consumer| consumer.plan.as_deref())
        .collect();
    say(
        run,
        "service",
        "services",
        gateway.services.keys(),
        &services,
    );
    say(run, "scheme", "auth", gateway.schemes.keys(), &schemes);
    say(run, "plan", "plans", gateway.plans.keys(), &plans);
}

fn say<'g>(
    run: &Run<'_>,
    kind: &str,
    section: &str,
    defined: impl Iterator<Item = &'g String>,
    used: &HashSet<&str>,
) {
    for name in defined.filter(|name| !used.contains(name.as_str())) {
        let place = Place::key(Pointer::root().key(section).key(name));
        run.say(
            Diagnostic::warn(
                codes::UNUSED,
                place,
                format!("the {kind} `{name}` is never used"),
            )
            .help("remove it, or use it"),
        );
    }
}
