//! FACTS -> SUPPORT: how far nginx keeps each thing a gateway asks for.

use super::actions::RETRIED_STATUSES;
use super::addresses::{resolved_once, target};
use super::policy::limit::kept;
use super::settings::Settings;
use crate::ir::units::Rate;
use crate::ir::{
    Algorithm, ApiKeyPlace, Balance, Breaker, Counters, Fact, Feature, Gateway, HeaderRules,
    Health, Keys, Limit, LimitKey, Methods, Retries, Scheme, SchemeKind,
};
use crate::spec;
use crate::targets::{Shortfall, Support};

/// How far a fact is kept.
#[must_use]
pub fn support(fact: &Fact<'_>, gateway: &Gateway, targets: &spec::Targets) -> Support {
    let settings = Settings::of(targets);
    match fact.feature {
        Feature::Listen(_) => Support::approximate(
            "hop-by-hop",
            "headers that a request's Connection header names are passed on, unless they are among the eight that nginx knows; request headers with an underscore are dropped",
        ),
        Feature::OwnAnswers => Support::approximate(
            "request-line",
            "TRACE and CONNECT get 405 without Allow, a method in lower case 400, and header lines above 8 kB 400 or 414, whatever the routes say",
        )
        .and(Shortfall::approximate(
            "not-http",
            "a service that does not answer in HTTP is passed on byte for byte as HTTP/0.9 instead of being answered with 502",
        )),
        Feature::Normalisation(_) => Support::approximate(
            "path-refusals",
            "`..` above the root and raw bytes outside ASCII get 400 instead of being normalised",
        ),
        Feature::Tls(tls) => match (&tls.certificate, &tls.key) {
            (Some(_), Some(_)) if tls.redirect_http => redirect_body(),
            (Some(_), Some(_)) => Support::exact(),
            _ => Support::unsupported(
                "tls-certificate",
                "nginx needs `certificate` and `key`, and the spec names none",
            ),
        },
        Feature::RequestId(id) => named(&id.header),
        Feature::Metrics => Support::approximate(
            "metrics-gauges",
            "four gauges of connections at 127.0.0.1:9145/metrics, nothing by route or status",
        ),
        Feature::Counters(counters) => self::counters(counters, gateway.replicas),
        Feature::GatewayLimit(limit) | Feature::PlanLimit(_, limit) | Feature::Limit(_, limit) => {
            self::limit(limit, &settings)
        }
        Feature::PlanQuota(..) => quota(&settings),
        Feature::Scheme(scheme) => self::scheme(scheme, gateway, &settings),
        Feature::Target(service, _) => target(service),
        Feature::Balance(_, balance) => self::balance(balance, &settings),
        Feature::Health(_, health) => self::health(health),
        Feature::Breaker(_, breaker) => self::breaker(breaker),
        Feature::Match(route) => methods(&route.methods),
        Feature::Respond(_, respond) => {
            let mut support = if respond.location.is_some() {
                redirect_body()
            } else {
                Support::exact()
            };
            support.shortfalls.extend(empty_value(&respond.headers));
            support
        }
        Feature::Gather(..) => Support::approximate(
            "gather-limits",
            "a part's timeout holds between reads, so a service that drips bytes can take longer, and a part above 1 MB ends the client's connection",
        ),
        Feature::Retries(_, retries) => self::retries(retries),
        Feature::ResponseHeaders(_, rules) => response_headers(rules),
        Feature::MaxBody(_, size) if size.0 == 0 => Support::approximate(
            "empty-chunks",
            "a body in chunks gets 413 even when it is empty, and over HTTP/2 one byte without Content-Length passes",
        ),
        Feature::MaxBody(..) => Support::exact(),
        Feature::Hosts(_)
        | Feature::GatewayHealth(_)
        | Feature::AccessLog(_)
        | Feature::TrustedProxies
        | Feature::Consumer(_)
        | Feature::UpstreamTls(..)
        | Feature::ServiceRaw(..)
        | Feature::Forward(..)
        | Feature::Rewrite(..)
        | Feature::Auth(..)
        | Feature::Scopes(..)
        | Feature::Groups(..)
        | Feature::Cors(..)
        | Feature::Timeout(..)
        | Feature::Ip(..)
        | Feature::RequestHeaders(..)
        | Feature::Websocket(_)
        | Feature::PreserveHost(_)
        | Feature::RouteRaw(..) => Support::exact(),
    }
}

fn redirect_body() -> Support {
    Support::approximate(
        "redirect-body",
        "a redirect has a body of about 160 bytes of HTML",
    )
}

fn named(header: &str) -> Support {
    if header.contains('_') {
        return Support::unsupported(
            "underscore-header",
            format!("nginx drops request headers with an underscore, so `{header}` is never seen"),
        );
    }
    Support::exact()
}

fn counters(counters: &Counters, replicas: u32) -> Support {
    let support = Support::approximate(
        "retry-after",
        "a 429 of a limit carries the interval between two requests, not the time that is left of it",
    );
    match counters {
        Counters::Redis { .. } => support.and(
            Shortfall::approximate("node-counters", format!("nginx counts in each node's memory instead of Redis: with {replicas} nodes up to {replicas} times each limit and quota can pass"))
                .help("divide limits and quotas by the number of nodes"),
        ),
        Counters::Local if replicas > 1 => support.and(
            Shortfall::approximate("node-counters", format!("each of {replicas} nodes counts alone: up to {replicas} times each limit and quota can pass"))
                .help("divide limits and quotas by the number of nodes"),
        ),
        Counters::Local => support,
    }
}

/// Rounding shows when the time between two requests differs by a millisecond or more.
fn rounding(rate: Rate) -> Option<String> {
    let kept = kept(rate);
    let asked = rate.per.seconds() as f64 * 1000.0 / rate.count as f64;
    let interval = 1_000_000.0 / kept.millis.max(1) as f64;
    // nginx's own clock is whole milliseconds.
    ((asked - interval).abs() >= 1.0).then(|| {
        let effective = kept.millis as f64 * rate.per.seconds() as f64 / 1000.0;
        let unit = rate.to_string().split_once('/').map(|(_, unit)| unit.to_owned()).unwrap_or_default();
        format!("`{rate}` becomes {effective:.2}/{unit}: one request each {interval:.0} ms instead of {asked:.0} ms; the burst is the same")
    })
}

fn limit(limit: &Limit, settings: &Settings) -> Support {
    let mut support = Support::exact();
    if let Some(why) = rounding(limit.rate) {
        support = support.and(Shortfall::approximate("rate-rounding", why));
    }
    if let LimitKey::Header(header) = &limit.key {
        support.shortfalls.extend(named(header).shortfalls);
        support.shortfalls.extend(first_value(header, settings));
    }
    support
}

fn first_value(header: &str, settings: &Settings) -> Option<Shortfall> {
    let joined = settings.version >= (1, 23);
    (!joined).then(|| {
        Shortfall::approximate(
            "first-header-value",
            format!(
                "of several `{header}` headers nginx {}.{} counts by the first",
                settings.version.0, settings.version.1
            ),
        )
    })
}

fn quota(settings: &Settings) -> Support {
    let why = if settings.shared_dictionaries() {
        "the count survives a reload and starts again at 0 after a restart"
    } else {
        "the count is the size of a file, one byte a request; at the last request of a window one more for each other worker can be refused"
    };
    Support::approximate("quota-memory", why)
}

fn scheme(scheme: &Scheme, gateway: &Gateway, settings: &Settings) -> Support {
    match &scheme.kind {
        SchemeKind::ApiKey(ApiKeyPlace::Header(header)) => {
            let mut support = named(header);
            let others = gateway
                .routes
                .iter()
                .any(|route| !route.auth.schemes().contains(&scheme.name));
            if others && settings.version < (1, 23) {
                support = support.and(Shortfall::approximate(
                    "first-header-value",
                    format!("of several `{header}` headers the first alone is passed on by routes that do not read it"),
                ));
            }
            support
        }
        SchemeKind::ApiKey(ApiKeyPlace::Query(_)) | SchemeKind::Basic(_) => Support::exact(),
        SchemeKind::External(external) => {
            let mut support = Support::exact();
            support
                .shortfalls
                .extend(external.url.host_str().and_then(resolved_once));
            support
        }
        SchemeKind::Jwt(jwt) => {
            let mut support = Support::exact();
            if jwt.algorithms.contains(&Algorithm::EdDSA) {
                support = support.and(Shortfall::unsupported(
                    "token-algorithm",
                    "njs cannot verify EdDSA: tokens signed with it get 401",
                ));
            }
            if !jwt.forward.is_empty() {
                support = support.and(Shortfall::approximate(
                    "claim-numbers",
                    "a claim that is a whole number above 9007199254740991 loses its last digits",
                ));
            }
            if let Keys::JwksUrl(url) = &jwt.keys {
                support
                    .shortfalls
                    .extend(url.host_str().and_then(resolved_once));
                support = support.and(Shortfall::approximate("jwks-refresh", "the key set is cached for 5 minutes: a new key is refused and a withdrawn one accepted that long"));
            }
            support
        }
    }
}

fn balance(balance: &Balance, settings: &Settings) -> Support {
    let mut support = Support::exact();
    if let Balance::HashHeader(header) = balance {
        support.shortfalls.extend(named(header).shortfalls);
        support.shortfalls.extend(first_value(header, settings));
    }
    support
}

fn health(health: &Health) -> Support {
    Support::approximate(
        "active-health",
        format!(
            "no probes: a target is left out for {} s after {} failed requests of clients, then one of theirs tries it",
            (health.every.0 * u64::from(health.healthy_after)).div_ceil(1000),
            health.unhealthy_after
        ),
    )
}

fn breaker(breaker: &Breaker) -> Support {
    let seconds = breaker.open.0.div_ceil(1000);
    let support = Support::approximate(
        "breaker-window",
        format!(
            "it opens after {} failures within {seconds} s, even with successes between, for {seconds} to {} s",
            breaker.failures,
            seconds + 1
        ),
    );
    if breaker.server_errors {
        return support.and(Shortfall::unsupported(
            "breaker-5xx",
            "5xx answers are not counted: a service that answers 500 to everything stays in use",
        ));
    }
    support
}

fn methods(methods: &Methods) -> Support {
    let unknown = |method: &&String| {
        matches!(method.as_str(), "TRACE" | "CONNECT")
            || !method
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'-' || b == b'_')
    };
    match methods {
        Methods::Only(methods) => match methods.iter().find(unknown) {
            Some(method) => Support::unsupported(
                "unknown-method",
                format!("nginx answers `{method}` itself, so the route never takes it"),
            ),
            None => Support::exact(),
        },
        Methods::Any => Support::exact(),
    }
}

fn retries(retries: &Retries) -> Support {
    let mut support = Support::exact();
    if retries.connect {
        support = support.and(Shortfall::approximate(
            "retry-reset",
            "a connection that ends before an answer is tried again too, for idempotent methods",
        ));
    }
    if let Some(status) = retries
        .statuses
        .iter()
        .find(|status| !RETRIED_STATUSES.contains(status))
    {
        support = support.and(Shortfall::unsupported(
            "retry-status",
            format!("nginx does not try again after {status}"),
        ));
    }
    support
}

fn response_headers(rules: &HeaderRules) -> Support {
    let own = |name: &&String| ["server", "date"].contains(&name.to_ascii_lowercase().as_str());
    let mut support = Support::exact();
    if let Some(name) = rules.set.keys().chain(&rules.remove).find(own) {
        support = support.and(Shortfall::approximate(
            "server-header",
            format!(
                "nginx adds its own `{name}` and cannot be told otherwise without another module"
            ),
        ));
    }
    support.shortfalls.extend(empty_value(&rules.set));
    support
}

fn empty_value(set: &indexmap::IndexMap<String, String>) -> Option<Shortfall> {
    let (name, _) = set.iter().find(|(_, value)| value.is_empty())?;
    Some(Shortfall::approximate(
        "empty-header",
        format!("`{name}` has an empty value, and nginx sends no header without one"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_declared_from_a_millisecond_on() {
        let loss = |text: &str| rounding(text.parse().unwrap_or_else(|error| panic!("{error}")));
        for exact in ["1/s", "1000/s", "100/min", "50/min", "30/min", "3600/h"] {
            assert_eq!(loss(exact), None, "{exact}");
        }
        for rounded in ["1/min", "7/min", "1/h", "100/h"] {
            assert!(loss(rounded).is_some(), "{rounded}");
        }
        assert_eq!(
            loss("100/h").as_deref(),
            Some(
                "`100/h` becomes 57.60/h: one request each 62500 ms instead of 36000 ms; the burst is the same"
            )
        );
    }
}
