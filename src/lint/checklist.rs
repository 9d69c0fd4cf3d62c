//! FINDINGS -> CHECKLIST: what a gateway needs before production, with a tick or the places that miss it.

use super::{Subject, lint};
use crate::report::Diagnostic;
use crate::spec::Preset;

/// One line of a list, with the rules that look after it.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// What is asked for, or what is to be avoided.
    pub title: &'static str,
    /// Ids of the rules.
    pub rules: &'static [&'static str],
}

/// What a gateway has before it goes to production.
pub const PRODUCTION: [Item; 6] = [
    Item {
        title: "rate limiting configured per route",
        rules: &["GG201", "GG202", "GG207"],
    },
    Item {
        title: "authentication offloaded to gateway",
        rules: &["GG101", "GG103", "GG105", "GG106", "GG107", "GG111"],
    },
    Item {
        title: "request ID propagation for tracing",
        rules: &["GG401", "GG403"],
    },
    Item {
        title: "health check endpoints for upstream services",
        rules: &["GG301"],
    },
    Item {
        title: "circuit breaker on upstream failures",
        rules: &["GG303"],
    },
    Item {
        title: "TLS termination at gateway",
        rules: &["GG501", "GG502", "GG503"],
    },
];

/// What a gateway should not do or be.
pub const ANTI_PATTERNS: [Item; 5] = [
    Item {
        title: "no business logic in the gateway",
        rules: &["GG701"],
    },
    Item {
        title: "no route without a rate limit",
        rules: &["GG201"],
    },
    Item {
        title: "no single point of failure",
        rules: &["GG301", "GG302", "GG303", "GG304", "GG307", "GG706"],
    },
    Item {
        title: "no request without an ID that reaches the service",
        rules: &["GG401", "GG403"],
    },
    Item {
        title: "no data transformation in the gateway",
        rules: &["GG702"],
    },
];

/// Both lists with what misses them.
pub struct Checklist {
    /// Each item with its findings; none is a tick.
    pub production: Vec<(Item, Vec<Diagnostic>)>,
    /// Likewise.
    pub anti_patterns: Vec<(Item, Vec<Diagnostic>)>,
}

impl Checklist {
    /// Whether every line has its tick.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut all = self.production.iter().chain(&self.anti_patterns);
        all.all(|(_, missing)| missing.is_empty())
    }
}

/// Looks with the strict preset; levels and allow comments of the spec hold.
#[must_use]
pub fn checklist(subject: Subject<'_>) -> Checklist {
    let findings = lint(subject, Some(Preset::Strict)).found;
    let of = |items: &[Item]| {
        let missing = |item: &Item| {
            findings
                .iter()
                .filter(|finding| item.rules.contains(&finding.code.id))
                .cloned()
                .collect()
        };
        items.iter().map(|item| (*item, missing(item))).collect()
    };
    Checklist {
        production: of(&PRODUCTION),
        anti_patterns: of(&ANTI_PATTERNS),
    }
}
