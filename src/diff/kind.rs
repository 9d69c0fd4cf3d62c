//! The kinds of change and what each means for those who rely on the gateway.

use serde::Serialize;

/// What a change means for others.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A client that worked before may be refused or answered otherwise.
    Breaking,
    /// Something that was refused before may pass.
    WeakensSecurity,
    /// Clients see no new contract; running the gateway differs.
    Operational,
    /// Nothing behaves otherwise.
    Cosmetic,
}

impl Class {
    /// Its name in options and machine formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::WeakensSecurity => "weakens-security",
            Self::Operational => "operational",
            Self::Cosmetic => "cosmetic",
        }
    }
}

/// One kind of change: a stable id and its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Kebab case, stable.
    pub id: &'static str,
    /// What it means for others.
    pub class: Class,
}

macro_rules! kinds {
    ($($class:ident { $($name:ident $id:literal,)* })*) => {
        $($(
            #[doc = concat!("`", $id, "`")]
            pub const $name: Kind = Kind { id: $id, class: Class::$class };
        )*)*
        /// Every kind.
        pub const ALL: &[Kind] = &[$($($name,)*)*];
    };
}

kinds! {
    Breaking {
        ROUTE_REMOVED "route-removed",
        ROUTE_SHADOWED "route-shadowed",
        METHOD_REMOVED "method-removed",
        ACTION_CHANGED "action-changed",
        REWRITE_CHANGED "rewrite-changed",
        RESPOND_STATUS_CHANGED "respond-status-changed",
        RESPOND_LOCATION_CHANGED "respond-location-changed",
        RESPOND_BODY_CHANGED "respond-body-changed",
        RESPOND_HEADER_REMOVED "respond-header-removed",
        GATHER_PART_REMOVED "gather-part-removed",
        GATHER_PART_REQUIRED "gather-part-required",
        GATHER_PART_CHANGED "gather-part-changed",
        AUTH_ADDED "auth-added",
        AUTH_SCHEME_REMOVED "auth-scheme-removed",
        SCOPE_ADDED "scope-added",
        GROUPS_ADDED "groups-added",
        GROUP_REMOVED "group-removed",
        LIMIT_ADDED "limit-added",
        LIMIT_LOWERED "limit-lowered",
        BURST_LOWERED "burst-lowered",
        LIMIT_KEY_CHANGED "limit-key-changed",
        CORS_REMOVED "cors-removed",
        CORS_ORIGIN_REMOVED "cors-origin-removed",
        CORS_METHOD_REMOVED "cors-method-removed",
        CORS_HEADER_REMOVED "cors-header-removed",
        CORS_EXPOSE_REMOVED "cors-expose-removed",
        CORS_CREDENTIALS_OFF "cors-credentials-off",
        TIMEOUT_RESPONSE_CUT "timeout-response-cut",
        MAX_BODY_LOWERED "max-body-lowered",
        IP_ALLOW_ADDED "ip-allow-added",
        IP_ALLOW_NARROWED "ip-allow-narrowed",
        IP_DENY_ADDED "ip-deny-added",
        RESPONSE_HEADER_DROPPED "response-header-dropped",
        RESPONSE_HEADER_REMOVAL_ADDED "response-header-removal-added",
        REQUEST_HEADER_DROPPED "request-header-dropped",
        REQUEST_HEADER_REMOVAL_ADDED "request-header-removal-added",
        WEBSOCKET_OFF "websocket-off",
        HOST_REMOVED "host-removed",
        HOSTS_RESTRICTED "hosts-restricted",
        HTTP_PORT_CHANGED "http-port-changed",
        HTTPS_PORT_CHANGED "https-port-changed",
        TLS_VERSION_RAISED "tls-version-raised",
        HTTP_REDIRECTED "http-redirected",
        ENCODED_SLASH_REFUSED "encoded-slash-refused",
        JWT_ISSUER_CHANGED "jwt-issuer-changed",
        JWT_ISSUER_CHECKED "jwt-issuer-checked",
        JWT_AUDIENCE_CHECKED "jwt-audience-checked",
        JWT_AUDIENCE_REMOVED "jwt-audience-removed",
        JWT_ALGORITHM_REMOVED "jwt-algorithm-removed",
        API_KEY_MOVED "api-key-moved",
        SCHEME_KIND_CHANGED "scheme-kind-changed",
        CONSUMER_REMOVED "consumer-removed",
        CONSUMER_LEFT_GROUP "consumer-left-group",
        CREDENTIAL_REMOVED "credential-removed",
        CREDENTIAL_CHANGED "credential-changed",
        QUOTA_ADDED "quota-added",
        QUOTA_LOWERED "quota-lowered",
    }
    WeakensSecurity {
        // The gateway no longer removes what a client sends under that name.
        JWT_CLAIM_NOT_FORWARDED "jwt-claim-not-forwarded",
        EXTERNAL_HEADER_NOT_FORWARDED "external-header-not-forwarded",
        REQUEST_HEADER_REMOVAL_DROPPED "request-header-removal-dropped",
        AUTH_REMOVED "auth-removed",
        AUTH_SCHEME_ADDED "auth-scheme-added",
        AUTH_LOOSENED "auth-loosened",
        AUTH_CHANGED "auth-changed",
        SCOPE_DROPPED "scope-dropped",
        SCOPES_LOOSENED "scopes-loosened",
        GROUPS_DROPPED "groups-dropped",
        GROUP_ADDED "group-added",
        LIMIT_REMOVED "limit-removed",
        CORS_ADDED "cors-added",
        CORS_ORIGIN_ADDED "cors-origin-added",
        CORS_CREDENTIALS_ON "cors-credentials-on",
        MAX_BODY_RAISED "max-body-raised",
        IP_ALLOW_DROPPED "ip-allow-dropped",
        IP_ALLOW_WIDENED "ip-allow-widened",
        IP_DENY_REMOVED "ip-deny-removed",
        HOST_ADDED "host-added",
        HOSTS_OPENED "hosts-opened",
        HTTPS_OFF "https-off",
        TLS_VERSION_LOWERED "tls-version-lowered",
        HTTP_NOT_REDIRECTED "http-not-redirected",
        ENCODED_SLASH_KEPT "encoded-slash-kept",
        TRUSTED_PROXY_ADDED "trusted-proxy-added",
        JWT_ISSUER_UNCHECKED "jwt-issuer-unchecked",
        JWT_AUDIENCE_ADDED "jwt-audience-added",
        JWT_AUDIENCE_UNCHECKED "jwt-audience-unchecked",
        JWT_ALGORITHM_ADDED "jwt-algorithm-added",
        JWT_KEYS_CHANGED "jwt-keys-changed",
        EXTERNAL_URL_CHANGED "external-url-changed",
        CONSUMER_ADDED "consumer-added",
        CONSUMER_JOINED_GROUP "consumer-joined-group",
        CREDENTIAL_ADDED "credential-added",
        QUOTA_REMOVED "quota-removed",
        COUNTERS_ADMIT "counters-admit",
        UPSTREAM_NOT_VERIFIED "upstream-not-verified",
        UPSTREAM_PLAINTEXT "upstream-plaintext",
        UPSTREAM_ROOTS_CHANGED "upstream-roots-changed",
    }
    Operational {
        ROUTE_ADDED "route-added",
        METHOD_ADDED "method-added",
        SERVICE_CHANGED "service-changed",
        PRESERVE_HOST_CHANGED "preserve-host-changed",
        RESPOND_HEADER_ADDED "respond-header-added",
        RESPOND_HEADER_CHANGED "respond-header-changed",
        GATHER_PART_ADDED "gather-part-added",
        GATHER_PART_OPTIONAL "gather-part-optional",
        GATHER_PART_TIMEOUT "gather-part-timeout",
        GATHER_PART_FALLBACK "gather-part-fallback",
        LIMIT_RAISED "limit-raised",
        BURST_RAISED "burst-raised",
        CORS_METHOD_ADDED "cors-method-added",
        CORS_HEADER_ADDED "cors-header-added",
        CORS_EXPOSE_ADDED "cors-expose-added",
        CORS_MAX_AGE "cors-max-age",
        TIMEOUT_CONNECT_CHANGED "timeout-connect-changed",
        TIMEOUT_RESPONSE_EXTENDED "timeout-response-extended",
        RETRIES_RAISED "retries-raised",
        RETRIES_LOWERED "retries-lowered",
        RETRIES_CAUSE_CHANGED "retries-cause-changed",
        RESPONSE_HEADER_SET "response-header-set",
        RESPONSE_HEADER_CHANGED "response-header-changed",
        RESPONSE_HEADER_REMOVAL_DROPPED "response-header-removal-dropped",
        REQUEST_HEADER_SET "request-header-set",
        REQUEST_HEADER_CHANGED "request-header-changed",
        WEBSOCKET_ON "websocket-on",
        RAW_CHANGED "raw-changed",
        HTTPS_ON "https-on",
        CERTIFICATE_CHANGED "certificate-changed",
        REQUEST_ID_OFF "request-id-off",
        REQUEST_ID_ON "request-id-on",
        REQUEST_ID_CHANGED "request-id-changed",
        GATEWAY_HEALTH_CHANGED "gateway-health-changed",
        ACCESS_LOG_CHANGED "access-log-changed",
        METRICS_CHANGED "metrics-changed",
        TRUSTED_PROXY_REMOVED "trusted-proxy-removed",
        COUNTERS_CHANGED "counters-changed",
        COUNTERS_REFUSE "counters-refuse",
        REPLICAS_CHANGED "replicas-changed",
        STAGE_CHANGED "stage-changed",
        BFF_CHANGED "bff-changed",
        JWT_CLAIM_FORWARDED "jwt-claim-forwarded",
        EXTERNAL_HEADER_FORWARDED "external-header-forwarded",
        SCHEME_ADDED "scheme-added",
        SCHEME_REMOVED "scheme-removed",
        CONSUMER_PLAN_CHANGED "consumer-plan-changed",
        PLAN_ADDED "plan-added",
        PLAN_REMOVED "plan-removed",
        QUOTA_RAISED "quota-raised",
        SERVICE_ADDED "service-added",
        SERVICE_REMOVED "service-removed",
        TARGET_ADDED "target-added",
        TARGET_REMOVED "target-removed",
        TARGET_WEIGHT_CHANGED "target-weight-changed",
        BALANCE_CHANGED "balance-changed",
        HEALTH_ADDED "health-added",
        HEALTH_REMOVED "health-removed",
        HEALTH_CHANGED "health-changed",
        BREAKER_ADDED "breaker-added",
        BREAKER_REMOVED "breaker-removed",
        BREAKER_CHANGED "breaker-changed",
        UPSTREAM_VERIFIED "upstream-verified",
        CLIENT_CERTIFICATE_CHANGED "client-certificate-changed",
        VIA_CHANGED "via-changed",
    }
    Cosmetic {
        NAME_CHANGED "name-changed",
        REALM_CHANGED "realm-changed",
        GATHER_ORDER_CHANGED "gather-order-changed",
        PARAMETER_RENAMED "parameter-renamed",
        LAMBDA_CHANGED "lambda-changed",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_and_plenty() {
        let ids: BTreeSet<_> = super::ALL.iter().map(|kind| kind.id).collect();
        assert_eq!(ids.len(), super::ALL.len());
        assert!(ids.len() >= 60, "{}", ids.len());
    }
}
