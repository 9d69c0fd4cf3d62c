//! GATEWAY -> HTTP API: its routes with their integrations, and everything around them, in one template.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::design::{self, Check};
use super::document::function::Function;
use super::document::http::{
    HttpApi, HttpAuthorization, HttpAuthorizer, HttpCors, HttpIntegration, HttpRoute, HttpTimeout,
    JwtIssuer, SentPiece,
};
use super::document::integration::{UriPiece, Verb};
use super::document::path::{PathId, PathPart};
use super::document::plan::Throttle;
use super::document::stage::StageName;
use super::document::{LogicalId, Refused, Template, domain};
use super::policy::{answers, auth, headers, limit};
use super::rest::{Built, Failure, fail};
use super::{around, gather, layout, observe, upstreams};
use crate::ir::{
    Action, Cors, Gateway, LimitKey, Origins, Respond, Route, RouteId, SchemeKind, Slot,
};
use crate::spec;

const ANSWERS: &str = include_str!("../../../templates/aws/answers.js");

struct Lowering<'g> {
    gateway: &'g Gateway,
    settings: &'g spec::Targets,
    closed: &'g BTreeSet<RouteId>,
    api: HttpApi,
    template: Template,
    authorizer: Option<LogicalId>,
    gather: Option<LogicalId>,
    answers: Option<LogicalId>,
    functions: BTreeSet<String>,
}

/// Lowers a gateway.
///
/// # Errors
/// The first part that an HTTP API cannot hold.
pub fn build(
    gateway: &Gateway,
    settings: &spec::Targets,
    closed: &BTreeSet<RouteId>,
) -> Result<Built, Failure> {
    let slots = design::served(gateway);
    let (paths, places) = layout::lay_out(gateway, &slots)?;
    let stage = StageName::new(&gateway.stage).map_err(fail(None))?;
    let mut lowering = Lowering {
        gateway,
        settings,
        closed,
        api: HttpApi::new(gateway.name.clone(), paths, stage),
        template: super::empty_template(gateway, settings),
        authorizer: None,
        gather: None,
        answers: None,
        functions: BTreeSet::new(),
    };
    lowering.functions(&slots, &places)?;
    lowering.describe().map_err(fail(None))?;
    for place in places {
        match place.slot {
            None => lowering.health(place.path).map_err(fail(None))?,
            Some(at) => lowering.slot(place.path, &slots[at])?,
        }
    }
    Ok(lowering.finish())
}

/// What all routes with rules allow alike: an HTTP API has one set of rules.
#[must_use]
pub fn common_cors(gateway: &Gateway) -> Option<Cors> {
    let mut rules = gateway
        .routes
        .iter()
        .filter_map(|route| route.cors.as_ref());
    let first = rules.next()?.value.clone();
    let mut common = first;
    for other in rules {
        common.origins = match (&common.origins, &other.origins) {
            (Origins::All, other) => other.clone(),
            (one, Origins::All) => one.clone(),
            (Origins::List(one), Origins::List(other)) => {
                Origins::List(one.iter().filter(|o| other.contains(o)).cloned().collect())
            }
        };
        let keep =
            |list: &mut Vec<String>, other: &[String]| list.retain(|item| other.contains(item));
        keep(&mut common.methods, &other.methods);
        keep(&mut common.headers, &other.headers);
        keep(&mut common.expose, &other.expose);
        common.credentials &= other.credentials;
        common.max_age = common.max_age.min(other.max_age);
    }
    let nobody = matches!(&common.origins, Origins::List(list) if list.is_empty());
    (!nobody).then_some(common)
}

impl Lowering<'_> {
    fn functions(&mut self, slots: &[Slot], places: &[layout::Laid]) -> Result<(), Failure> {
        let mut rules: auth::Rules<'_> = Vec::new();
        let mut gathers = Vec::new();
        let mut fixed = Map::new();
        for place in places {
            let path = self.api.paths.text(place.path);
            let Some(slot) = place.slot.map(|at| &slots[at]) else {
                fixed.insert(format!("GET {path}"), answer(200, r#"{"status":"ok"}"#));
                fixed.insert(format!("HEAD {path}"), answer(200, ""));
                fixed.insert(
                    format!("ANY {path}"),
                    other_method(&["GET".into(), "HEAD".into()]),
                );
                continue;
            };
            let parts = self.api.paths.parts(place.path);
            for (verb, id) in around::verbs(slot).map_err(fail(slot.routes.first().copied()))? {
                let route = &self.gateway.routes[id.0];
                let key = format!("{} {path}", verb.name());
                if self.closed.contains(&id) {
                    let body =
                        answers::message("a check of this route does not exist on this gateway");
                    fixed.insert(key, answer(501, &body));
                    continue;
                }
                if auth::is_own(self.gateway, self.settings, route) {
                    rules.push((key.clone(), route));
                }
                match &route.action {
                    Action::Forward(_) => {}
                    Action::Gather(all) => {
                        gathers.push((key, gather::route(self.gateway, route, all, &parts)));
                    }
                    Action::Respond(one) => {
                        fixed.insert(key, respond(one, route, &parts));
                    }
                }
            }
            if slot.any.is_none() {
                fixed.insert(format!("ANY {path}"), other_method(&slot.allow));
            }
        }
        let function = auth::function(self.gateway, self.settings, &rules).map_err(fail(None))?;
        self.authorizer = function.map(|function| function.print(15, &mut self.template));
        let function = gather::function(self.gateway, gathers).map_err(fail(None))?;
        self.gather = function.map(|function| function.print(29, &mut self.template));
        if !fixed.is_empty() {
            let id = self.gateway.request_id.as_ref().map(|id| id.header.clone());
            let config = json!({ "requestId": id, "routes": fixed });
            let code = auth::source(&config, ANSWERS);
            let function = Function::new("Answers", code, Map::new()).map_err(fail(None))?;
            self.answers = Some(function.print(5, &mut self.template));
        }
        Ok(())
    }

    fn describe(&mut self) -> Result<(), Refused> {
        self.api.cors = match common_cors(self.gateway) {
            Some(cors) => Some(HttpCors::new(&cors)?),
            None => None,
        };
        self.api.only_domains = !design::domains(self.gateway).is_empty();
        self.api.metrics = self.gateway.metrics.value;
        self.api.log = observe::log_format(self.gateway, spec::AwsApi::Http);
        self.api.throttle = self.whole()?;
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

    fn own(&mut self, path: PathId, verb: Verb) -> Result<(), Refused> {
        let Some(function) = self.answers.clone() else {
            return Ok(());
        };
        self.api.route(HttpRoute {
            path,
            verb,
            authorization: HttpAuthorization::None,
            integration: HttpIntegration::Own(function),
            throttle: None,
            raw: Map::new(),
            raw_integration: Map::new(),
        })
    }

    fn health(&mut self, path: PathId) -> Result<(), Refused> {
        [Verb::Get, Verb::Head, Verb::Any]
            .into_iter()
            .try_for_each(|verb| self.own(path, verb))
    }

    fn slot(&mut self, path: PathId, slot: &Slot) -> Result<(), Failure> {
        let first = slot.routes.first().copied();
        for (verb, id) in around::verbs(slot).map_err(fail(first))? {
            self.route(path, verb, id).map_err(fail(Some(id)))?;
        }
        if slot.any.is_none() {
            // Without it a request with another method would fall to a less specific path.
            self.own(path, Verb::Any).map_err(fail(first))?;
        }
        Ok(())
    }

    fn route(&mut self, path: PathId, verb: Verb, id: RouteId) -> Result<(), Refused> {
        if self.closed.contains(&id) {
            return self.own(path, verb);
        }
        let route = &self.gateway.routes[id.0];
        let integration = self.integration(path, route)?;
        let authorization = self.authorization(route)?;
        let throttle = self.throttle(route)?;
        let raw = |part: &str| super::raw_part(self.gateway, route, part);
        self.api.route(HttpRoute {
            path,
            verb,
            authorization,
            integration,
            throttle,
            raw: raw("method"),
            raw_integration: raw("integration"),
        })
    }

    fn throttle(&self, route: &Route) -> Result<Option<Throttle>, Refused> {
        let mut strictest: Option<Throttle> = None;
        for asked in route
            .limits
            .iter()
            .filter(|limit| limit.key == LimitKey::Everyone)
        {
            let this = limit::throttle(asked)?;
            strictest = Some(strictest.map_or(this, |other| other.stricter(this)));
        }
        Ok(match (strictest, self.whole()?) {
            (Some(own), Some(whole)) => Some(own.stricter(whole)),
            (own, _) => own,
        })
    }

    fn integration(&mut self, path: PathId, route: &Route) -> Result<HttpIntegration, Refused> {
        let forward = match &route.action {
            Action::Forward(forward) => forward,
            Action::Gather(_) => return own(self.gather.as_ref()),
            Action::Respond(_) => return own(self.answers.as_ref()),
        };
        let timeout = HttpTimeout::new(route.timeout.response.0.max(50))?;
        match upstreams::place(&self.gateway.services[&forward.service]) {
            upstreams::Place::Function(arn) => {
                self.functions.insert(arn.clone());
                Ok(HttpIntegration::Function { arn, timeout })
            }
            upstreams::Place::Http { base, connection } => {
                let parts = self.api.paths.parts(path);
                let sent = upstreams::sent_path(forward, &route.pattern, &parts);
                let (authority, front) = split_base(&base);
                let mut pieces = vec![SentPiece::Text(front.to_owned())];
                for piece in sent {
                    pieces.push(match piece {
                        UriPiece::Text(text) if text.contains('$') => {
                            return Err(Refused(format!(
                                "the path `{text}` holds a `$`, which starts a variable in an HTTP API"
                            )));
                        }
                        UriPiece::Text(text) => SentPiece::Text(text),
                        UriPiece::Place(name) => SentPiece::Variable(name),
                    });
                }
                Ok(HttpIntegration::Proxy {
                    base: authority.to_owned(),
                    path: pieces,
                    connection,
                    timeout,
                    changes: headers::http(self.gateway, route)?,
                })
            }
        }
    }

    fn authorization(&mut self, route: &Route) -> Result<HttpAuthorization, Refused> {
        Ok(match design::check(self.gateway, self.settings, route) {
            Check::Jwt(name, scopes) => {
                let Some(SchemeKind::Jwt(jwt)) = self.gateway.schemes.get(&name).map(|s| &s.kind)
                else {
                    return Err(Refused(format!("`{name}` is not a scheme of tokens")));
                };
                let issuer =
                    JwtIssuer::new(jwt.issuer.as_deref().unwrap_or_default(), &jwt.audience)?;
                let id = self.api.authorizer(HttpAuthorizer::Jwt { name, issuer });
                HttpAuthorization::Jwt(id, scopes)
            }
            Check::Own => match self.authorizer.clone() {
                Some(function) => {
                    let name = "own".to_owned();
                    let authorizer = HttpAuthorizer::Own { name, function };
                    HttpAuthorization::Lambda(self.api.authorizer(authorizer))
                }
                None => HttpAuthorization::None,
            },
            Check::Open | Check::Key | Check::Cognito(..) | Check::Function(_) => {
                HttpAuthorization::None
            }
        })
    }

    fn finish(mut self) -> Built {
        let (api, stage) = self.api.print(&mut self.template);
        let own = [
            ("Authorizer", &self.authorizer),
            ("Gather", &self.gather),
            ("Answers", &self.answers),
        ];
        around::permits(&self.functions, own, &api, &mut self.template);
        for (name, certificate, policy) in design::domains(self.gateway) {
            let domain = domain::Domain {
                name,
                certificate,
                policy,
            };
            domain.print(domain::Api::Http, &api, &stage, &mut self.template);
        }
        around::outputs(&mut self.template, &api, &self.gateway.stage);
        Built {
            paths: self.api.routes().len(),
            authorizers: self.api.authorizers().len(),
            template: self.template,
        }
    }
}

fn own(function: Option<&LogicalId>) -> Result<HttpIntegration, Refused> {
    function
        .map(|id| HttpIntegration::Own(id.clone()))
        .ok_or_else(|| Refused("the function that answers is missing".into()))
}

/// `https://host` and `/base`.
fn split_base(base: &str) -> (&str, &str) {
    let start = base.find("://").map_or(0, |at| at + 3);
    let path = base[start..].find('/').map_or(base.len(), |at| start + at);
    base.split_at(path)
}

fn answer(status: u16, body: &str) -> Value {
    json!({ "status": status, "headers": { "Content-Type": "application/json" }, "body": body })
}

fn other_method(allow: &[String]) -> Value {
    let mut other = answer(405, &answers::message("method not allowed"));
    other["headers"]["Allow"] = json!(allow.join(", "));
    other
}

fn respond(one: &Respond, route: &Route, parts: &[&PathPart]) -> Value {
    let mut headers = Map::new();
    for (name, value) in &one.headers {
        headers.insert(name.clone(), json!(value));
    }
    let params = gather::params(route, parts);
    let names: Map<String, Value> = params
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, from)| Some((name.clone(), from.get("variable")?.clone())))
        .collect();
    json!({
        "status": one.status,
        "headers": headers,
        "body": one.body.clone().unwrap_or_default(),
        "location": one.location.as_ref().map(|pieces| gather::pieces(pieces)),
        "params": names,
    })
}
