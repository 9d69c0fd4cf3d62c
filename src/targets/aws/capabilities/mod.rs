//! FACT -> SUPPORT: what a REST or an HTTP API keeps of each thing that a gateway asks for.

mod access;
mod gateway;
mod limits;
mod service;

use super::design;
use crate::ir::{Action, Fact, Feature, Gateway, Route};
use crate::spec::{self, AwsApi};
use crate::targets::{Shortfall, Support};

/// Which API is asked, and what for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    api: AwsApi,
    gateway: &'a Gateway,
    settings: &'a spec::Targets,
}

/// How far a fact is kept.
pub fn support(fact: &Fact<'_>, gateway: &Gateway, settings: &spec::Targets) -> Support {
    let asked = Asked {
        api: design::api(settings),
        gateway,
        settings,
    };
    match fact.feature {
        Feature::Hosts(hosts) => gateway::hosts(asked, hosts),
        Feature::Listen(listen) => gateway::listen(*listen),
        Feature::Tls(tls) => gateway::tls(asked, tls),
        Feature::RequestId(request_id) => gateway::request_id(asked, request_id),
        Feature::GatewayHealth(_) => Support::exact(),
        Feature::GatewayLimit(limit) => limits::of_gateway(asked, limit),
        Feature::AccessLog(log) => gateway::access_log(log),
        Feature::Metrics => gateway::metrics(),
        Feature::TrustedProxies => gateway::trusted_proxies(asked),
        Feature::Normalisation(slash) => gateway::normalisation(asked, slash),
        Feature::Counters(_) => limits::counters(),
        Feature::OwnAnswers => gateway::own_answers(asked),
        Feature::Scheme(scheme) => access::scheme(asked, scheme),
        Feature::Consumer(_) => Support::exact(),
        Feature::PlanLimit(plan, _) => limits::plan(asked, plan),
        Feature::PlanQuota(_, quota) => limits::quota(asked, quota),
        Feature::Target(service, target) => service::target(service, target),
        Feature::Balance(service, _) => service::balance(service),
        Feature::Health(service, _) => service::health(service),
        Feature::Breaker(service, breaker) => service::breaker(service, breaker),
        Feature::UpstreamTls(service, tls) => service::tls(service, tls),
        Feature::ServiceRaw(..) | Feature::RouteRaw(..) => Support::exact(),
        Feature::Match(route) => matched(gateway, route),
        Feature::Forward(route, forward) => service::forward(asked, route, forward),
        Feature::Rewrite(..) => Support::exact(),
        Feature::Respond(route, respond) => service::respond(asked, route, respond),
        Feature::Gather(_, gather) => service::gather(gather),
        Feature::Auth(..) | Feature::Scopes(..) | Feature::Groups(..) => Support::exact(),
        Feature::Limit(route, limit) => limits::of_route(asked, route, limit),
        Feature::Cors(route, cors) => access::cors(asked, route, cors),
        Feature::Timeout(_, timeout) => service::timeout(asked, timeout),
        Feature::Retries(_, retries) => service::retries(retries),
        Feature::MaxBody(_, bytes) => service::max_body(bytes),
        Feature::Ip(..) => Support::exact(),
        Feature::RequestHeaders(route, rules) => access::request_headers(asked, route, rules),
        Feature::ResponseHeaders(_, rules) => access::response_headers(rules),
        Feature::Websocket(_) => Support::unsupported(
            "websocket",
            "API Gateway's HTTP and REST APIs pass no upgrade on: a WebSocket handshake is answered without one",
        ),
        Feature::PreserveHost(_) => access::preserve_host(asked),
    }
}

fn matched(gateway: &Gateway, route: &Route) -> Support {
    if design::is_of_every_host(gateway, route) {
        return Support::exact();
    }
    let host = route.host.as_ref().map(ToString::to_string);
    let why = format!(
        "an API has one set of paths for all its hosts, so a route of `{}` alone cannot be told from others: it answers 501, or the route of every host with the same path answers",
        host.unwrap_or_default()
    );
    let help = "give the host a gateway of its own";
    Support::exact().and(
        Shortfall::unsupported("host-route", why)
            .security()
            .help(help),
    )
}

/// The route calls a function instead of sending a request.
fn calls_function(gateway: &Gateway, route: &Route) -> bool {
    match &route.action {
        Action::Forward(forward) => matches!(
            super::upstreams::place(&gateway.services[&forward.service]),
            super::upstreams::Place::Function(_)
        ),
        Action::Respond(_) | Action::Gather(_) => false,
    }
}
