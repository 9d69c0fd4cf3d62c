//! LOSS -> SIGN: how each declared loss shows in a probe, so that it explains that and nothing else.

use super::judge::Difference;
use super::probe::Class;

/// How a loss shows.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// The loss's id.
    pub id: &'static str,
    /// In probes of these classes.
    pub classes: &'static [Class],
    /// In aspects that start so; the part behind `->`, where there is one, is what was observed.
    pub aspects: &'static [&'static str],
}

/// A loss that one node in one run cannot show, and what it would take.
#[derive(Clone, Copy, Debug)]
pub struct Hidden {
    /// The loss's id.
    pub id: &'static str,
    /// What it would take.
    pub needs: &'static str,
}

const fn sign(
    id: &'static str,
    classes: &'static [Class],
    aspects: &'static [&'static str],
) -> Sign {
    Sign {
        id,
        classes,
        aspects,
    }
}

const fn hidden(id: &'static str, needs: &'static str) -> Hidden {
    Hidden { id, needs }
}

/// Signs by loss. A loss that is not listed explains nothing.
pub const SIGNS: &[Sign] = &[
    sign(
        "active-health",
        &[Class::Fault],
        &["status -> 502", "status -> 503", "status -> 200"],
    ),
    sign(
        "breaker-window",
        &[Class::Fault],
        &["status -> 502", "status -> 200"],
    ),
    sign(
        "hop-by-hop",
        &[Class::Forgery],
        &["upstream header x-hop", "upstream header x_"],
    ),
    sign(
        "empty-chunks",
        &[Class::Body],
        &["status -> 413", "header", "body"],
    ),
    sign(
        "empty-header",
        &[Class::Headers, Class::Answer],
        &["header"],
    ),
    sign("not-http", &[Class::Fault], &["status -> 0"]),
    sign("rate-rounding", &[Class::Limit], &["admitted"]),
    sign(
        "redirect-body",
        &[
            Class::Answer,
            Class::Limit,
            Class::Quota,
            Class::Body,
            Class::Headers,
            Class::Permission,
            Class::Routing,
            Class::Cors,
            Class::RequestId,
            Class::Forgery,
            Class::Auth,
            Class::Spelling,
        ],
        &["body", "header content-type"],
    ),
    sign(
        "request-line",
        &[Class::Routing, Class::Spelling],
        &["header allow", "status -> 400", "status -> 405"],
    ),
    sign("retry-reset", &[Class::Fault], &["status"]),
    sign("retry-status", &[Class::Fault], &["status"]),
    sign("token-algorithm", &[Class::Auth], &["status -> 401"]),
    sign(
        "underscore-header",
        &[
            Class::RequestId,
            Class::Auth,
            Class::Forgery,
            Class::Headers,
        ],
        &["upstream header", "header"],
    ),
    sign(
        "unknown-method",
        &[Class::Routing],
        &["status -> 405", "header allow"],
    ),
];

/// Losses that no probe of one run can show.
pub const HIDDEN: &[Hidden] = &[
    hidden("address-certificate", "TLS towards a service"),
    hidden("claim-numbers", "a token with a number above 2^53"),
    hidden(
        "first-header-value",
        "two values of one header that each have a bucket",
    ),
    hidden("gather-limits", "a part above 1 MB, or one that drips"),
    hidden("jwks-refresh", "keys that change, and five minutes"),
    hidden("metrics-gauges", "reading the metrics"),
    hidden("node-counters", "several nodes"),
    hidden(
        "path-refusals",
        "nothing: the language lets an engine refuse what it does not normalise",
    ),
    hidden("quota-memory", "a restart within a quota's window"),
    hidden("retry-after", "comparing waits to the second"),
    hidden("server-header", "an upstream's Server header"),
    hidden("static-dns", "a name whose address changes"),
    hidden("tls-certificate", "TLS"),
    hidden("upstream-host", "comparing Host upstream"),
];

/// Whether the loss shows so.
#[must_use]
pub fn explains(id: &str, class: Class, difference: &Difference) -> bool {
    SIGNS
        .iter()
        .filter(|sign| sign.id == id && sign.classes.contains(&class))
        .any(|sign| {
            sign.aspects
                .iter()
                .any(|aspect| match aspect.split_once(" -> ") {
                    Some((aspect, observed)) => {
                        difference.aspect == aspect && difference.observed == observed
                    }
                    None => difference.aspect.starts_with(aspect),
                })
        })
}
