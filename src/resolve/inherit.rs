//! What routes inherit: the nearest definition of a key wins whole, from route over service and defaults to gateway.

use std::collections::HashMap;

use super::run::Run;
use super::{access, headers, policies};
use crate::ir::units::Bytes;
use crate::ir::{
    Auth, Cors, HeaderRules, IpRules, Limit, LimitKey, Retries, Scopes, Sourced, Timeout,
};
use crate::source::Pointer;
use crate::spec::{self, OneOrMany, OrNone};

/// Limits of a route, or `none` in so many words.
#[derive(Clone, Default)]
pub(super) struct Limits {
    pub list: Vec<Sourced<Limit>>,
    pub unlimited: bool,
}

/// What stands above routes, resolved (and its mistakes reported) once.
pub(super) struct Inherited<'a> {
    pub auth: Option<Sourced<Auth>>,
    pub scopes: Option<Sourced<Scopes>>,
    pub groups: Option<Sourced<Vec<String>>>,
    pub limits: Option<Limits>,
    pub cors: Option<Sourced<Cors>>,
    pub ip: Option<Sourced<IpRules>>,
    pub request_headers: Option<Sourced<HeaderRules>>,
    pub response_headers: Option<Sourced<HeaderRules>>,
    pub max_body: Option<Sourced<Bytes>>,
    timeout: Option<Sourced<Timeout>>,
    retries: Option<Sourced<Retries>>,
    services: HashMap<&'a str, OfService>,
}

impl<'a> Inherited<'a> {
    pub fn new(run: &Run<'a>) -> Self {
        let at = Pointer::root().key("defaults");
        let top = Pointer::root().key("gateway");
        let (defaults, gateway) = (&run.spec.defaults, &run.spec.gateway);
        let ip = |rules: &Option<spec::IpRules>, at: &Pointer| {
            rules
                .as_ref()
                .map(|rules| policies::ip(run, rules, at.key("ip")))
        };
        let header_rules = |rules: &Option<spec::Headers>, at: Pointer| {
            let rules = rules.as_ref()?;
            Some(Sourced::new(headers::rules(run, rules, &at), at))
        };
        let near = ip(&defaults.ip, &at);
        let far = ip(&gateway.ip, &top);
        let request = header_rules(&defaults.request_headers, at.key("request_headers"));
        let far_request = header_rules(&gateway.request_headers, top.key("request_headers"));
        let response = header_rules(&defaults.response_headers, at.key("response_headers"));
        let far_response = header_rules(&gateway.response_headers, top.key("response_headers"));
        Self {
            auth: defaults
                .auth
                .as_ref()
                .map(|auth| access::auth(run, auth, at.key("auth"))),
            scopes: defaults
                .scopes
                .as_ref()
                .map(|scopes| access::scopes(run, scopes, at.key("scopes"))),
            groups: defaults
                .groups
                .as_ref()
                .map(|groups| access::groups(run, groups, at.key("groups"))),
            limits: limits(run, &defaults.limit, &at),
            cors: cors(run, &defaults.cors, &at).flatten(),
            ip: near.or(far),
            request_headers: request.or(far_request),
            response_headers: response.or(far_response),
            max_body: gateway
                .max_body
                .map(|bytes| Sourced::new(bytes, top.key("max_body"))),
            timeout: timeout(run, &defaults.timeout, &at),
            retries: retries(run, &defaults.retries, &at),
            services: services(run),
        }
    }

    /// The time limits of a route to a service that has none of its own.
    pub fn timeout(&self, service: Option<&str>) -> Option<&Sourced<Timeout>> {
        let near = service.and_then(|name| self.services.get(name)?.0.as_ref());
        near.or(self.timeout.as_ref())
    }

    /// The retries of a route to a service that has none of its own.
    pub fn retries(&self, service: Option<&str>) -> Option<&Sourced<Retries>> {
        let near = service.and_then(|name| self.services.get(name)?.1.as_ref());
        near.or(self.retries.as_ref())
    }
}

type OfService = (Option<Sourced<Timeout>>, Option<Sourced<Retries>>);

fn services<'a>(run: &Run<'a>) -> HashMap<&'a str, OfService> {
    let section = Pointer::root().key("services");
    let each = run.spec.services.iter();
    each.filter(|(_, service)| service.timeout.is_some() || service.retries.is_some())
        .map(|(name, service)| {
            let at = section.key(name);
            let policies = (
                timeout(run, &service.timeout, &at),
                retries(run, &service.retries, &at),
            );
            (name.as_str(), policies)
        })
        .collect()
}

pub(super) fn timeout(
    run: &Run<'_>,
    written: &Option<spec::Timeout>,
    at: &Pointer,
) -> Option<Sourced<Timeout>> {
    written
        .as_ref()
        .map(|timeout| policies::timeout(run, timeout, at.key("timeout")))
}

pub(super) fn retries(
    run: &Run<'_>,
    written: &Option<spec::Retries>,
    at: &Pointer,
) -> Option<Sourced<Retries>> {
    written
        .as_ref()
        .map(|retries| policies::retries(run, retries, at.key("retries")))
}

pub(super) fn limits(
    run: &Run<'_>,
    written: &Option<OrNone<OneOrMany<spec::Limit>>>,
    at: &Pointer,
) -> Option<Limits> {
    Some(match written.as_ref()? {
        OrNone::None => Limits {
            list: Vec::new(),
            unlimited: true,
        },
        OrNone::Some(limits) => Limits {
            list: policies::limits(run, limits, &LimitKey::Consumer, &at.key("limit")),
            unlimited: false,
        },
    })
}

/// `Some(None)` where `none` was written.
pub(super) fn cors(
    run: &Run<'_>,
    written: &Option<OrNone<spec::Cors>>,
    at: &Pointer,
) -> Option<Option<Sourced<Cors>>> {
    let written = written.as_ref()?;
    Some(
        written
            .as_option()
            .map(|cors| policies::cors(run, cors, at.key("cors"))),
    )
}
