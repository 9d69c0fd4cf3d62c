//! LOSSES -> PAGES: what `explain` says of everything that nginx keeps otherwise or not at all.

use crate::targets::LossPage;

/// Every loss that `support` can answer with.
pub const PAGES: &[LossPage] = &[
    LossPage {
        id: "active-health",
        page: include_str!("../../../templates/nginx/losses/active-health.md"),
    },
    LossPage {
        id: "address-certificate",
        page: include_str!("../../../templates/nginx/losses/address-certificate.md"),
    },
    LossPage {
        id: "breaker-5xx",
        page: include_str!("../../../templates/nginx/losses/breaker-5xx.md"),
    },
    LossPage {
        id: "breaker-window",
        page: include_str!("../../../templates/nginx/losses/breaker-window.md"),
    },
    LossPage {
        id: "claim-numbers",
        page: include_str!("../../../templates/nginx/losses/claim-numbers.md"),
    },
    LossPage {
        id: "empty-chunks",
        page: include_str!("../../../templates/nginx/losses/empty-chunks.md"),
    },
    LossPage {
        id: "empty-header",
        page: include_str!("../../../templates/nginx/losses/empty-header.md"),
    },
    LossPage {
        id: "first-header-value",
        page: include_str!("../../../templates/nginx/losses/first-header-value.md"),
    },
    LossPage {
        id: "gather-limits",
        page: include_str!("../../../templates/nginx/losses/gather-limits.md"),
    },
    LossPage {
        id: "hop-by-hop",
        page: include_str!("../../../templates/nginx/losses/hop-by-hop.md"),
    },
    LossPage {
        id: "jwks-refresh",
        page: include_str!("../../../templates/nginx/losses/jwks-refresh.md"),
    },
    LossPage {
        id: "metrics-gauges",
        page: include_str!("../../../templates/nginx/losses/metrics-gauges.md"),
    },
    LossPage {
        id: "node-counters",
        page: include_str!("../../../templates/nginx/losses/node-counters.md"),
    },
    LossPage {
        id: "not-http",
        page: include_str!("../../../templates/nginx/losses/not-http.md"),
    },
    LossPage {
        id: "path-refusals",
        page: include_str!("../../../templates/nginx/losses/path-refusals.md"),
    },
    LossPage {
        id: "quota-memory",
        page: include_str!("../../../templates/nginx/losses/quota-memory.md"),
    },
    LossPage {
        id: "rate-rounding",
        page: include_str!("../../../templates/nginx/losses/rate-rounding.md"),
    },
    LossPage {
        id: "redirect-body",
        page: include_str!("../../../templates/nginx/losses/redirect-body.md"),
    },
    LossPage {
        id: "request-line",
        page: include_str!("../../../templates/nginx/losses/request-line.md"),
    },
    LossPage {
        id: "retry-after",
        page: include_str!("../../../templates/nginx/losses/retry-after.md"),
    },
    LossPage {
        id: "retry-reset",
        page: include_str!("../../../templates/nginx/losses/retry-reset.md"),
    },
    LossPage {
        id: "retry-status",
        page: include_str!("../../../templates/nginx/losses/retry-status.md"),
    },
    LossPage {
        id: "server-header",
        page: include_str!("../../../templates/nginx/losses/server-header.md"),
    },
    LossPage {
        id: "static-dns",
        page: include_str!("../../../templates/nginx/losses/static-dns.md"),
    },
    LossPage {
        id: "tls-certificate",
        page: include_str!("../../../templates/nginx/losses/tls-certificate.md"),
    },
    LossPage {
        id: "token-algorithm",
        page: include_str!("../../../templates/nginx/losses/token-algorithm.md"),
    },
    LossPage {
        id: "underscore-header",
        page: include_str!("../../../templates/nginx/losses/underscore-header.md"),
    },
    LossPage {
        id: "unknown-method",
        page: include_str!("../../../templates/nginx/losses/unknown-method.md"),
    },
    LossPage {
        id: "upstream-host",
        page: include_str!("../../../templates/nginx/losses/upstream-host.md"),
    },
];

#[cfg(test)]
mod tests {
    use super::PAGES;

    #[test]
    fn pages_are_in_order_and_say_something() {
        assert!(PAGES.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(PAGES.iter().all(|page| page.page.len() > 100));
    }
}
