//! The list of rules: one line a rule, in the order of their ids.

use super::Rule;
use crate::report::Code;

macro_rules! rules {
    ($($module:ident)*) => {
        $(pub mod $module;)*
        /// Every rule.
        pub const ALL: &[&Rule] = &[$(&$module::RULE),*];
    };
}

// Not here, because `check` refuses it already: `none` as algorithm and HMAC with public keys (GG104), a quota
// where nobody is known (GG205), credentials for any origin (GG511), two routes for the same request (GG601's
// other half), writing gathers (GG705), what nothing uses (GG901).
//
// Not here, because the language has no way to say it: a forwarded identity that a client can forge (GG110),
// origins by pattern (GG512), answers of the gateway without CORS headers (GG513), patterns with regular
// expressions (GG605), an upstream made of the request (GG607), a gather's part that waits for another (GG704).
rules! {
    route_without_auth
    key_in_query
    jwt_no_audience_or_issuer
    jwks_not_https
    plaintext_secret
    scope_combination_lost
    route_without_limit
    ip_key_behind_proxy
    no_body_size
    quota_rate_contradiction
    per_node_counter
    plan_unattached
    no_health_check
    single_target
    no_circuit_breaker
    timeout_missing_or_long
    timeout_inversion
    retry_unsafe_method
    gateway_single_replica
    static_dns
    no_request_id
    request_id_not_returned
    no_access_log
    logs_secrets
    no_tls
    weak_tls
    http_not_redirected
    upstream_plaintext
    upstream_not_verified
    unreachable
    ambiguous_across_targets
    normalisation_bypass
    internal_endpoint
    business_logic
    body_transformation
    raw_fragment
    bff_no_failure_policy
    unsupported
    approximated
    target_limit
    unused_suppression
    unknown_rule
}

/// The rule of that id or name.
#[must_use]
pub fn find(word: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.is(word)).copied()
}

/// The codes of all rules.
#[must_use]
pub fn codes() -> Vec<Code> {
    ALL.iter().map(|rule| rule.code).collect()
}
