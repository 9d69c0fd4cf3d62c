//! FACTS -> SUPPORT: how far Kong keeps each thing a gateway asks for.

use super::lower::functions_wanted;
use super::policy::auth::{self, Access};
use super::policy::cors::{METHODS, shared};
use super::policy::headers::is_template;
use super::policy::limit::{self, PlanCounter};
use super::policy::token::{self, Obstacle, TokenCheck};
use super::{respond, upstreams};
use crate::ir::units::{Quota, Window};
use crate::ir::{
    AccessLog, ApiKeyPlace, Auth, Breaker, Consumer, Cors, CounterFailure, Counters, Fact, Feature,
    Gateway, HeaderRules, Jwt, Limit, Plan, Retries, Route, Scheme, SchemeKind, Secret, ServerTls,
    slots,
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
        Feature::GatewayLimit(limit) if functions => function_limit(limit, gateway),
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
        Feature::Counters(counters) => self::counters(counters, gateway, functions),
        Feature::OwnAnswers => own_answers(functions),
        Feature::Scheme(scheme) => self::scheme(scheme, gateway, functions),
        Feature::Consumer(consumer) => self::consumer(consumer, functions),
        Feature::PlanLimit(plan, limit) => plan_limit(plan, limit, gateway, functions),
        Feature::PlanQuota(plan, quota) => plan_quota(plan, quota, gateway, functions),
        Feature::Breaker(_, breaker) => self::breaker(breaker),
        Feature::Respond(_, response) if !functions && respond::needs_function(response) => Support::unsupported(
            "respond-dynamic",
            "without functions an answer cannot be filled in from the request, and an empty body of some statuses gets Kong's own message",
        ),
        Feature::Gather(..) if gateway.bff.is_none() => {
            Support::unsupported("gather-without-bff", "Kong cannot ask several services at once, and the spec names no `bff`")
                .and_help("add `bff: { url: .. }` and run `gateway-gen serve` on bff/gateway.yaml there")
        }
        Feature::Auth(route, auth) => self::auth(route, auth, gateway, functions),
        Feature::Scopes(..) if !functions => Support::exact()
            .and(Shortfall::unsupported("scopes", "no plugin of open source Kong looks at scopes").security().help("leave `functions: false` out")),
        Feature::Groups(route, _) if !functions && auth::access(gateway, &route.auth) != Access::Credentials => Support::exact().and(
            Shortfall::unsupported("token-groups", "without functions every token of a scheme is one consumer to Kong, so groups cannot be told apart").security(),
        ),
        Feature::Limit(route, limit) => route_limit(route, limit, gateway, functions),
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
        | Feature::Health(..)
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

fn counters(counters: &Counters, gateway: &Gateway, functions: bool) -> Support {
    let by_function = functions && counted_by_function(gateway);
    let replicas = gateway.replicas;
    let mut support = Support::exact();
    match counters {
        Counters::Local if replicas > 1 => {
            let why = format!(
                "each of the {replicas} nodes counts for itself: up to {replicas} times each limit and quota can pass"
            );
            support = support.and(
                Shortfall::approximate("local-counters", why)
                    .help("count in Redis: `counters: { redis: URL }`"),
            );
        }
        Counters::Redis { .. } if by_function => {
            let why = format!(
                "limits that a function counts (of the gateway, of plans beside routes' own, further ones of a route) are counted by each node: \
                 up to {replicas} times each can pass"
            );
            support = support.and(Shortfall::approximate("local-counters", why));
        }
        Counters::Local | Counters::Redis { .. } => {}
    }
    if matches!(
        counters,
        Counters::Redis {
            on_failure: CounterFailure::Refuse,
            ..
        }
    ) {
        support = support.and(Shortfall::approximate(
            "counter-failure",
            "requests get 500 in place of 503 while Redis is down",
        ));
    }
    support
}

/// Whether a function counts anything.
fn counted_by_function(gateway: &Gateway) -> bool {
    let plans = gateway
        .plans
        .values()
        .any(|plan| limit::plan_counter(gateway, plan, true) == PlanCounter::Function);
    let rest = |route: &Route| {
        !limit::split(route, auth::access(gateway, &route.auth), true)
            .rest
            .is_empty()
    };
    !gateway.limits.is_empty() || plans || gateway.routes.iter().any(rest)
}

fn scheme(scheme: &Scheme, gateway: &Gateway, functions: bool) -> Support {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => token::checks(gateway)
            .get(&scheme.name)
            .map_or_else(Support::exact, |check| self::jwt(jwt, check, functions)),
        SchemeKind::ApiKey(ApiKeyPlace::Header(name) | ApiKeyPlace::Query(name)) => {
            api_key(&scheme.kind, name, functions)
        }
        SchemeKind::Basic(_) => Support::exact(),
        SchemeKind::External(_) => Support::exact().and(
            Shortfall::unsupported(
                "external-auth",
                "open source Kong has no plugin that asks another service before it forwards",
            )
            .security(),
        ),
    }
}

fn api_key(kind: &SchemeKind, name: &str, functions: bool) -> Support {
    if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        let why =
            format!("key-auth takes names of letters, digits, `-` and `_`, and `{name}` is none");
        return Support::exact().and(Shortfall::unsupported("key-name", why).security());
    }
    if !functions && matches!(kind, SchemeKind::ApiKey(ApiKeyPlace::Query(_))) {
        return Support::approximate(
            "query-rewritten",
            "removing the key writes the query anew: parameters change places and escapes their form",
        );
    }
    Support::exact()
}

fn jwt(jwt: &Jwt, check: &TokenCheck, functions: bool) -> Support {
    let unsupported = |id, why: &str, help: &str| {
        Support::exact().and(Shortfall::unsupported(id, why).security().help(help))
    };
    match check.obstacle {
        Some(Obstacle::KeySetUrl) => {
            return unsupported(
                "jwks-url",
                "open source Kong fetches no key sets",
                "save the set beside the spec and name the file: `keys: { jwks: keys.json }`; build again when keys change",
            );
        }
        Some(Obstacle::NoKey) => {
            return unsupported(
                "jwt-key",
                "no key of the scheme is for one of its algorithms",
                "name algorithms that fit the keys",
            );
        }
        Some(Obstacle::NoName) => {
            return unsupported(
                "jwt-key",
                "Kong finds a key by the token's `iss` or `kid`, and the scheme has no issuer and its keys no ID",
                "name the `issuer`",
            );
        }
        Some(Obstacle::NameTaken) => {
            return unsupported(
                "jwt-key",
                "another scheme's key has the same issuer or ID, and Kong holds one key by that name",
                "give the keys IDs of their own",
            );
        }
        None => {}
    }
    let mut support = Support::approximate(
        "jwt-leeway",
        "a token is refused from its `exp` on, 60 s earlier than asked",
    );
    if !check.refused.is_empty() {
        let names: Vec<&str> = check
            .refused
            .iter()
            .map(|algorithm| algorithm.name())
            .collect();
        let why = format!(
            "Kong checks one algorithm a key: tokens signed with {} are refused",
            names.join(", ")
        );
        support =
            support
                .and(Shortfall::approximate("jwt-algorithm", why).help(
                    "give the keys of a set their `alg`, or list the algorithm in use first",
                ));
    }
    if functions {
        return support;
    }
    support = support.and(Shortfall::approximate(
        "jwt-nbf",
        "a token without `nbf` is refused: the jwt plugin knows no optional claims",
    ));
    if !jwt.audience.is_empty() {
        support = support.and(
            Shortfall::unsupported(
                "jwt-audience",
                "no plugin of open source Kong looks at `aud`",
            )
            .security(),
        );
    }
    if jwt.issuer.is_some() && check.claim == Some(token::KeyClaim::Kid) {
        support = support.and(
            Shortfall::unsupported(
                "jwt-issuer",
                "the key is found by `kid`, so nothing looks at `iss`",
            )
            .security(),
        );
    }
    if !jwt.forward.is_empty() {
        support = support.and(Shortfall::unsupported("claim-forward", "no plugin of open source Kong copies claims to headers; the headers are removed and stay away"));
    }
    support
}

fn consumer(consumer: &Consumer, functions: bool) -> Support {
    if functions {
        return Support::exact();
    }
    let mut support = Support::exact();
    if consumer.jwt.is_some() && (consumer.plan.is_some() || !consumer.groups.is_empty()) {
        support = support.and(Shortfall::unsupported(
            "token-consumer",
            "without functions a token names no consumer, so its plan and groups do not hold",
        ));
    }
    let reference = |secret: &Secret| matches!(secret, Secret::Reference(_));
    if consumer.api_keys.iter().any(reference)
        || consumer
            .basic
            .iter()
            .any(|(_, password)| reference(password))
    {
        let why = "the placeholder of a secret is a working credential until it is filled in";
        support = support.and(
            Shortfall::approximate("secret-placeholder", why)
                .security()
                .help("fill in every `${NAME}` before starting, or build with `--secrets inline`"),
        );
    }
    support
}

/// The worst case of fixed windows against a bucket, in numbers.
fn rate_window(limit: &Limit) -> Support {
    let unit = limit.rate.per.seconds();
    let (rate, burst) = (limit.rate.count, limit.burst);
    let edge = 2 * rate.max(burst);
    let bucket = burst.saturating_add(rate);
    let mut why = format!(
        "up to {edge} requests can pass in {unit} s across a window's edge where the bucket admits {bucket}"
    );
    if burst < rate && unit == 1 {
        why.push_str(&format!("; {rate} can pass at once, as Kong has no window below a second for the burst of {burst}"));
    } else if burst < rate {
        why.push_str(&format!(
            "; {burst} can pass in each calendar {}",
            if unit == 60 { "second" } else { "minute" }
        ));
    }
    why.push_str("; requests under way together are counted late, so a few more can pass");
    Support::approximate("rate-window", why)
}

fn function_limit(limit: &Limit, gateway: &Gateway) -> Support {
    if gateway.routes.iter().all(|route| route.limits.is_empty()) {
        return Support::exact();
    }
    let why = format!(
        "the bucket itself is exact ({} at once, {}), but it is looked at after the route's own window, which has then counted a request that this refuses",
        limit.burst, limit.rate
    );
    Support::approximate("limit-order", why)
}

fn plan_limit(plan: &Plan, limit: &Limit, gateway: &Gateway, functions: bool) -> Support {
    match limit::plan_counter(gateway, plan, functions) {
        PlanCounter::Plugin => rate_window(limit),
        PlanCounter::Function => function_limit(limit, gateway),
    }
}

fn plan_quota(plan: &Plan, quota: Quota, gateway: &Gateway, functions: bool) -> Support {
    match limit::plan_counter(gateway, plan, functions) {
        PlanCounter::Plugin if quota.window == Window::Week => {
            Support::unsupported("quota-week", "Kong's windows are a day and a month; nothing counts a week")
                .and_help("ask for a quota by day or month, or leave `functions: false` out")
        }
        PlanCounter::Plugin | PlanCounter::Function => Support::approximate(
            "quota-restart",
            "counts in Kong's memory are gone when it restarts: after a restart the whole quota can be used again",
        )
        .only_if(gateway.counters.value == Counters::Local || limit::plan_counter(gateway, plan, functions) == PlanCounter::Function),
    }
}

impl Support {
    fn only_if(self, condition: bool) -> Self {
        if condition { self } else { Self::exact() }
    }
}

fn route_limit(route: &Route, limit: &Limit, gateway: &Gateway, functions: bool) -> Support {
    let access = auth::access(gateway, &route.auth);
    let split = limit::split(route, access, functions);
    let left = split.rest.iter().any(|one| std::ptr::eq(&one.value, limit));
    let plans = !functions
        && gateway
            .consumers
            .values()
            .any(|consumer| consumer.plan.is_some())
        && access != Access::Open;
    if left && functions {
        return function_limit(limit, gateway);
    }
    if left || plans {
        let why = "Kong runs one rate limit a request, the most specific: this one does not hold beside the route's others or a consumer's plan";
        return Support::unsupported("limit-shadowed", why)
            .and_help("let functions count it: leave `functions: false` out");
    }
    let mut support = rate_window(limit);
    if !functions
        && matches!(access, Access::Token | Access::Mixed)
        && limit.key == crate::ir::LimitKey::Consumer
    {
        support = support.and(Shortfall::approximate(
            "limit-per-token",
            "all tokens of a scheme are one consumer to Kong and share the limit",
        ));
    }
    if !functions && matches!(limit.key, crate::ir::LimitKey::Header(_)) {
        support = support.and(Shortfall::approximate(
            "limit-header",
            "requests without the header are counted by client address",
        ));
    }
    support
}

fn auth(route: &Route, auth: &Auth, gateway: &Gateway, functions: bool) -> Support {
    let access = auth::access(gateway, auth);
    let external = auth.schemes().iter().any(|name| {
        gateway
            .schemes
            .get(name)
            .is_some_and(|one| matches!(one.kind, SchemeKind::External(_)))
    });
    // The scheme itself says so.
    if external {
        return Support::exact();
    }
    let unsupported = |why: &str| {
        Support::exact().and(Shortfall::unsupported("auth-combination", why).security())
    };
    if access == Access::Impossible {
        return unsupported(
            "Kong runs one plugin of a kind on a route, so two schemes of one kind cannot both be asked for",
        );
    }
    if matches!(access, Access::Token | Access::Mixed) {
        let checks = token::checks(gateway);
        let each = auth.schemes().iter().filter_map(|name| checks.get(name));
        if each.clone().all(|check| check.obstacle.is_none())
            && auth::key_claim(gateway, auth, &checks).is_none()
        {
            return unsupported(
                "one scheme's keys are found by `iss`, the other's by `kid`, and the jwt plugin of a route looks at one of them",
            );
        }
        if !functions && access == Access::Mixed && checks.len() > each.count() {
            return unsupported(
                "without functions a token of another scheme would do here as well",
            );
        }
    }
    let _ = route;
    Support::exact()
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
    if !unknown.is_empty() && !(functions && mixed()) {
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

fn breaker(breaker: &Breaker) -> Support {
    let each = upstreams::failures_of_a_kind(breaker);
    let kinds = if breaker.server_errors {
        "connect errors, timeouts and 5xx"
    } else {
        "connect errors and timeouts"
    };
    let why = format!(
        "{kinds} are counted apart, so {each} in a row of one kind open it (at the latest {} of any); probes every {} decide when it closes, \
         so it stays open for up to that long, not at least",
        breaker.failures, breaker.open
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
