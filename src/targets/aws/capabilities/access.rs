//! What an API keeps of schemes, cross-origin rules and headers.

use super::super::design::{self, Check};
use super::super::{http, upstreams};
use super::{Asked, calls_function};
use crate::ir::{Action, Cors, HeaderRules, Keys, Route, Scheme, SchemeKind};
use crate::spec::AwsApi;
use crate::targets::{Shortfall, Support};

pub(super) fn scheme(asked: Asked<'_>, scheme: &Scheme) -> Support {
    let gateway = asked.gateway;
    let users = || {
        let uses = |route: &&Route| route.auth.schemes().contains(&scheme.name);
        gateway.routes.iter().filter(uses)
    };
    let some = |wanted: fn(&Check) -> bool| {
        users().any(|route| wanted(&design::check(gateway, asked.settings, route)))
    };
    let mut support = Support::exact();
    if some(|check| matches!(check, Check::Cognito(..))) {
        let why = "API Gateway takes the pool's identity tokens on routes without scopes and its access tokens on routes with scopes, and refuses the other kind with 401; it does not say how much leeway `exp` has";
        support = support.and(Shortfall::approximate("cognito-token-use", why));
    }
    if some(|check| matches!(check, Check::Jwt(..))) {
        let why = "API Gateway reads the keys that the issuer's discovery document names, not the `jwks` of the spec, accepts RS256, RS384 and RS512, and does not say how much leeway `exp` has";
        support = support.and(Shortfall::approximate("jwt-discovery", why));
    }
    if forwards(scheme) {
        let why = "mappings cannot leave a header out: what the client sent in a header that `forward` fills is replaced by `-` where there is no value";
        support = support.and(Shortfall::approximate("header-emptied", why));
    }
    match &scheme.kind {
        SchemeKind::External(external) => {
            let function = external.lambda_arn.is_some() && asked.api == AwsApi::Rest;
            let why = if function {
                "the function decides in the event format of Lambda authorizers; its 401 and 403 have the gateway's body, and headers to forward come from its context under `h_` and the name in lower case with `_`"
            } else {
                "a function asks the URL; its 401 and 403 have the gateway's body and headers, not the service's"
            };
            support = support.and(Shortfall::approximate("external-answer", why));
            if !function && external.url.host_str().is_some_and(upstreams::is_private) {
                support = support.and(private(external.url.as_str()));
            }
        }
        SchemeKind::Jwt(jwt) => {
            if let Keys::JwksUrl(url) = &jwt.keys
                && url.host_str().is_some_and(upstreams::is_private)
            {
                support = support.and(private(url.as_str()));
            }
        }
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => {}
    }
    support
}

fn forwards(scheme: &Scheme) -> bool {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => !jwt.forward.is_empty(),
        SchemeKind::External(external) => !external.forward.is_empty(),
        SchemeKind::ApiKey(_) | SchemeKind::Basic(_) => false,
    }
}

fn private(url: &str) -> Shortfall {
    let why = format!(
        "AWS cannot reach `{url}` from outside your network: every request that needs it is answered with 503"
    );
    Shortfall::approximate("private-address", why)
}

pub(super) fn cors(asked: Asked<'_>, route: &Route, cors: &Cors) -> Support {
    let forwards = matches!(route.action, Action::Forward(_));
    match asked.api {
        AwsApi::Rest if forwards => {
            let why = "preflights are answered, but a REST API passes a service's answer as it is: without CORS headers from the service a browser keeps every answer from the script";
            let help = "let the service send `Access-Control-Allow-Origin` and `Vary` itself, or use `api: http`";
            Support::exact().and(Shortfall::unsupported("cors-answers", why).help(help))
        }
        AwsApi::Rest => Support::exact(),
        AwsApi::Http => {
            let same = http::common_cors(asked.gateway).as_ref() == Some(cors);
            if !same {
                let why = "an HTTP API has one set of rules: what all routes with rules allow is allowed, and what this route allows beyond that is not";
                return Support::unsupported("cors-per-route", why);
            }
            if asked
                .gateway
                .routes
                .iter()
                .any(|route| route.cors.is_none())
            {
                let why = "an HTTP API has one set of rules: routes without any answer preflights and carry CORS headers too";
                return Support::approximate("cors-per-route", why);
            }
            Support::exact()
        }
    }
}

pub(super) fn request_headers(asked: Asked<'_>, route: &Route, rules: &HeaderRules) -> Support {
    if calls_function(asked.gateway, route) {
        let why = "a function gets the client's headers as they came: none is set or removed";
        return Support::unsupported("function-headers", why);
    }
    if asked.api == AwsApi::Rest && !rules.remove.is_empty() {
        let why = format!(
            "a REST API cannot remove a header: the service gets {} with the value `-`",
            rules
                .remove
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        );
        return Support::approximate("header-emptied", why);
    }
    Support::exact()
}

pub(super) fn response_headers(rules: &HeaderRules) -> Support {
    let count = rules.set.len() + rules.remove.len();
    let why =
        format!("a service's answer passes as it is: {count} headers are neither set nor removed");
    Support::exact().and(
        Shortfall::unsupported("response-headers", why)
            .help("let the service send them, or put CloudFront in front"),
    )
}

pub(super) fn preserve_host(asked: Asked<'_>) -> Support {
    match asked.api {
        AwsApi::Rest => Support::approximate(
            "preserve-host",
            "the service gets the custom domain's name, or AWS's own where there is none, without a port",
        ),
        AwsApi::Http => Support::unsupported(
            "preserve-host",
            "an HTTP API lets no mapping change `Host`: the service gets its own name",
        ),
    }
}
