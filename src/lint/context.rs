//! What a rule may look at: the gateway, the text it came from, and what the chosen targets keep of it.

use super::edit::Editor;
use crate::ir::{Action, Forward, Gateway, Methods, Route};
use crate::report::{Diagnostic, Place};
use crate::source::{Document, Pointer};
use crate::spec::{Preset, Spec};
use crate::targets::{Accounting, Target};

/// Everything a rule sees.
pub struct Context<'a> {
    /// The resolved gateway.
    pub gateway: &'a Gateway,
    /// The spec as written.
    pub spec: &'a Spec,
    /// Its text.
    pub document: &'a Document,
    /// The preset that is on.
    pub preset: Preset,
    /// Each target that the spec names, with what it keeps and what it refuses.
    pub targets: Vec<Chosen>,
}

/// A target that the spec names under `targets`.
#[derive(Debug)]
pub struct Chosen {
    /// The target.
    pub target: &'static Target,
    /// What it keeps of the gateway.
    pub accounting: Accounting,
    /// What it refuses.
    pub refused: Vec<Diagnostic>,
}

impl Context<'_> {
    /// Makes edits of the text.
    #[must_use]
    pub fn editor(&self) -> Editor<'_> {
        Editor::new(self.document)
    }

    /// The gateway section as a whole, for what it lacks.
    #[must_use]
    pub fn gateway_pointer(&self) -> Pointer {
        Pointer::root().key("gateway")
    }

    /// The gateway section's key, for what it lacks.
    #[must_use]
    pub fn gateway_place(&self) -> Place {
        Place::key(self.gateway_pointer())
    }

    /// Whether the key stands in the text, whatever its value.
    #[must_use]
    pub fn is_written(&self, pointer: &Pointer) -> bool {
        self.document.has(pointer)
    }

    /// Whether something was switched off in so many words.
    #[must_use]
    pub fn says_none(&self, pointer: &Pointer) -> bool {
        self.document.text(pointer) == Some("none")
    }

    /// Whether the strict preset is on.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.preset == Preset::Strict
    }

    /// Whether nothing but a managed cloud gateway is built, which brings its own nodes, listeners and counters.
    #[must_use]
    pub fn is_managed_only(&self) -> bool {
        let targets = &self.spec.targets;
        targets.aws.is_some() && targets.kong.is_none() && targets.nginx.is_none()
    }

    /// Routes that are forwarded to a service.
    pub fn forwards(&self) -> impl Iterator<Item = (&Route, &Forward)> {
        self.gateway
            .routes
            .iter()
            .filter_map(|route| match &route.action {
                Action::Forward(forward) => Some((route, forward)),
                Action::Respond(_) | Action::Gather(_) => None,
            })
    }
}

/// Whether a request that the route takes may change something (RFC 9110, section 9.2.1).
#[must_use]
pub fn is_write(route: &Route) -> bool {
    match &route.methods {
        Methods::Any => true,
        Methods::Only(methods) => methods
            .iter()
            .any(|method| !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")),
    }
}

/// Whether the route reaches a service at all.
#[must_use]
pub fn reaches_service(route: &Route) -> bool {
    !matches!(route.action, Action::Respond(_))
}
