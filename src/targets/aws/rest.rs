//! GATEWAY -> REST API: its paths with their methods, and everything around them, in one template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;

use super::design::{self, Check, Meter};
use super::document::firewall::WebAcl;
use super::document::integration::{Integration, Proxy, RestTimeout, Uri, UriPiece, Verb};
use super::document::mapping::{Destination, Source};
use super::document::path::{PathId, PathPart};
use super::document::plan::{MethodKey, Throttle};
use super::document::rest::{Authorization, Authorizer, KeySource, Method, RestApi};
use super::document::stage::{MethodPath, Stage, StageName};
use super::document::{LogicalId, Refused, Template, domain, openapi};
use super::policy::{answers, auth, cors, headers, ip, limit, plans, spelling};
use super::{around, gather, layout, observe, upstreams};
use crate::ir::{Action, Gateway, LimitKey, Route, RouteId, Slot};
use crate::spec;

/// Why a part of the gateway cannot be emitted, and which.
#[derive(Debug)]
pub struct Failure {
    /// The route it is about; none: the gateway.
    pub route: Option<RouteId>,
    /// Why.
    pub why: Refused,
}

/// What is emitted.
#[derive(Debug)]
pub struct Built {
    /// The template.
    pub template: Template,
    /// Paths of the API.
    pub paths: usize,
    /// Authorizers of the API.
    pub authorizers: usize,
}

/// Resources that a template may have
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).
pub const MOST_RESOURCES: usize = 500;

pub(super) fn fail(route: Option<RouteId>) -> impl FnOnce(Refused) -> Failure {
    move |why| Failure { route, why }
}

struct Lowering<'g> {
    gateway: &'g Gateway,
    settings: &'g spec::Targets,
    closed: &'g BTreeSet<RouteId>,
    api: RestApi,
    template: Template,
    authorizer: Option<LogicalId>,
    gather: Option<LogicalId>,
    stage: BTreeMap<MethodPath, Throttle>,
    plan: BTreeMap<MethodKey, Throttle>,
    functions: BTreeSet<String>,
}

/// Lowers a gateway.
///
/// # Errors
/// The first part that a REST API cannot hold.
pub fn build(
    gateway: &Gateway,
    settings: &spec::Targets,
    closed: &BTreeSet<RouteId>,
) -> Result<Built, Failure> {
    let slots = design::served(gateway);
    let (paths, places) = layout::lay_out(gateway, &slots)?;
    let mut lowering = Lowering {
        gateway,
        settings,
        closed,
        api: RestApi::new(gateway.name.clone(), paths),
        template: super::empty_template(gateway, settings),
        authorizer: None,
        gather: None,
        stage: BTreeMap::new(),
        plan: BTreeMap::new(),
        functions: BTreeSet::new(),
    };
    lowering.functions(&slots, &places)?;
    lowering.describe().map_err(fail(None))?;
    for place in places {
        match place.slot {
            None => lowering.health(place.path)?,
            Some(at) => lowering.slot(place.path, &slots[at])?,
        }
    }
    lowering.finish().map_err(fail(None))
}

impl Lowering<'_> {
    fn functions(&mut self, slots: &[Slot], places: &[layout::Laid]) -> Result<(), Failure> {
        let mut rules: auth::Rules<'_> = Vec::new();
        let mut gathers = Vec::new();
        for place in places {
            let Some(slot) = place.slot.map(|at| &slots[at]) else {
                continue;
            };
            let path = self.api.paths.text(place.path);
            for (verb, id) in around::verbs(slot).map_err(fail(slot.routes.first().copied()))? {
                let route = &self.gateway.routes[id.0];
                let key = format!("{} {path}", verb.name());
                if self.is_closed(id) {
                    continue;
                }
                if auth::is_own(self.gateway, self.settings, route) {
                    rules.push((key.clone(), route));
                }
                if let Action::Gather(parts) = &route.action {
                    let parts = gather::route(
                        self.gateway,
                        route,
                        parts,
                        &self.api.paths.parts(place.path),
                    );
                    gathers.push((key, parts));
                }
            }
        }
        let function = auth::function(self.gateway, self.settings, &rules).map_err(fail(None))?;
        self.authorizer = function.map(|function| function.print(15, &mut self.template));
        let function = gather::function(self.gateway, gathers).map_err(fail(None))?;
        self.gather = function.map(|function| function.print(29, &mut self.template));
        Ok(())
    }

    fn describe(&mut self) -> Result<(), Refused> {
        self.api.key_source = match design::meter(self.gateway, self.settings) {
            Meter::Authorizer => KeySource::Authorizer,
            Meter::Header | Meter::None => KeySource::Header,
        };
        self.api.binary = self.gateway.routes.iter().any(|route| {
            matches!(&route.action, Action::Forward(forward)
                if matches!(upstreams::place(&self.gateway.services[&forward.service]), upstreams::Place::Http { .. }))
        });
        self.api.only_domains = !design::domains(self.gateway).is_empty();
        let health = self.gateway.health.as_ref().map(|path| path.value.as_str());
        self.api.policy = design::common_ip(self.gateway).map(|rules| ip::policy(rules, health));
        self.api.responses = answers::responses(self.gateway)?;
        Ok(())
    }

    fn is_closed(&self, id: RouteId) -> bool {
        self.closed.contains(&id)
    }

    fn add(&mut self, path: PathId, verb: Verb, integration: Integration) -> Result<(), Refused> {
        self.api.method(Method {
            path,
            verb,
            authorization: Authorization::None,
            metered: false,
            integration,
            raw: Map::new(),
            raw_integration: Map::new(),
        })
    }

    fn health(&mut self, path: PathId) -> Result<(), Failure> {
        let slot = Slot {
            routes: Vec::new(),
            methods: Vec::new(),
            any: None,
            allow: vec!["GET".into(), "HEAD".into()],
        };
        let other = answers::other_method(self.gateway, &slot).map_err(fail(None))?;
        let health = answers::health(self.gateway);
        for (verb, mock) in [
            (Verb::Get, health.clone()),
            (Verb::Head, health),
            (Verb::Any, other),
        ] {
            self.add(path, verb, Integration::Mock(mock))
                .map_err(fail(None))?;
        }
        Ok(())
    }

    fn slot(&mut self, path: PathId, slot: &Slot) -> Result<(), Failure> {
        let first = slot.routes.first().copied();
        for (verb, id) in around::verbs(slot).map_err(fail(first))? {
            self.route(path, verb, id).map_err(fail(Some(id)))?;
        }
        if cors::has_preflight(self.gateway, slot) {
            let mock = Integration::Mock(answers::preflight(self.gateway, slot));
            self.add(path, Verb::Options, mock).map_err(fail(first))?;
        }
        if slot.any.is_none() {
            // Without it a request with another method would fall to a less specific path.
            let mock = answers::other_method(self.gateway, slot).map_err(fail(first))?;
            self.add(path, Verb::Any, Integration::Mock(mock))
                .map_err(fail(first))?;
        }
        Ok(())
    }

    fn route(&mut self, path: PathId, verb: Verb, id: RouteId) -> Result<(), Refused> {
        let route = &self.gateway.routes[id.0];
        let rules = route.cors.as_ref().map(|cors| &cors.value);
        if self.is_closed(id) {
            return self.add(
                path,
                verb,
                Integration::Mock(answers::closed(self.gateway, rules)),
            );
        }
        let integration = self.integration(path, verb, route)?;
        let authorization = self.authorization(route);
        let text = self.api.paths.text(path);
        self.throttles(route, &text, verb)?;
        let raw = |part: &str| super::raw_part(self.gateway, route, part);
        self.api.method(Method {
            path,
            verb,
            authorization,
            metered: design::is_metered(self.gateway, self.settings, route),
            integration,
            raw: raw("method"),
            raw_integration: raw("integration"),
        })
    }

    fn integration(
        &mut self,
        path: PathId,
        verb: Verb,
        route: &Route,
    ) -> Result<Integration, Refused> {
        let parts: Vec<PathPart> = self.api.paths.parts(path).into_iter().cloned().collect();
        let parts: Vec<&PathPart> = parts.iter().collect();
        match &route.action {
            Action::Respond(respond) => {
                let rules = route.cors.as_ref().map(|cors| &cors.value);
                let mock = answers::respond(self.gateway, respond, &route.pattern, &parts, rules)?;
                Ok(Integration::Mock(mock))
            }
            Action::Gather(_) => match &self.gather {
                Some(function) => Ok(Integration::Own(function.clone())),
                None => Ok(Integration::Mock(answers::closed(self.gateway, None))),
            },
            Action::Forward(forward) => {
                let raised = design::is_allowed(self.settings, "resource-quota");
                let asked = route.timeout.response.0;
                let millis = match route.timeout.explicit && raised {
                    true => asked,
                    false => asked.min(RestTimeout::LONGEST),
                };
                let timeout = RestTimeout::new(millis.max(50), raised)?;
                match upstreams::place(&self.gateway.services[&forward.service]) {
                    upstreams::Place::Function(arn) => {
                        self.functions.insert(arn.clone());
                        Ok(Integration::Function { arn, timeout })
                    }
                    upstreams::Place::Http { base, connection } => {
                        let sent = upstreams::sent_path(forward, &route.pattern, &parts);
                        let mut parameters = headers::rest(self.gateway, route)?;
                        for piece in &sent {
                            if let UriPiece::Place(name) = piece {
                                parameters.insert(
                                    Destination::Path(name.clone()),
                                    Source::Path(name.clone()),
                                );
                            }
                        }
                        let uri = Uri::new(&base, &sent)?;
                        let proxy = Proxy::new(verb, uri, connection, timeout, parameters)?;
                        Ok(Integration::Proxy(proxy))
                    }
                }
            }
        }
    }

    fn authorization(&mut self, route: &Route) -> Authorization {
        match design::check(self.gateway, self.settings, route) {
            Check::Open | Check::Key | Check::Jwt(..) => Authorization::None,
            Check::Cognito(pool, scopes) => {
                let name = route.auth.schemes().first().cloned().unwrap_or_default();
                let id = self.api.authorizer(Authorizer::Cognito { name, pool });
                Authorization::Cognito(id, scopes)
            }
            Check::Function(arn) => {
                let name = route.auth.schemes().first().cloned().unwrap_or_default();
                self.functions.insert(arn.clone());
                Authorization::Lambda(self.api.authorizer(Authorizer::Function { name, arn }))
            }
            Check::Own => match self.authorizer.clone() {
                Some(function) => {
                    let name = "own".to_owned();
                    Authorization::Lambda(self.api.authorizer(Authorizer::Own { name, function }))
                }
                None => Authorization::None,
            },
        }
    }

    fn throttles(&mut self, route: &Route, path: &str, verb: Verb) -> Result<(), Refused> {
        let whole = self.whole()?;
        for asked in &route.limits {
            let this = limit::throttle(asked)?;
            match limit::kept(self.gateway, route, asked) {
                limit::Kept::Throttle => {
                    let entry = self
                        .stage
                        .entry(MethodPath::new(path, verb))
                        .or_insert(this);
                    *entry = entry.stricter(this);
                    if let Some(whole) = whole {
                        *entry = entry.stricter(whole);
                    }
                }
                limit::Kept::Plan => {
                    let entry = self.plan.entry(MethodKey::new(path, verb)).or_insert(this);
                    *entry = entry.stricter(this);
                }
                limit::Kept::Window | limit::Kept::No => {}
            }
        }
        Ok(())
    }

    fn whole(&self) -> Result<Option<Throttle>, Refused> {
        let mut strictest: Option<Throttle> = None;
        for asked in &self.gateway.limits {
            if asked.key == LimitKey::Everyone {
                let this = limit::throttle(asked)?;
                strictest = Some(strictest.map_or(this, |other| other.stricter(this)));
            }
        }
        Ok(strictest)
    }

    fn finish(mut self) -> Result<Built, Refused> {
        let before = self.template.clone();
        let (mut api, mut parts) = self.api.print(&mut self.template);
        // Parts of a method each cost a resource; above the limit the API is one resource with a body.
        let around = 24 + 3 * self.gateway.consumers.len() + 2 * self.gateway.hosts.len();
        if self.template.resources.len() + around > MOST_RESOURCES {
            self.template = before;
            (api, parts) = openapi::print(&self.api, &mut self.template);
        }
        let stage = Stage {
            name: StageName::new(&self.gateway.stage)?,
            throttle: self.whole()?,
            methods: std::mem::take(&mut self.stage),
            metrics: self.gateway.metrics.value,
            log: observe::log_format(self.gateway, spec::AwsApi::Rest),
        };
        let stage = stage.print(&api, parts, &mut self.template);
        for plan in plans::plans(self.gateway, self.settings, &self.plan)? {
            plan.print(&api, &stage, &mut self.template);
        }
        let mut rules: Vec<_> = spelling::rule(self.gateway).into_iter().collect();
        rules.extend(limit::rules(self.gateway));
        if !rules.is_empty() {
            WebAcl { rules }.print(&api, &stage, &mut self.template);
        }
        around::permits(
            &self.functions,
            [("Authorizer", &self.authorizer), ("Gather", &self.gather)],
            &api,
            &mut self.template,
        );
        for (name, certificate, policy) in design::domains(self.gateway) {
            let domain = domain::Domain {
                name,
                certificate,
                policy,
            };
            domain.print(domain::Api::Rest, &api, &stage, &mut self.template);
        }
        around::outputs(&mut self.template, &api, &self.gateway.stage);
        Ok(Built {
            paths: self.api.paths.count(),
            authorizers: self.api.authorizers().len(),
            template: self.template,
        })
    }
}
