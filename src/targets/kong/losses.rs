//! LOSSES -> PAGES: what `explain` says of everything that Kong keeps otherwise or not at all.

use crate::targets::LossPage;

macro_rules! pages {
    ($($id:literal)*) => {
        /// Every loss that `support` can answer with.
        pub const PAGES: &[LossPage] =
            &[$(LossPage { id: $id, page: include_str!(concat!("../../../templates/kong/losses/", $id, ".md")) }),*];
    };
}

pages! {
    "access-log-fields"
    "auth-combination"
    "circuit-breaker"
    "claim-forward"
    "cors-headers"
    "cors-method"
    "cors-preflight"
    "counter-failure"
    "empty-header"
    "encoded-slash"
    "expect-417"
    "external-auth"
    "gather-without-bff"
    "header-hundred"
    "header-template"
    "health-seconds"
    "host-case"
    "jwks-url"
    "jwt-algorithm"
    "jwt-audience"
    "jwt-issuer"
    "jwt-key"
    "jwt-leeway"
    "jwt-nbf"
    "key-name"
    "key-place"
    "limit-header"
    "limit-methods"
    "limit-order"
    "limit-per-token"
    "limit-shadowed"
    "local-counters"
    "own-answers"
    "query-rewritten"
    "quota-restart"
    "quota-week"
    "rate-window"
    "request-id-unchecked"
    "respond-dynamic"
    "retry-status"
    "retry-when"
    "scopes"
    "secret-placeholder"
    "tls-certificate"
    "tls-no-sni"
    "token-consumer"
    "token-groups"
}
