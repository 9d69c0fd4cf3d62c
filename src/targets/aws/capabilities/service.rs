//! What an API keeps of services and of what is done with a request.

use super::super::check::LARGEST_BODY;
use super::super::document::integration::RestTimeout;
use super::super::policy::spelling;
use super::super::{design, upstreams};
use super::{Asked, calls_function};
use crate::ir::units::Bytes;
use crate::ir::{
    Action, Breaker, Forward, Gather, Piece, Respond, Retries, Route, Service, Target, Timeout,
    UpstreamTls, ViaAws,
};
use crate::spec::AwsApi;
use crate::targets::{Shortfall, Support};

pub(super) fn target(service: &Service, target: &Target) -> Support {
    match &service.via.aws {
        Some(ViaAws::Lambda(_)) => Support::approximate(
            "function-event",
            "the function gets an event instead of a request, 6 MB at most, with the request's ID in its context and API keys still in its headers",
        ),
        Some(ViaAws::Url(_) | ViaAws::VpcLink { .. }) => Support::exact(),
        None if upstreams::is_private(&target.address.host) => {
            let why = format!(
                "AWS cannot reach `{}` from outside your network: every request to it is answered with 502 or 504",
                target.address.authority()
            );
            let help = "give the service `via.aws`: a public URL, a VPC link or a function";
            Support::exact().and(Shortfall::approximate("private-address", why).help(help))
        }
        None => Support::exact(),
    }
}

pub(super) fn balance(service: &Service) -> Support {
    match &service.via.aws {
        Some(_) => Support::approximate(
            "balance",
            "what stands behind `via.aws` chooses among its own targets, in its own way",
        ),
        None => {
            let address = upstreams::main_target(service);
            let why = format!(
                "API Gateway sends to one address: `{}` gets every request, the other {} none",
                address.authority(),
                service.targets.len() - 1
            );
            let help = "put a load balancer in front and name it in `via.aws`";
            Support::exact().and(Shortfall::unsupported("balance", why).help(help))
        }
    }
}

pub(super) fn health(service: &Service) -> Support {
    let why = format!(
        "API Gateway probes nothing: requests to `{}` go on however many probes would have failed",
        service.name
    );
    let help = "let a load balancer's target group probe, and name it in `via.aws`";
    Support::exact().and(Shortfall::unsupported("health-probe", why).help(help))
}

pub(super) fn breaker(service: &Service, breaker: &Breaker) -> Support {
    let why = format!(
        "API Gateway has no breaker: after {} failures in a row `{}` gets every further request instead of none for {}",
        breaker.failures, service.name, breaker.open
    );
    Support::unsupported("circuit-breaker", why)
}

pub(super) fn tls(service: &Service, tls: &UpstreamTls) -> Support {
    if matches!(service.via.aws, Some(ViaAws::Lambda(_))) {
        return Support::exact();
    }
    let mut lost = Vec::new();
    if tls.ca.is_some() {
        lost.push("roots of one's own (a certificate that they signed is refused)");
    }
    if tls.client.is_some() {
        lost.push("a client certificate of one's own");
    }
    if !tls.verify {
        lost.push("going on without verifying (a certificate that cannot be verified is refused)");
    }
    if lost.is_empty() {
        return Support::exact();
    }
    let why = format!(
        "API Gateway verifies against its own roots; it has no {}",
        lost.join(", no ")
    );
    Support::unsupported("upstream-tls", why)
}

pub(super) fn forward(asked: Asked<'_>, route: &Route, forward: &Forward) -> Support {
    let mut support = Support::exact();
    if calls_function(asked.gateway, route) && !design::forwarded(asked.gateway).is_empty() {
        let why = "a function gets the client's headers as they came, forged ones among them: those that `forward` fills are not removed";
        let help = "read claims from the event's `requestContext.authorizer`, in a gateway whose schemes forward no headers";
        support = support.and(
            Shortfall::unsupported("function-forged-headers", why)
                .security()
                .help(help),
        );
    }
    if asked.api == AwsApi::Http
        && spelling::sends_text(route)
        && !calls_function(asked.gateway, route)
    {
        support = support.and(escape(asked, route, forward));
    }
    support
}

/// An HTTP API decodes what it puts into a path and has no firewall that could refuse it first.
fn escape(asked: Asked<'_>, route: &Route, forward: &Forward) -> Shortfall {
    let gateway = asked.gateway;
    let same_checks = |other: &Route| {
        other.auth == route.auth
            && other.scopes == route.scopes
            && other.groups == route.groups
            && other.ip == route.ip
    };
    let address = |name: &str| upstreams::place(&gateway.services[name]);
    let other = gateway.routes.iter().find(|other| match &other.action {
        Action::Forward(to) => {
            address(&to.service) == address(&forward.service) && !same_checks(other)
        }
        Action::Respond(_) | Action::Gather(_) => false,
    });
    let help = "use `api: rest`, where AWS WAF refuses such spellings, or a function in `via.aws`";
    match other {
        Some(other) => {
            let why = format!(
                "`..%2F` in this path reaches the service as `../`, so a service that resolves it answers for `{}` without that route's checks",
                other.key
            );
            Shortfall::unsupported("path-escape", why)
                .security()
                .help(help)
        }
        None => {
            let why = "`..%2F` in this path reaches the service as `../`: a service that resolves it answers for paths that no route names, after this route's checks";
            Shortfall::approximate("path-escape", why)
                .security()
                .help(help)
        }
    }
}

pub(super) fn respond(asked: Asked<'_>, _: &Route, respond: &Respond) -> Support {
    let query = respond
        .location
        .iter()
        .flatten()
        .any(|piece| matches!(piece, Piece::Query));
    if query && asked.api == AwsApi::Rest {
        let why = "`{query}` is written anew from the parameters that API Gateway read: of a name that comes twice the last value stays, and escapes may be spelt otherwise";
        return Support::approximate("respond-query", why);
    }
    Support::exact()
}

pub(super) fn gather(gather: &Gather) -> Support {
    let why = format!(
        "a function asks the {} services: it has 29 s for all of them and 6 MB for its answer, and it reaches public addresses alone",
        gather.parts.len()
    );
    Support::approximate("gather-function", why)
}

pub(super) fn timeout(asked: Asked<'_>, timeout: &Timeout) -> Support {
    let longest = match asked.api {
        AwsApi::Rest => RestTimeout::LONGEST,
        AwsApi::Http => super::super::document::http::HttpTimeout::LONGEST,
    };
    let kept = timeout.response.0.min(longest);
    let why = format!(
        "{kept} ms bound the whole exchange with a service; connecting has no limit of its own where {} is asked for",
        timeout.connect
    );
    let mut support = Support::approximate("timeout-total", why);
    if timeout.explicit && timeout.response.0 > longest && asked.api == AwsApi::Rest {
        let why = format!(
            "{} are asked for, and AWS gives 29 s until asked for more (regional APIs alone)",
            timeout.response
        );
        let help = "ask AWS to raise the quota, then allow `resource-quota` with the reason";
        support = support.and(Shortfall::unsupported("resource-quota", why).help(help));
    }
    support
}

pub(super) fn retries(retries: &Retries) -> Support {
    let why = format!(
        "API Gateway asks a service once: none of {} further tries is made",
        retries.attempts
    );
    Support::unsupported("retries", why)
}

pub(super) fn max_body(bytes: Bytes) -> Support {
    if bytes >= LARGEST_BODY {
        return Support::exact();
    }
    let why = format!(
        "bodies between {bytes} and API Gateway's own {LARGEST_BODY} reach the service instead of getting 413"
    );
    Support::unsupported("max-body", why)
}
