//! Every loss of this target with its page.

use crate::targets::LossPage;

macro_rules! losses {
    ($($id:literal)*) => {
        /// In order of their names.
        pub const ALL: &[LossPage] = &[$(LossPage { id: $id, page: include_str!(concat!("losses/", $id, ".md")) }),*];
    };
}

losses! {
    "access-log-fields"
    "balance"
    "best-effort"
    "circuit-breaker"
    "cognito-token-use"
    "cors-answers"
    "cors-errors"
    "cors-per-route"
    "encoded-slash"
    "external-answer"
    "forwarded-for"
    "function-event"
    "function-forged-headers"
    "function-headers"
    "gather-function"
    "header-emptied"
    "health-probe"
    "host-route"
    "hosts"
    "hosts-wildcard"
    "jwt-discovery"
    "limit-key"
    "limit-per-method"
    "limit-several"
    "limit-shared"
    "limit-window"
    "listen"
    "max-body"
    "metrics-cloudwatch"
    "own-answers"
    "path-escape"
    "path-spelling"
    "plan-limit"
    "preserve-host"
    "private-address"
    "query-spelling"
    "quota"
    "quota-day"
    "quota-month"
    "quota-week"
    "request-id-echo"
    "request-id-keep"
    "resource-quota"
    "respond-query"
    "response-headers"
    "retries"
    "timeout-total"
    "tls-certificate"
    "tls-redirect"
    "tls-version"
    "trusted-proxies"
    "upstream-tls"
    "websocket"
}
