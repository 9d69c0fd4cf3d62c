//! The `consumers` and `plans` sections.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::run::{Run, shown};
use super::{codes, files, names, policies};
use crate::ir::{Consumer, LimitKey, Plan, Secret, Sourced};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// Every plan by name.
pub(super) fn plans(run: &Run<'_>) -> IndexMap<String, Plan> {
    let section = Pointer::root().key("plans");
    let each = run.spec.plans.iter().map(|(name, written)| {
        let at = section.key(name);
        names::name(run, "plan", name, Place::key(at.clone()));
        (name.clone(), plan(run, name, written, at))
    });
    each.collect()
}

fn plan(run: &Run<'_>, name: &str, written: &spec::Plan, at: Pointer) -> Plan {
    let limits = written.limit.as_ref().map_or_else(Vec::new, |limits| {
        policies::limits(run, limits, &LimitKey::Consumer, &at.key("limit"))
    });
    for limit in &limits {
        if limit.key != LimitKey::Consumer {
            let message = "a plan counts its consumer, nothing else".to_owned();
            run.error(
                codes::LIMIT_KEY,
                &limit.pointer.key("per"),
                message,
                "remove `per`, or put the limit on a route",
            );
        }
    }
    let written_something = ["limit", "quota"]
        .iter()
        .any(|key| run.was_written(&at, key));
    if limits.is_empty() && written.quota.is_none() && !written_something {
        let message = format!("the plan `{name}` limits nothing");
        run.error_key(codes::EMPTY, &at, message, "add `limit` or `quota`");
    }
    Plan {
        name: name.to_owned(),
        limits,
        quota: written
            .quota
            .map(|quota| Sourced::new(quota, at.key("quota"))),
        pointer: at,
    }
}

/// Credentials seen so far and whose they are.
#[derive(Default)]
struct Seen {
    by: HashMap<String, Pointer>,
}

impl Seen {
    /// Reports a credential that two have. `what` tells the kinds apart and holds no secret in messages.
    fn check(&mut self, run: &Run<'_>, kind: &str, value: &str, at: &Pointer) {
        let Some(first) = self.by.insert(format!("{kind}\0{value}"), at.clone()) else {
            return;
        };
        let message = format!("this {kind} is given twice, so it does not tell who calls");
        run.say(
            Diagnostic::error(
                codes::DUPLICATE_CREDENTIAL,
                Place::value(at.clone()),
                message,
            )
            .help("give each consumer its own")
            .related(Place::value(first), "first given here"),
        );
    }

    fn check_secret(&mut self, run: &Run<'_>, kind: &str, secret: &Secret, at: &Pointer) {
        match secret {
            Secret::Reference(name) => self.check(run, kind, &format!("secret://{name}"), at),
            Secret::Known { text, .. } => self.check(run, kind, text, at),
        }
    }
}

/// Every consumer by name.
pub(super) fn consumers(run: &Run<'_>) -> IndexMap<String, Consumer> {
    let section = Pointer::root().key("consumers");
    let mut seen = Seen::default();
    let each = run.spec.consumers.iter().map(|(name, written)| {
        let at = section.key(name);
        names::name(run, "consumer", name, Place::key(at.clone()));
        (name.clone(), consumer(run, name, written, at, &mut seen))
    });
    each.collect()
}

fn consumer(
    run: &Run<'_>,
    name: &str,
    written: &spec::Consumer,
    at: Pointer,
    seen: &mut Seen,
) -> Consumer {
    if let Some(plan) = written
        .plan
        .as_ref()
        .filter(|plan| !run.spec.plans.contains_key(*plan))
    {
        run.unknown(
            codes::UNKNOWN_PLAN,
            Place::value(at.key("plan")),
            "plan",
            plan,
            "plans",
        );
    }
    for (index, group) in written.groups.iter().enumerate() {
        names::word(run, "group", group, || {
            Place::value(at.key("groups").index(index))
        });
    }
    let keys = ["api_key", "basic", "jwt"];
    let known = written.api_key.is_some() || written.basic.is_some() || written.jwt.is_some();
    if !known && !keys.iter().any(|key| run.was_written(&at, key)) {
        let message = format!("nothing tells that a caller is `{name}`");
        run.error_key(
            codes::NO_IDENTITY,
            &at,
            message,
            "add `api_key`, `basic` or `jwt`",
        );
    }
    Consumer {
        name: name.to_owned(),
        plan: written.plan.clone(),
        groups: written.groups.clone(),
        api_keys: api_keys(run, written, &at.key("api_key"), seen),
        basic: written
            .basic
            .as_ref()
            .and_then(|basic| self::basic(run, basic, &at.key("basic"), seen)),
        jwt: written.jwt.as_ref().map(|jwt| {
            let at = at.key("jwt");
            names::word(run, "claim", &jwt.claim, || Place::value(at.key("claim")));
            let pair = format!("{}\0{}", jwt.claim, jwt.value);
            seen.check(run, "claim with its value", &pair, &at.key("value"));
            (jwt.claim.clone(), jwt.value.clone())
        }),
        pointer: at,
    }
}

fn api_keys(run: &Run<'_>, written: &spec::Consumer, at: &Pointer, seen: &mut Seen) -> Vec<Secret> {
    let Some(keys) = &written.api_key else {
        return Vec::new();
    };
    if keys.0.len() > 2 {
        let message = format!("{} keys for one consumer", keys.0.len());
        run.error(
            codes::CREDENTIAL,
            at,
            message,
            "keep one, or two for rotation",
        );
    }
    if keys.0.is_empty() && !run.was_written(at, "0") {
        let message = "the list of keys is empty".to_owned();
        run.error_key(
            codes::EMPTY,
            at,
            message,
            "write `secret://name`, or leave the key out",
        );
    }
    let mut secrets = Vec::new();
    for (index, text) in keys.0.iter().enumerate() {
        let item = at.index(index);
        let here = if run.document.has(&item) {
            item
        } else {
            at.clone()
        };
        let Some(secret) = files::secret(run, text, &here) else {
            continue;
        };
        seen.check_secret(run, "API key", &secret, &here);
        if let Secret::Known { text, .. } = &secret
            && !text.bytes().all(|b| b.is_ascii_graphic())
        {
            let message = "an API key has characters that no header carries".to_owned();
            run.error(
                codes::CREDENTIAL,
                &here,
                message,
                "use visible ASCII characters without spaces",
            );
        }
        secrets.push(secret);
    }
    secrets
}

fn basic(
    run: &Run<'_>,
    written: &spec::BasicCredential,
    at: &Pointer,
    seen: &mut Seen,
) -> Option<(String, Secret)> {
    let name = &written.username;
    if name.is_empty() || name.contains(|c: char| c == ':' || c.is_control()) {
        let message = format!("`{}` cannot be a user name", shown(name));
        run.error(
            codes::CREDENTIAL,
            &at.key("username"),
            message,
            "write a name without `:` and control characters (RFC 7617)",
        );
    }
    seen.check(run, "user name", name, &at.key("username"));
    let password = files::secret(run, &written.password, &at.key("password"))?;
    Some((name.clone(), password))
}
