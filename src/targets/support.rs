//! Support: a target's answer to one fact.

use crate::report::{LossClass, LossKind};

/// How far a target keeps one fact; nothing listed means exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    /// What is kept otherwise or not at all.
    pub shortfalls: Vec<Shortfall>,
}

/// One thing that a target keeps otherwise or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Stable id in kebab case, such as `rate-window`.
    pub id: &'static str,
    /// Approximate or unsupported.
    pub kind: LossKind,
    /// Whether losing it opens the gateway.
    pub class: LossClass,
    /// A sentence with the consequence in numbers.
    pub why: String,
    /// The remedy, where there is one.
    pub help: Option<String>,
}

impl Support {
    /// Kept exactly.
    #[must_use]
    pub fn exact() -> Self {
        Self::default()
    }

    /// Kept with other numbers or edges.
    #[must_use]
    pub fn approximate(id: &'static str, why: impl Into<String>) -> Self {
        Self::exact().and(Shortfall::approximate(id, why))
    }

    /// Not kept.
    #[must_use]
    pub fn unsupported(id: &'static str, why: impl Into<String>) -> Self {
        Self::exact().and(Shortfall::unsupported(id, why))
    }

    /// With one more shortfall.
    #[must_use]
    pub fn and(mut self, shortfall: Shortfall) -> Self {
        self.shortfalls.push(shortfall);
        self
    }

    /// Nothing is lost.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.shortfalls.is_empty()
    }
}

impl Shortfall {
    /// Kept with other numbers or edges.
    #[must_use]
    pub fn approximate(id: &'static str, why: impl Into<String>) -> Self {
        Self {
            id,
            kind: LossKind::Approximate,
            class: LossClass::Behaviour,
            why: why.into(),
            help: None,
        }
    }

    /// Not kept.
    #[must_use]
    pub fn unsupported(id: &'static str, why: impl Into<String>) -> Self {
        Self {
            id,
            kind: LossKind::Unsupported,
            class: LossClass::Behaviour,
            why: why.into(),
            help: None,
        }
    }

    /// A check would be missing: the route is closed where this is allowed.
    #[must_use]
    pub fn security(mut self) -> Self {
        self.class = LossClass::Security;
        self
    }

    /// With a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
