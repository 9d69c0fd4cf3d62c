//! REQUEST -> EXPECTED: what the engine says must come of a request, given how upstreams are told to behave.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use super::expected::{Expected, ExpectedId, Reach};
use super::generate::faults::Trouble;
use super::probe::{Body, Request};
use super::seen::{header_map, request_target};
use super::upstream::{ECHO_HEADERS, Orders};
use super::{rig, shape};
use crate::engine::{
    Answer, Counters, Decision, End, Engine, ExternalAnswer, KeySet, Knowledge, Outcome, Phase,
    Sender, Timestamp, merge, strip_hop_by_hop,
};
use crate::ir::{Action, Gateway, Keys, RouteId, SchemeKind};

/// The reason on answers that an authorizer gave.
const EXTERNAL: &str = "verify: external";

/// Says what must come of requests, in the order they are sent: counters go down as they do at the gateway.
pub struct Oracle {
    engine: Engine,
    keys: HashMap<usize, Option<Arc<KeySet>>>,
    bodies: BTreeMap<String, String>,
    echo: &'static [(&'static str, &'static str)],
}

impl Oracle {
    /// For a rigged gateway.
    ///
    /// # Errors
    /// What the engine cannot make ready.
    pub fn new(gateway: Gateway) -> Result<Self, String> {
        let bodies = gateway
            .services
            .keys()
            .map(|name| (name.clone(), shape::body(&gateway, name)))
            .collect();
        let mut keys = HashMap::new();
        for (number, scheme) in gateway.schemes.values().enumerate() {
            if let SchemeKind::Jwt(jwt) = &scheme.kind
                && matches!(jwt.keys, Keys::JwksUrl(_))
            {
                let set = KeySet::from_jwks(rig::published_keys(jwt).to_string().as_bytes(), 1)?;
                keys.insert(number, Some(Arc::new(set)));
            }
        }
        let engine = Engine::new(gateway).map_err(|wrong| {
            wrong
                .into_iter()
                .map(|unready| format!("{}: {}", unready.pointer, unready.message))
                .collect::<Vec<_>>()
                .join("; ")
        })?;
        Ok(Self {
            engine,
            keys,
            bodies,
            echo: ECHO_HEADERS,
        })
    }

    /// For a gateway in front of `gateway-gen mock`, whose answers' bodies say what was asked.
    ///
    /// # Errors
    /// Those of [`Oracle::new`].
    pub fn of_mocks(gateway: Gateway) -> Result<Self, String> {
        Ok(Self {
            bodies: BTreeMap::new(),
            echo: &[("Content-Type", "application/json")],
            ..Self::new(gateway)?
        })
    }

    /// The gateway that is asked about.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.engine.gateway
    }

    fn knowledge(&self, orders: &Orders) -> Knowledge {
        let mut external = HashMap::new();
        for (number, scheme) in self.engine.gateway.schemes.values().enumerate() {
            let SchemeKind::External(rules) = &scheme.kind else {
                continue;
            };
            let answer = match orders.authorizer.unwrap_or(200) {
                200..=299 => {
                    let given = HeaderValue::from_static("from-authorizer");
                    ExternalAnswer::Allowed(
                        rules
                            .forward
                            .iter()
                            .filter_map(|name| Some((name.parse().ok()?, given.clone())))
                            .collect(),
                    )
                }
                status @ (401 | 403) => ExternalAnswer::Refused(Answer {
                    body: "{}".into(),
                    ..Answer::empty(status, EXTERNAL)
                }),
                _ => ExternalAnswer::Failed,
            };
            external.insert(number, answer);
        }
        Knowledge {
            external,
            keys: self.keys.clone(),
            refetched: self.keys.keys().copied().collect(),
        }
    }

    /// What must come of `request`, sent `now` from loopback.
    pub fn expect(
        &self,
        request: &Request,
        orders: &Orders,
        counters: &dyn Counters,
        now: Timestamp,
    ) -> Expected {
        let headers = header_map(request);
        let (authority, target) = request_target(request);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let seen = crate::engine::Request {
            method: &request.method,
            authority,
            path,
            query,
            headers: &headers,
            peer,
            tls: false,
            length: match request.body {
                Body::None => None,
                Body::Sized(bytes) => Some(bytes),
                Body::Chunked(_) => None,
            },
        };
        let decision = self
            .engine
            .decide(&seen, &self.knowledge(orders), counters, now);
        let request_id = self.request_id(&headers);
        let reason = decision
            .steps
            .last()
            .map(|step| step.reason.clone())
            .unwrap_or_default();
        let mut expected = Expected {
            route: decision.route,
            statuses: Vec::new(),
            reach: Reach::Nothing,
            headers: HeaderMap::new(),
            request_id,
            body: None,
            own: false,
            reason,
        };
        let origin = headers.get(http::header::ORIGIN);
        let over = matches!((&request.body, decision.route), (Body::Chunked(bytes), Some(id))
            if *bytes > self.engine.gateway.routes[id.0].max_body.value.0);
        let answered = matches!(decision.end, End::Answer(_));
        if over && !answered {
            self.own(&mut expected, Answer::too_large(), origin);
            expected.reach = Reach::Any;
            return expected;
        }
        self.end(decision, &mut expected, &seen, orders);
        // `serve` answers without reading what nobody gets; an engine that reads it first may refuse it.
        if over {
            expected.body = None;
        }
        expected
    }

    fn end(
        &self,
        decision: Decision,
        expected: &mut Expected,
        request: &crate::engine::Request<'_>,
        orders: &Orders,
    ) {
        let origin = request.headers.get(http::header::ORIGIN);
        match decision.end {
            End::Answer(answer) => {
                let fixed = decision.route.is_some_and(|id| {
                    matches!(&self.engine.gateway.routes[id.0].action, Action::Respond(respond) if respond.status == answer.status)
                        && decision.steps.last().is_some_and(|step| step.phase == Phase::Forward)
                });
                // A preflight may be answered with 200 as well (section 4, CORS).
                expected.statuses = if answer.status == 204 && request.method == "OPTIONS" {
                    vec![204, 200]
                } else {
                    vec![answer.status]
                };
                // What an authorizer refuses is returned as it is.
                let foreign = answer.reason == EXTERNAL;
                expected.own = answer.status >= 400 && !fixed && !foreign;
                expected.body = fixed.then(|| String::from_utf8_lossy(&answer.body).into_owned());
                expected.headers = answer.headers;
            }
            End::Forward { service, path } => {
                let Some(id) = decision.route else { return };
                let mut headers = request.headers.clone();
                let sender = Sender {
                    peer: request.peer,
                    tls: false,
                    authority: request.authority,
                };
                let sent = expected
                    .request_id
                    .as_ref()
                    .and_then(|id| HeaderValue::from_str(id.value.as_deref()?).ok());
                self.engine.prepare_headers(
                    id,
                    &mut headers,
                    sender,
                    sent.as_ref(),
                    &decision.identity,
                );
                expected.reach = Reach::Service {
                    target: path,
                    headers,
                    service: service.clone(),
                };
                self.answer_of(id, &service, expected, origin, orders);
            }
            End::Gather(asked) => {
                let Some(id) = decision.route else { return };
                let Action::Gather(gather) = &self.engine.gateway.routes[id.0].action else {
                    return;
                };
                let outcomes: Vec<Outcome> = asked
                    .iter()
                    .enumerate()
                    .map(|(part, (service, target))| {
                        if target.is_none() {
                            return Outcome::Failed;
                        }
                        self.outcome(service, orders, gather.parts[part].timeout.0)
                    })
                    .collect();
                expected.reach = Reach::Parts(
                    asked
                        .into_iter()
                        .filter_map(|(service, target)| {
                            let base = self
                                .engine
                                .gateway
                                .services
                                .get(&service)?
                                .targets
                                .first()?
                                .address
                                .path
                                .clone();
                            Some((service, format!("{base}{}", target?)))
                        })
                        .collect(),
                );
                match merge(gather, &outcomes) {
                    Ok(body) => {
                        expected.statuses = vec![200];
                        expected.body = Some(body);
                        self.engine.finish(Some(id), &mut expected.headers, origin);
                    }
                    Err((status, part)) => {
                        self.own(expected, Answer::message(status, "gather", &part), origin)
                    }
                }
            }
            End::Unknown(why) => expected.reason = why,
        }
    }

    fn outcome(&self, service: &str, orders: &Orders, timeout: u64) -> Outcome {
        match orders.trouble.get(service) {
            Some(Trouble::Slow(millis)) if *millis > timeout => Outcome::Timeout,
            None | Some(Trouble::Slow(_)) => {
                Outcome::Body(self.bodies.get(service).cloned().unwrap_or_default().into())
            }
            Some(Trouble::NotJson) => Outcome::Body("<p>not JSON".into()),
            Some(Trouble::Status(status)) if (200..300).contains(status) => {
                Outcome::Body("{\"trouble\":true}".into())
            }
            Some(Trouble::Status(_) | Trouble::Reset | Trouble::NotHttp) => Outcome::Failed,
        }
    }

    /// What a forwarded request gets back from an upstream that behaves as ordered.
    fn answer_of(
        &self,
        id: RouteId,
        service: &str,
        expected: &mut Expected,
        origin: Option<&HeaderValue>,
        orders: &Orders,
    ) {
        let route = &self.engine.gateway.routes[id.0];
        let own = match orders.trouble.get(service) {
            Some(Trouble::Reset | Trouble::NotHttp) => Some(502),
            Some(Trouble::Slow(millis)) if *millis > route.timeout.response.0 => Some(504),
            _ => None,
        };
        if let Some(status) = own {
            return self.own(expected, Answer::message(status, "upstream", ""), origin);
        }
        let (status, body) = match orders.trouble.get(service) {
            Some(Trouble::Status(status)) => {
                // A mock echoes under every status.
                let body = (!self.bodies.is_empty()).then(|| "{\"trouble\":true}".to_owned());
                (*status, body)
            }
            Some(Trouble::NotJson) => (200, Some("<p>not JSON".to_owned())),
            _ => (200, self.bodies.get(service).cloned()),
        };
        expected.statuses = vec![status];
        expected.body = body;
        for (name, value) in self.echo {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(value))
            {
                expected.headers.append(name, value);
            }
        }
        strip_hop_by_hop(&mut expected.headers);
        self.engine.finish(Some(id), &mut expected.headers, origin);
    }

    /// The gateway's own answer to a request that got as far as a route.
    fn own(&self, expected: &mut Expected, mut answer: Answer, origin: Option<&HeaderValue>) {
        self.engine
            .finish(expected.route, &mut answer.headers, origin);
        expected.statuses = vec![answer.status];
        expected.headers = answer.headers;
        expected.own = true;
    }

    /// The request ID that must come back: the client's where it is kept.
    fn request_id(&self, headers: &HeaderMap) -> Option<ExpectedId> {
        let rules = self.engine.gateway.request_id.as_ref()?;
        let name: HeaderName = rules.header.parse().ok()?;
        let mut values = headers.get_all(&name).iter();
        let (first, second) = (values.next(), values.next());
        // Of two, an engine may take either or neither.
        if second.is_some() {
            return Some(ExpectedId {
                header: name.as_str().to_owned(),
                value: None,
            });
        }
        let mut made = false;
        let id = crate::engine::client::request_id(rules.keep, first, || {
            made = true;
            0
        });
        let value = (!made).then(|| id.to_str().unwrap_or_default().to_owned());
        Some(ExpectedId {
            header: name.as_str().to_owned(),
            value,
        })
    }
}
