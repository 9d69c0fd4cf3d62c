//! FACTS -> SUPPORT: how far Kong keeps each thing a gateway asks for.

mod auth;
mod limit;

use super::lower::functions_wanted;
use super::policy::auth::{Access, access};
use super::policy::cors::{METHODS, shared};
use super::policy::headers::is_template;
use super::{respond, upstreams};
use crate::ir::{
    AccessLog, Breaker, Cors, Fact, Feature, Gateway, HeaderRules, Health, Retries, Route,
    ServerTls, Service, slots,
};
use crate::spec;
use crate::targets::{Shortfall, Support};

/// How far a fact is kept.
#[must_use]
pub fn support(fact: &Fact<'_>, gateway: &Gateway, settings: &spec::Targets) -> Support {
    let functions = functions_wanted(settings);
    match fact.feature {
        Feature::Hosts(_) => Support::approximate("host-case", "Kong compares hosts by case: `API.shop.example` gets 404 where `api.shop.example` is served"),
        Feature::Tls(tls) => self::tls(tls),
        Feature::RequestId(_) if functions => Support::exact(),
        Feature::RequestId(_) => Support::approximate(
            "request-id-unchecked",
            "a client's request ID is kept whatever is in it, up to the 8 KB of a header line, also where `keep` is false",
        ),
        Feature::GatewayLimit(asked) if functions => limit::function_limit(asked, gateway),
        Feature::GatewayLimit(_) => Support::unsupported("limit-shadowed", "Kong runs one rate limit a request, so nothing counts all routes beside the limits of routes and plans")
            .and_help("let functions count it: leave `functions: false` out"),
        Feature::AccessLog(AccessLog::Json) => Support::approximate(
            "access-log-fields",
            "the log line of kong.conf has no route, no consumer and no reason of a refusal, and its time taken is `duration_s`, in seconds",
        ),
        Feature::Normalisation(_) if functions => Support::exact(),
        Feature::Normalisation(_) => Support::exact().and(
            Shortfall::approximate("encoded-slash", "`%2F` and `%5C` pass as part of a segment, as with `encoded_slash: keep`; a service that decodes them sees another path").security(),
        ),
        Feature::Counters(counters) => limit::counters(counters, gateway, functions),
        Feature::OwnAnswers => own_answers(functions),
        Feature::Scheme(scheme) => auth::scheme(scheme, gateway, functions),
        Feature::Consumer(consumer) => auth::consumer(consumer, functions),
        Feature::PlanLimit(plan, asked) => limit::plan_limit(plan, asked, gateway, functions),
        Feature::PlanQuota(plan, quota) => limit::plan_quota(plan, quota, gateway, functions),
        Feature::Breaker(service, breaker) => self::breaker(service, breaker, gateway),
        Feature::Health(_, health) => self::health(health),
        Feature::Respond(_, response) if !functions && respond::needs_function(response) => Support::unsupported(
            "respond-dynamic",
            "without functions an answer cannot be filled in from the request, and an empty body of some statuses gets Kong's own message",
        ),
        Feature::Gather(..) if gateway.bff.is_none() => {
            Support::unsupported("gather-without-bff", "Kong cannot ask several services at once, and the spec names no `bff`")
                .and_help("add `bff: { url: .. }` and run `gateway-gen serve` on bff/gateway.yaml there")
        }
        Feature::Auth(_, asked) => auth::auth(asked, gateway, functions),
        Feature::Scopes(..) if !functions => Support::exact()
            .and(Shortfall::unsupported("scopes", "no plugin of open source Kong looks at scopes").security().help("leave `functions: false` out")),
        Feature::Groups(route, _) if !functions && access(gateway, &route.auth) != Access::Credentials => Support::exact().and(
            Shortfall::unsupported("token-groups", "without functions every token of a scheme is one consumer to Kong, so groups cannot be told apart").security(),
        ),
        Feature::Limit(route, asked) => limit::route_limit(route, asked, gateway, functions),
        Feature::Cors(route, cors) => self::cors(route, cors, gateway, functions),
        Feature::Retries(_, retries) => self::retries(retries),
        Feature::MaxBody(..) if !functions => {
            Support::approximate("expect-417", "a body announced as too large with `Expect: 100-continue` gets 417 in place of 413")
        }
        Feature::RequestHeaders(_, rules) if !functions => request_headers(rules),
        Feature::ResponseHeaders(_, rules) if rules.set.values().any(String::is_empty) => {
            Support::approximate("empty-header", "response-transformer cannot set an empty value; such a header is left out")
        }
        Feature::AccessLog(AccessLog::None)
        | Feature::Listen(_)
        | Feature::GatewayHealth(_)
        | Feature::Metrics
        | Feature::TrustedProxies
        | Feature::Target(..)
        | Feature::Balance(..)
        | Feature::UpstreamTls(..)
        | Feature::ServiceRaw(..)
        | Feature::Match(_)
        | Feature::Forward(..)
        | Feature::Rewrite(..)
        | Feature::Respond(..)
        | Feature::Gather(..)
        | Feature::Scopes(..)
        | Feature::Groups(..)
        | Feature::Timeout(..)
        | Feature::MaxBody(..)
        | Feature::Ip(..)
        | Feature::RequestHeaders(..)
        | Feature::ResponseHeaders(..)
        | Feature::Websocket(_)
        | Feature::PreserveHost(_)
        | Feature::RouteRaw(..) => Support::exact(),
    }
}

impl Support {
    /// The remedy of the last shortfall.
    fn and_help(mut self, help: &str) -> Self {
        if let Some(last) = self.shortfalls.last_mut() {
            last.help = Some(help.to_owned());
        }
        self
    }
}

fn tls(tls: &ServerTls) -> Support {
    if tls.certificate.is_none() || tls.key.is_none() {
        return Support::unsupported(
            "tls-certificate",
            "Kong needs `certificate` and `key`, and the spec names none",
        );
    }
    Support::approximate(
        "tls-no-sni",
        "a client that names no server in its TLS handshake gets Kong's own certificate",
    )
    .and_help("set `ssl_cert` and `ssl_cert_key` in kong.conf to the same certificate")
}

fn own_answers(functions: bool) -> Support {
    if functions {
        return Support::approximate(
            "own-answers",
            "TRACE gets nginx's 405 without Allow, and what Kong refuses before it has a route (a broken request line, headers above 8 KB) has its own message",
        );
    }
    Support::approximate(
        "own-answers",
        "errors are HTML, XML or text for clients that accept those, JSON for others only with kong.conf; 503 carries no Retry-After; TRACE gets 405 without Allow",
    )
}

impl Support {
    fn only_if(self, condition: bool) -> Self {
        if condition { self } else { Self::exact() }
    }
}

fn cors(route: &Route, cors: &Cors, gateway: &Gateway, functions: bool) -> Support {
    let mut support = Support::exact();
    let unknown: Vec<&str> = cors
        .methods
        .iter()
        .map(String::as_str)
        .filter(|method| !METHODS.contains(method))
        .collect();
    let mixed = || {
        let all = slots(gateway);
        let own = all.iter().find(|slot| {
            slot.routes
                .iter()
                .any(|id| std::ptr::eq(&gateway.routes[id.0], route))
        });
        own.is_some_and(|slot| shared(gateway, slot).is_none())
    };
    let by_function = functions && mixed();
    if !unknown.is_empty() && !by_function {
        let why = format!(
            "the cors plugin knows the nine registered methods: preflights for {} are refused",
            unknown.join(", ")
        );
        support = support.and(Shortfall::approximate("cors-method", why));
    }
    if !functions {
        let why = "an origin that is not listed gets no Access-Control-Allow-Origin, but other Access-Control headers that no browser uses without it";
        support = support.and(Shortfall::approximate("cors-headers", why));
        if mixed() {
            let why = "the routes of this path have different rules, and a preflight is answered by those of one of them";
            support = support.and(Shortfall::approximate("cors-preflight", why));
        }
    }
    support
}

fn health(health: &Health) -> Support {
    let fraction = |millis: u64| !millis.is_multiple_of(1000);
    if !fraction(health.every.0) && !fraction(health.timeout.0) {
        return Support::exact();
    }
    let why = format!(
        "decK takes whole seconds: probes every {} s in place of {}, each waited for {} s in place of {}",
        upstreams::seconds(health.every.0),
        health.every,
        upstreams::seconds(health.timeout.0),
        health.timeout
    );
    Support::approximate("health-seconds", why)
}

fn breaker(service: &Service, breaker: &Breaker, gateway: &Gateway) -> Support {
    let each = upstreams::failures_of_a_kind(breaker, upstreams::retried(gateway, service));
    let kinds = if breaker.server_errors {
        "connect errors, timeouts and 5xx"
    } else {
        "connect errors and timeouts (a service's own 502 and 504 with them)"
    };
    let every = service
        .health
        .as_ref()
        .map_or(breaker.open.0, |health| health.every.0);
    let why = format!(
        "{kinds} are counted by kind, so {each} in a row of one kind open it (at the latest {} of any); probes every {} s decide when it closes, \
         so it stays open for up to that long, not for {} at least",
        breaker.failures,
        upstreams::seconds(every),
        breaker.open
    );
    Support::approximate("circuit-breaker", why)
}

fn retries(retries: &Retries) -> Support {
    let mut support = Support::exact();
    if !retries.statuses.is_empty() {
        support = support.and(Shortfall::approximate(
            "retry-status",
            "Kong does not retry after an answer, whatever its status",
        ));
    }
    if retries.connect != retries.timeout {
        let why = "Kong retries after a failed connection and after a timeout alike (after a timeout idempotent methods alone)";
        support = support.and(Shortfall::approximate("retry-when", why));
    }
    support
}

fn request_headers(rules: &HeaderRules) -> Support {
    if rules.set.values().any(|value| is_template(value)) {
        return Support::unsupported(
            "header-template",
            "request-transformer would run `$(..)` in a value as a template; such a header is left out",
        );
    }
    Support::approximate(
        "header-hundred",
        "request-transformer sees the first 100 headers of a request: a removed one behind them passes",
    )
}
