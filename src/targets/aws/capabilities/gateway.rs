//! What an API keeps of the gateway as a whole.

use super::super::document::firewall::{CountBy, Rule};
use super::super::policy::{limit, spelling};
use super::super::{build, design};
use super::Asked;
use crate::ir::{
    AccessLog, EncodedSlash, HostPattern, Listen, Origins, RequestId, ServerTls, TlsVersion,
};
use crate::spec::AwsApi;
use crate::targets::{Shortfall, Support};

pub(super) fn hosts(asked: Asked<'_>, hosts: &[HostPattern]) -> Support {
    if design::domains(asked.gateway).is_empty() {
        let why = "without a certificate in AWS Certificate Manager there is no custom domain: the API answers for AWS's own name, and for any name that leads there";
        return Support::exact().and(
            Shortfall::unsupported("hosts", why)
                .help("give `gateway.tls.acm_arn` the certificate's ARN"),
        );
    }
    if hosts
        .iter()
        .any(|host| matches!(host, HostPattern::Below(_)))
    {
        let why = "a custom domain of AWS with `*` stands for one label, not for several";
        return Support::approximate("hosts-wildcard", why);
    }
    Support::exact()
}

pub(super) fn listen(listen: Listen) -> Support {
    match (listen.http, listen.https) {
        (None, Some(443)) => Support::exact(),
        (http, https) => {
            let ports: Vec<String> = [http, https.filter(|port| *port != 443)]
                .into_iter()
                .flatten()
                .map(|port| port.to_string())
                .collect();
            let why = format!(
                "API Gateway answers on port 443 with TLS alone; nothing is answered on {}",
                ports.join(" and ")
            );
            Support::approximate("listen", why)
        }
    }
}

pub(super) fn tls(asked: Asked<'_>, tls: &ServerTls) -> Support {
    let mut support = Support::exact();
    if tls.acm_arn.is_none() {
        let why = "without `acm_arn` AWS's own certificate for its own name is served, and neither the certificate nor the key of the spec";
        support = support.and(Shortfall::approximate("tls-certificate", why));
    }
    let newest = tls.min_version == TlsVersion::V1_3;
    if newest && (asked.api == AwsApi::Http || tls.acm_arn.is_none()) {
        let why = "this API speaks TLS 1.2 and newer; 1.3 alone cannot be asked for here";
        let help = "use `api: rest` with a custom domain";
        support = support.and(Shortfall::unsupported("tls-version", why).help(help));
    }
    if tls.redirect_http {
        let why =
            "port 80 is not answered, so plain HTTP is refused instead of redirected with 308";
        support = support.and(Shortfall::approximate("tls-redirect", why));
    }
    support
}

pub(super) fn request_id(asked: Asked<'_>, request_id: &RequestId) -> Support {
    let mut support = Support::exact();
    let forwards = |route: &crate::ir::Route| matches!(route.action, crate::ir::Action::Forward(_));
    if asked.gateway.routes.iter().any(forwards) {
        let why = format!(
            "a service's answer passes unchanged: it carries AWS's `x-amzn-RequestId` with the same value, not `{}`, unless the service sends that itself",
            request_id.header
        );
        support = support.and(Shortfall::approximate("request-id-echo", why));
    }
    if request_id.keep {
        let why = "every request gets AWS's own ID: a client's value is never kept";
        support = support.and(Shortfall::approximate("request-id-keep", why));
    }
    support
}

pub(super) fn access_log(log: AccessLog) -> Support {
    match log {
        AccessLog::None => Support::exact(),
        AccessLog::Json => Support::approximate(
            "access-log-fields",
            "lines go to CloudWatch Logs, kept for 30 days; `upstream` is missing, `path` has the stage in front, and `consumer` is known where the authorizer ran",
        ),
    }
}

pub(super) fn metrics() -> Support {
    Support::approximate(
        "metrics-cloudwatch",
        "metrics go to CloudWatch by the minute and traces to X-Ray; there is no endpoint that Prometheus could read",
    )
}

pub(super) fn trusted_proxies(asked: Asked<'_>) -> Support {
    let by_address = |rule: &Rule| {
        matches!(
            rule,
            Rule::Rate {
                by: CountBy::Address,
                ..
            }
        )
    };
    let counted = match asked.api {
        AwsApi::Rest => limit::rules(asked.gateway).iter().any(by_address),
        AwsApi::Http => false,
    };
    if counted {
        let why = "AWS WAF counts the address that connects, whatever `X-Forwarded-For` says: behind a proxy all its clients share one limit";
        let help = "let clients connect to API Gateway directly";
        return Support::exact().and(Shortfall::unsupported("trusted-proxies", why).help(help));
    }
    let why = "rules on addresses look behind trusted proxies, but the access log has the address that connects";
    Support::approximate("trusted-proxies", why)
}

pub(super) fn normalisation(asked: Asked<'_>, slash: EncodedSlash) -> Support {
    let query = "API Gateway reads the query string and writes it anew for a service: the same names and values, with `%20` as `+` and escapes in its own way";
    let mut support = Support::approximate("query-spelling", query);
    let sent = asked.gateway.routes.iter().any(spelling::sends_text);
    if slash == EncodedSlash::Keep {
        let why = match asked.api {
            AwsApi::Rest => {
                "API Gateway decodes `%2F` before it sends a path on, so such paths are refused with 400"
            }
            AwsApi::Http => {
                "API Gateway decodes `%2F` before it sends a path on: it reaches the service as `/`"
            }
        };
        support = support.and(Shortfall::unsupported("encoded-slash", why));
    }
    if sent && asked.api == AwsApi::Rest {
        let why = "dot segments, empty segments, `\\`, `%25` and escapes of `.` `/` `\\` and NUL in a path get 400 from AWS WAF (one web ACL and one rule, paid for by the month) instead of being normalised; a trailing slash is dropped before the service sees it";
        support = support.and(Shortfall::approximate("path-spelling", why));
    }
    if asked.api == AwsApi::Http {
        let why = "paths are matched as AWS reads them: `/a/` is 404 where `/a` is a route, and dot segments are not removed";
        support = support.and(Shortfall::approximate("path-spelling", why));
    }
    support
}

pub(super) fn own_answers(asked: Asked<'_>) -> Support {
    let why = match asked.api {
        AwsApi::Rest => {
            "a request that AWS turns away before the API (TLS, malformed HTTP, over 10 240 bytes of headers) gets AWS's own answer, and a body of an uncommon media type gets 415 where 405, 410 or 501 is asked for; `Retry-After` is a fixed 1 s, 3600 s for quotas"
        }
        AwsApi::Http => {
            "refusals are worded by AWS: 403 instead of 401 where a function decides, 401 without `WWW-Authenticate`, 429 and 503 without `Retry-After` and request ID, 500 where a check of credentials fails instead of 503, 503 where a service fails or takes too long instead of 502 and 504"
        }
    };
    let mut support = Support::approximate("own-answers", why);
    let forwarded = "the client's own `X-Forwarded-For` stays in front of its address, and a service must take the last one alone";
    support = support.and(Shortfall::approximate("forwarded-for", forwarded));
    if asked.api == AwsApi::Rest && several_origins(asked) {
        let why = "AWS's answers that no route gave (401, 403, 404, 429, 5xx) can name one origin, so with several they carry no CORS headers: scripts see a network error instead of the status";
        support = support.and(Shortfall::approximate("cors-errors", why));
    }
    quotas(asked, support)
}

fn several_origins(asked: Asked<'_>) -> bool {
    let mut rules = asked
        .gateway
        .routes
        .iter()
        .filter_map(|route| route.cors.as_ref());
    let some = rules.clone().next().is_some();
    let many = rules.any(|cors| matches!(&cors.origins, Origins::List(list) if list.len() > 1));
    some && (many || super::super::policy::cors::only_origin(asked.gateway).is_none())
}

/// Numbers that AWS raises on request.
fn quotas(asked: Asked<'_>, mut support: Support) -> Support {
    let mut over = |what: &str, count: usize, most: usize| {
        if count > most {
            let why =
                format!("{count} {what} are needed, and AWS gives {most} until asked for more");
            let help = "ask AWS to raise the quota, then allow `resource-quota` with the reason";
            support
                .shortfalls
                .push(Shortfall::unsupported("resource-quota", why).help(help));
        }
    };
    if let Ok(built) = build(
        asked.gateway,
        asked.settings,
        &std::collections::BTreeSet::new(),
    ) {
        let what = match asked.api {
            AwsApi::Rest => "paths of an API",
            AwsApi::Http => "routes of an API",
        };
        over(what, built.paths, 300);
        over(
            "authorizers of an API",
            built.authorizers,
            super::super::document::rest::RestApi::AUTHORIZERS,
        );
    }
    if asked.api == AwsApi::Rest {
        let rules = limit::rule_count(asked.gateway);
        over(
            "rate rules of a web ACL",
            rules,
            super::super::document::firewall::RATE_RULES,
        );
        let keys = asked
            .gateway
            .consumers
            .values()
            .map(|c| c.api_keys.len().max(1))
            .sum();
        over("API keys", keys, 10_000);
        over("usage plans", asked.gateway.plans.len(), 300);
    }
    support
}
