//! FACTS x SUPPORT -> LOSSES: the one place where losses come from, so that no emitter can forget one.

use std::collections::BTreeSet;

use super::{Shortfall, Target, allowed};
use crate::ir::{Fact, Gateway, RouteId, Subject, facts};
use crate::report::{Loss, LossClass, LossKind};
use crate::spec;

/// What a target keeps of a gateway.
#[derive(Clone, Debug, Default)]
pub struct Accounting {
    /// Facts asked for.
    pub facts: usize,
    /// Facts kept exactly.
    pub exact: usize,
    /// Everything else, in the order of the facts.
    pub losses: Vec<Loss>,
    /// Routes that lost a check and are answered with 501.
    pub closed: BTreeSet<RouteId>,
    /// Ids in `targets.<t>.allow` that name no loss of this gateway.
    pub unused: Vec<String>,
}

impl Accounting {
    /// Losses that stop the target: unsupported ones that are not allowed, and with `deny` approximate ones too.
    pub fn refused(&self, deny: bool) -> impl Iterator<Item = &Loss> {
        self.losses
            .iter()
            .filter(move |loss| !loss.allowed && (deny || loss.kind == LossKind::Unsupported))
    }
}

/// Asks the target about every fact.
#[must_use]
pub fn account(target: &Target, gateway: &Gateway, settings: &spec::Targets) -> Accounting {
    let allow = allowed(settings, target.id);
    let mut accounting = Accounting::default();
    let mut used = BTreeSet::new();
    facts(gateway, |fact| {
        accounting.facts += 1;
        let support = (target.support)(&fact, gateway, settings);
        if support.is_exact() {
            accounting.exact += 1;
        }
        for shortfall in support.shortfalls {
            let reason = allow.and_then(|allow| allow.get(shortfall.id)).cloned();
            if reason.is_some() {
                used.insert(shortfall.id);
            }
            // A check that is only approximate is still made; one that is missing closes its routes.
            if shortfall.class == LossClass::Security && shortfall.kind == LossKind::Unsupported {
                close(&fact, gateway, &mut accounting.closed);
            }
            accounting
                .losses
                .push(loss(target, &fact, shortfall, reason));
        }
    });
    let named = allow.into_iter().flat_map(indexmap::IndexMap::keys);
    accounting.unused = named
        .filter(|id| !used.contains(id.as_str()))
        .cloned()
        .collect();
    accounting
}

fn loss(target: &Target, fact: &Fact<'_>, shortfall: Shortfall, reason: Option<String>) -> Loss {
    Loss {
        id: shortfall.id,
        target: target.id,
        kind: shortfall.kind,
        class: shortfall.class,
        feature: fact.feature.name(),
        pointer: fact.pointer.clone(),
        message: shortfall.why,
        help: shortfall.help,
        allowed: reason.is_some(),
        reason,
    }
}

/// The routes that rely on a lost check.
fn close(fact: &Fact<'_>, gateway: &Gateway, closed: &mut BTreeSet<RouteId>) {
    let all = (0..gateway.routes.len()).map(RouteId);
    match fact.subject {
        Subject::Route(id) => {
            closed.insert(id);
        }
        Subject::Scheme(name) => {
            closed.extend(all.filter(|id| {
                gateway.routes[id.0]
                    .auth
                    .schemes()
                    .iter()
                    .any(|scheme| scheme == name)
            }));
        }
        Subject::Gateway | Subject::Plan(_) | Subject::Consumer(_) | Subject::Service(_) => {
            closed.extend(all)
        }
    }
}
