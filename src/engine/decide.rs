//! REQUEST -> DECISION in one call, for those who have no sockets: explain, diff, verify and tests.

use super::admit::Turned;
use super::answer::Answer;
use super::authenticate::{Authentication, Identity, Knowledge, Needs};
use super::compile::Engine;
use super::counters::Counters;
use super::request::{Request, Timestamp};
use super::trace::{Phase, Step, Trace, Verdict};
use crate::ir::{Action, RouteId};

/// What happens to a request.
#[derive(Debug)]
pub struct Decision {
    /// The route, where it got that far.
    pub route: Option<RouteId>,
    /// Who it is, where it got that far.
    pub identity: Identity,
    /// How it ends.
    pub end: End,
    /// Every place that had a say.
    pub steps: Vec<Step>,
}

/// How it ends at the gateway.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// The gateway answers itself; CORS and response headers are already on it.
    Answer(Answer),
    /// It goes to a service with this path and query.
    Forward {
        /// The service.
        service: String,
        /// Below the service's address, base path included.
        path: String,
    },
    /// These are asked: service, path and query; none when a claim is missing.
    Gather(Vec<(String, Option<String>)>),
    /// An external authorizer or a key set has to be asked first, and nobody did.
    Unknown(String),
}

impl Engine {
    /// Takes a request through all phases. What `knowledge` lacks ends it as [`End::Unknown`].
    pub fn decide(
        &self,
        request: &Request<'_>,
        knowledge: &Knowledge,
        counters: &dyn Counters,
        now: Timestamp,
    ) -> Decision {
        let mut trace = Trace::recording();
        let mut decision = Decision {
            route: None,
            identity: Identity::default(),
            end: End::Unknown(String::new()),
            steps: Vec::new(),
        };
        decision.end = self.run(request, knowledge, counters, now, &mut trace, &mut decision);
        if let End::Answer(answer) = &mut decision.end {
            let origin = request.headers.get(http::header::ORIGIN);
            self.finish(decision.route, &mut answer.headers, origin);
        }
        decision.steps = trace.into_steps();
        decision
    }

    fn run(
        &self,
        request: &Request<'_>,
        knowledge: &Knowledge,
        counters: &dyn Counters,
        now: Timestamp,
        trace: &mut Trace,
        decision: &mut Decision,
    ) -> End {
        let admission = match self.admit(request, trace) {
            Ok(admission) => admission,
            Err(Turned { answer, route }) => {
                decision.route = route;
                return End::Answer(answer);
            }
        };
        let id = admission.route;
        decision.route = Some(id);
        decision.identity = match self.authenticate(id, request, knowledge, now, trace) {
            Authentication::Passed(identity) => identity,
            Authentication::Refused(answer) => return End::Answer(answer),
            Authentication::Needs(Needs::External(scheme)) => {
                return End::Unknown(format!(
                    "the authorizer of `{}` decides",
                    self.schemes[scheme].name
                ));
            }
            Authentication::Needs(Needs::Keys { scheme, .. }) => {
                return End::Unknown(format!(
                    "the keys of `{}` are fetched when it runs",
                    self.schemes[scheme].name
                ));
            }
        };
        let identity = &decision.identity;
        let checked = self
            .permit(id, identity, trace)
            .and_then(|()| self.check_length(id, request.length, trace));
        if let Err(answer) = checked {
            return End::Answer(answer);
        }
        let asked = self.takes(id, request, admission.client, identity);
        if let Err(shortage) = counters.take(&asked.takes, now) {
            return End::Answer(asked.limited(shortage, trace));
        }
        asked.admitted(trace);
        let route = &self.gateway.routes[id.0];
        match &route.action {
            Action::Forward(forward) => {
                let base = self.gateway.services.get(&forward.service);
                let base = base
                    .and_then(|s| s.targets.first())
                    .map_or("", |t| t.address.path.as_str());
                let path = self.path_sent(id, forward, base, &admission.path, request.query);
                trace.add(Phase::Forward, &route.pointer, Verdict::Passed, || {
                    format!("to `{}` as `{path}`", forward.service)
                });
                End::Forward {
                    service: forward.service.clone(),
                    path,
                }
            }
            Action::Respond(_) => {
                trace.add(Phase::Forward, &route.pointer, Verdict::Answered, || {
                    "a fixed answer".into()
                });
                End::Answer(self.fixed(id, &admission.path, request.query, identity))
            }
            Action::Gather(gather) => {
                let questions =
                    self.questions(id, gather, &admission.path, request.query, identity);
                trace.add(Phase::Forward, &route.pointer, Verdict::Passed, || {
                    format!("{} services are asked", questions.len())
                });
                let service = |part: usize| gather.parts[part].service.clone();
                End::Gather(
                    questions
                        .into_iter()
                        .map(|q| (service(q.part), q.target))
                        .collect(),
                )
            }
        }
    }

    /// A route's fixed answer; a route without one has none to give and answers 500.
    #[must_use]
    pub fn fixed(
        &self,
        id: RouteId,
        path: &str,
        query: Option<&str>,
        identity: &Identity,
    ) -> Answer {
        let Action::Respond(respond) = &self.gateway.routes[id.0].action else {
            return Answer::message(500, "internal", "no fixed answer");
        };
        let mut answer = Answer::empty(respond.status, "");
        for (name, value) in &respond.headers {
            if let (Ok(name), Ok(value)) = (
                name.parse::<http::HeaderName>(),
                http::HeaderValue::from_str(value),
            ) {
                answer.headers.append(name, value);
            }
        }
        if let Some(pieces) = &respond.location {
            let location = self.fill(id, pieces, path, query, identity);
            if let Ok(value) = http::HeaderValue::from_str(&location) {
                answer.headers.insert(http::header::LOCATION, value);
            }
        }
        if let Some(body) = &respond.body {
            answer.body = body.clone().into();
            let json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
            let kind = if json {
                "application/json"
            } else {
                "text/plain; charset=utf-8"
            };
            answer
                .headers
                .entry(http::header::CONTENT_TYPE)
                .or_insert(http::HeaderValue::from_static(kind));
        }
        answer
    }
}
