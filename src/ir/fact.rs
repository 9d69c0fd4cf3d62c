//! Facts: each single thing that a gateway asks for, and where; targets answer for every one.

use super::units::{Bytes, Quota};
use super::{
    AccessLog, Auth, Balance, Breaker, Consumer, Cors, Counters, EncodedSlash, Forward, Gateway,
    Gather, HeaderRules, Health, HostPattern, IpRules, Limit, Listen, Plan, Raw, RequestId,
    Respond, Retries, Rewrite, Route, RouteId, Scheme, Scopes, ServerTls, Service, Target, Timeout,
    UpstreamTls,
};
use crate::source::Pointer;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject<'g> {
    /// The gateway as a whole.
    Gateway,
    /// A scheme by name.
    Scheme(&'g str),
    /// A plan by name.
    Plan(&'g str),
    /// A consumer by name.
    Consumer(&'g str),
    /// A service by name.
    Service(&'g str),
    /// A route by number.
    Route(RouteId),
}

/// One thing asked for.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'g> {
    /// Of whom.
    pub subject: Subject<'g>,
    /// Where.
    pub pointer: &'g Pointer,
    /// What.
    pub feature: Feature<'g>,
}

/// Everything a gateway can ask for. A new variant does not compile until every target has answered for it.
#[derive(Clone, Copy, Debug)]
pub enum Feature<'g> {
    /// Only these hosts are answered.
    Hosts(&'g [HostPattern]),
    /// Ports.
    Listen(&'g Listen),
    /// TLS at the gateway.
    Tls(&'g ServerTls),
    /// Request ID.
    RequestId(&'g RequestId),
    /// The gateway's own health endpoint.
    GatewayHealth(&'g str),
    /// A limit over all routes.
    GatewayLimit(&'g Limit),
    /// Access log.
    AccessLog(AccessLog),
    /// Metrics asked for.
    Metrics,
    /// Client addresses from `X-Forwarded-For`.
    TrustedProxies,
    /// Path normalisation with this treatment of `%2F`.
    Normalisation(EncodedSlash),
    /// Where counters live (asked for only when something is counted).
    Counters(&'g Counters),
    /// The gateway's own answers: JSON bodies and the statuses of the language.
    OwnAnswers,
    /// A scheme that a route uses.
    Scheme(&'g Scheme),
    /// A consumer and its credentials.
    Consumer(&'g Consumer),
    /// A plan's limit.
    PlanLimit(&'g Plan, &'g Limit),
    /// A plan's quota.
    PlanQuota(&'g Plan, Quota),
    /// A target's address and weight.
    Target(&'g Service, &'g Target),
    /// Balancing over several targets.
    Balance(&'g Service, &'g Balance),
    /// Active probes.
    Health(&'g Service, &'g Health),
    /// Breaker.
    Breaker(&'g Service, &'g Breaker),
    /// TLS towards the service.
    UpstreamTls(&'g Service, &'g UpstreamTls),
    /// Engine-native configuration of a service.
    ServiceRaw(&'g Service, &'g Raw),
    /// Methods, host and pattern.
    Match(&'g Route),
    /// Forwarding, with the path sent.
    Forward(&'g Route, &'g Forward),
    /// A rewritten path.
    Rewrite(&'g Route, &'g Rewrite),
    /// A fixed answer.
    Respond(&'g Route, &'g Respond),
    /// A gather.
    Gather(&'g Route, &'g Gather),
    /// Who may call (asked for only when somebody may not).
    Auth(&'g Route, &'g Auth),
    /// Scopes.
    Scopes(&'g Route, &'g Scopes),
    /// Groups.
    Groups(&'g Route, &'g [String]),
    /// A limit of a route.
    Limit(&'g Route, &'g Limit),
    /// Cross-origin rules.
    Cors(&'g Route, &'g Cors),
    /// Time limits.
    Timeout(&'g Route, &'g Timeout),
    /// Further tries.
    Retries(&'g Route, &'g Retries),
    /// Largest body.
    MaxBody(&'g Route, Bytes),
    /// Client addresses.
    Ip(&'g Route, &'g IpRules),
    /// Changes to the request's headers.
    RequestHeaders(&'g Route, &'g HeaderRules),
    /// Changes to the answer's headers.
    ResponseHeaders(&'g Route, &'g HeaderRules),
    /// WebSocket.
    Websocket(&'g Route),
    /// The client's Host is sent on.
    PreserveHost(&'g Route),
    /// Engine-native configuration of a route.
    RouteRaw(&'g Route, &'g Raw),
}

impl Feature<'_> {
    /// The name used in reports and in the support matrix.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hosts(_) => "hosts",
            Self::Listen(_) => "listen",
            Self::Tls(_) => "tls",
            Self::RequestId(_) => "request-id",
            Self::GatewayHealth(_) => "gateway-health",
            Self::GatewayLimit(_) => "gateway-limit",
            Self::AccessLog(_) => "access-log",
            Self::Metrics => "metrics",
            Self::TrustedProxies => "trusted-proxies",
            Self::Normalisation(_) => "normalisation",
            Self::Counters(_) => "counters",
            Self::OwnAnswers => "own-answers",
            Self::Scheme(_) => "scheme",
            Self::Consumer(_) => "consumer",
            Self::PlanLimit(..) => "plan-limit",
            Self::PlanQuota(..) => "quota",
            Self::Target(..) => "target",
            Self::Balance(..) => "balance",
            Self::Health(..) => "health",
            Self::Breaker(..) => "breaker",
            Self::UpstreamTls(..) => "upstream-tls",
            Self::ServiceRaw(..) | Self::RouteRaw(..) => "raw",
            Self::Match(_) => "match",
            Self::Forward(..) => "forward",
            Self::Rewrite(..) => "rewrite",
            Self::Respond(..) => "respond",
            Self::Gather(..) => "gather",
            Self::Auth(..) => "auth",
            Self::Scopes(..) => "scopes",
            Self::Groups(..) => "groups",
            Self::Limit(..) => "limit",
            Self::Cors(..) => "cors",
            Self::Timeout(..) => "timeout",
            Self::Retries(..) => "retries",
            Self::MaxBody(..) => "max-body",
            Self::Ip(..) => "ip",
            Self::RequestHeaders(..) => "request-headers",
            Self::ResponseHeaders(..) => "response-headers",
            Self::Websocket(_) => "websocket",
            Self::PreserveHost(_) => "preserve-host",
        }
    }

    /// Losing it drops a check (auth, scopes, groups, addresses, removal of forged headers): it fails closed.
    #[must_use]
    pub fn is_check(&self) -> bool {
        matches!(
            self,
            Self::Scheme(_)
                | Self::Consumer(_)
                | Self::Auth(..)
                | Self::Scopes(..)
                | Self::Groups(..)
                | Self::Ip(..)
        )
    }
}

/// Calls `each` with every fact of the gateway, in a stable order: gateway, schemes, plans, consumers, services, routes.
pub fn facts<'g>(gateway: &'g Gateway, mut each: impl FnMut(Fact<'g>)) {
    static ROOT: std::sync::LazyLock<Pointer> = std::sync::LazyLock::new(Pointer::root);
    gateway_facts(gateway, &ROOT, &mut each);
    for scheme in gateway.schemes.values() {
        each(Fact {
            subject: Subject::Scheme(&scheme.name),
            pointer: &scheme.pointer,
            feature: Feature::Scheme(scheme),
        });
    }
    for plan in gateway.plans.values() {
        let subject = Subject::Plan(&plan.name);
        for limit in &plan.limits {
            each(Fact {
                subject,
                pointer: &limit.pointer,
                feature: Feature::PlanLimit(plan, limit),
            });
        }
        if let Some(quota) = &plan.quota {
            each(Fact {
                subject,
                pointer: &quota.pointer,
                feature: Feature::PlanQuota(plan, quota.value),
            });
        }
    }
    for consumer in gateway.consumers.values() {
        each(Fact {
            subject: Subject::Consumer(&consumer.name),
            pointer: &consumer.pointer,
            feature: Feature::Consumer(consumer),
        });
    }
    for service in gateway.services.values() {
        service_facts(service, &mut each);
    }
    for (index, route) in gateway.routes.iter().enumerate() {
        route_facts(RouteId(index), route, &mut each);
    }
}

fn gateway_facts<'g>(gateway: &'g Gateway, root: &'g Pointer, each: &mut impl FnMut(Fact<'g>)) {
    let mut say = |pointer, feature| {
        each(Fact {
            subject: Subject::Gateway,
            pointer,
            feature,
        })
    };
    if !gateway.hosts.is_empty() {
        say(&gateway.hosts.pointer, Feature::Hosts(&gateway.hosts));
    }
    say(&gateway.listen.pointer, Feature::Listen(&gateway.listen));
    if let Some(tls) = &gateway.tls {
        say(&tls.pointer, Feature::Tls(tls));
    }
    if let Some(request_id) = &gateway.request_id {
        say(&request_id.pointer, Feature::RequestId(request_id));
    }
    if let Some(health) = &gateway.health {
        say(&health.pointer, Feature::GatewayHealth(health));
    }
    for limit in &gateway.limits {
        say(&limit.pointer, Feature::GatewayLimit(limit));
    }
    say(
        &gateway.access_log.pointer,
        Feature::AccessLog(gateway.access_log.value),
    );
    if gateway.metrics.value {
        say(&gateway.metrics.pointer, Feature::Metrics);
    }
    if !gateway.trusted_proxies.is_empty() {
        say(&gateway.trusted_proxies.pointer, Feature::TrustedProxies);
    }
    say(
        &gateway.encoded_slash.pointer,
        Feature::Normalisation(gateway.encoded_slash.value),
    );
    let counted = !gateway.limits.is_empty()
        || gateway.routes.iter().any(|route| !route.limits.is_empty())
        || gateway
            .plans
            .values()
            .any(|plan| plan.quota.is_some() || !plan.limits.is_empty());
    if counted {
        say(
            &gateway.counters.pointer,
            Feature::Counters(&gateway.counters),
        );
    }
    say(root, Feature::OwnAnswers);
}

fn service_facts<'g>(service: &'g Service, each: &mut impl FnMut(Fact<'g>)) {
    let mut say = |pointer, feature| {
        each(Fact {
            subject: Subject::Service(&service.name),
            pointer,
            feature,
        })
    };
    for target in &service.targets {
        say(&target.pointer, Feature::Target(service, target));
    }
    if service.targets.len() > 1 {
        say(
            &service.balance.pointer,
            Feature::Balance(service, &service.balance),
        );
    }
    if let Some(health) = &service.health {
        say(&health.pointer, Feature::Health(service, health));
    }
    if let Some(breaker) = &service.breaker {
        say(&breaker.pointer, Feature::Breaker(service, breaker));
    }
    if let Some(tls) = &service.tls {
        say(&tls.pointer, Feature::UpstreamTls(service, tls));
    }
    if let Some(raw) = &service.raw {
        say(&raw.pointer, Feature::ServiceRaw(service, raw));
    }
}

fn route_facts<'g>(id: RouteId, route: &'g Route, each: &mut impl FnMut(Fact<'g>)) {
    let mut say = |pointer, feature| {
        each(Fact {
            subject: Subject::Route(id),
            pointer,
            feature,
        })
    };
    say(&route.pointer, Feature::Match(route));
    match &route.action {
        super::Action::Forward(forward) => {
            say(&route.pointer, Feature::Forward(route, forward));
            if let Some(rewrite) = &forward.rewrite {
                say(&rewrite.pointer, Feature::Rewrite(route, rewrite));
            }
            if forward.preserve_host {
                say(&route.pointer, Feature::PreserveHost(route));
            }
            say(
                &route.timeout.pointer,
                Feature::Timeout(route, &route.timeout),
            );
            if route.retries.attempts > 0 {
                say(
                    &route.retries.pointer,
                    Feature::Retries(route, &route.retries),
                );
            }
        }
        super::Action::Respond(respond) => say(&route.pointer, Feature::Respond(route, respond)),
        super::Action::Gather(gather) => say(&route.pointer, Feature::Gather(route, gather)),
    }
    if !matches!(route.auth.value, Auth::None { .. }) {
        say(&route.auth.pointer, Feature::Auth(route, &route.auth));
    }
    match &route.scopes.value {
        Scopes::All(scopes) | Scopes::Any(scopes) if scopes.is_empty() => {}
        scopes => say(&route.scopes.pointer, Feature::Scopes(route, scopes)),
    }
    if !route.groups.is_empty() {
        say(&route.groups.pointer, Feature::Groups(route, &route.groups));
    }
    for limit in &route.limits {
        say(&limit.pointer, Feature::Limit(route, limit));
    }
    if let Some(cors) = &route.cors {
        say(&cors.pointer, Feature::Cors(route, cors));
    }
    say(
        &route.max_body.pointer,
        Feature::MaxBody(route, route.max_body.value),
    );
    if let Some(ip) = &route.ip {
        say(&ip.pointer, Feature::Ip(route, ip));
    }
    if !route.request_headers.is_empty() {
        say(
            &route.request_headers.pointer,
            Feature::RequestHeaders(route, &route.request_headers),
        );
    }
    if !route.response_headers.is_empty() {
        say(
            &route.response_headers.pointer,
            Feature::ResponseHeaders(route, &route.response_headers),
        );
    }
    if route.websocket {
        say(&route.pointer, Feature::Websocket(route));
    }
    if let Some(raw) = &route.raw {
        say(&raw.pointer, Feature::RouteRaw(route, raw));
    }
}
