//! A gather asks its services all at once and waits for each as long as it may take.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Uri};
use http_body_util::{BodyExt, Limited};

use super::body::{Progress, Upload};
use super::exchange::Admitted;
use super::upstream::{Failure, Outbound, Terms, send};
use crate::engine::{self, Answer, Outcome, Question, merge};
use crate::ir::units::Millis;
use crate::ir::{Gather, Part, Retries, Timeout};

/// One part's body may have so many bytes.
const LARGEST: usize = 8 << 20;

/// Asks all parts and puts their answers together.
pub async fn gather(admitted: &Admitted, gather: &Gather) -> Answer {
    let engine = &admitted.local.live.engine;
    let (path, query) = (&admitted.admission.path, admitted.parts.uri.query());
    let questions = engine.questions(
        admitted.admission.route,
        gather,
        path,
        query,
        &admitted.identity,
    );
    let headers = headers(admitted);
    let mut running = tokio::task::JoinSet::new();
    for question in questions {
        let Some(outbound) = outbound(admitted, gather, &question, headers.clone()) else {
            continue;
        };
        let part = &gather.parts[question.part];
        let Some(service) = engine.gateway.services.get_index_of(&part.service) else {
            continue;
        };
        let (worker, local) = (admitted.worker.clone(), admitted.local.clone());
        let hash = admitted.hash(&engine.gateway.services[service].balance.value);
        let timeout = timeout(admitted, part);
        let (number, within) = (question.part, Duration::from_millis(part.timeout.0));
        running.spawn_local(async move {
            let retries = Retries::default();
            let terms = Terms {
                service,
                timeout,
                retries: &retries,
                hash,
            };
            let asked = tokio::time::timeout(within, one(&worker, &local, terms, outbound)).await;
            (number, asked.unwrap_or(Outcome::Timeout))
        });
    }
    let mut outcomes = vec![Outcome::Failed; gather.parts.len()];
    while let Some(ended) = running.join_next().await {
        if let Ok((number, outcome)) = ended {
            // A required part that failed decides at once; the others are dropped.
            let decided = gather.parts[number].required && !matches!(outcome, Outcome::Body(_));
            outcomes[number] = outcome;
            if decided {
                return failed(if outcomes[number] == Outcome::Timeout {
                    504
                } else {
                    502
                });
            }
        }
    }
    match merge(gather, &outcomes) {
        Ok(text) => {
            let mut answer = Answer::empty(200, "");
            answer
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            answer.body = Bytes::from(text);
            answer
        }
        Err((status, _)) => failed(status),
    }
}

fn failed(status: u16) -> Answer {
    let message = if status == 504 {
        "a required part did not answer in time"
    } else {
        "a required part failed"
    };
    Answer::message(status, "gather", message)
}

fn timeout(admitted: &Admitted, part: &Part) -> Timeout {
    let whole = admitted.route().timeout.value;
    Timeout {
        connect: Millis(whole.connect.0.min(part.timeout.0)),
        response: part.timeout,
        explicit: whole.explicit,
    }
}

// What one client sent goes to several services: who it is, what it can read, and nothing about bodies or caches.
fn headers(admitted: &Admitted) -> HeaderMap {
    let sent = &admitted.parts.headers;
    let mut headers = HeaderMap::new();
    for name in [
        AUTHORIZATION,
        http::header::ACCEPT_LANGUAGE,
        http::header::COOKIE,
        http::header::USER_AGENT,
    ] {
        for value in sent.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    let engine = &admitted.local.live.engine;
    let sender = engine::Sender {
        peer: admitted.from.peer,
        tls: admitted.from.tls,
        authority: &admitted.authority,
    };
    for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
        for value in sent.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    let id = admitted.request_id.as_ref().map(|(_, id)| id);
    engine.prepare_headers(
        admitted.admission.route,
        &mut headers,
        sender,
        id,
        &admitted.identity,
    );
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

fn outbound(
    admitted: &Admitted,
    gather: &Gather,
    question: &Question,
    headers: HeaderMap,
) -> Option<Outbound> {
    let engine = &admitted.local.live.engine;
    let service = engine
        .gateway
        .services
        .get_index_of(&gather.parts[question.part].service)?;
    let base = &admitted.local.live.services[service].base;
    let target = question.target.as_ref()?;
    Some(Outbound {
        method: Method::GET,
        uri: Uri::from_maybe_shared(Bytes::from(format!("{base}{target}"))).ok()?,
        headers,
        host: None,
        body: Upload::Empty,
        progress: Progress::new(true, admitted.worker.shared.client_timeout),
        upgrade: false,
    })
}

async fn one(
    worker: &Rc<super::worker::Worker>,
    local: &Rc<super::worker::Local>,
    terms: Terms<'_>,
    outbound: Outbound,
) -> Outcome {
    let answered = match send(worker, local, terms, outbound).await {
        Ok(answered) => answered,
        Err(Failure::ConnectTimeout | Failure::ResponseTimeout) => return Outcome::Timeout,
        Err(_) => return Outcome::Failed,
    };
    if !answered.response.status().is_success() {
        return Outcome::Failed;
    }
    match Limited::new(answered.response.into_body(), LARGEST)
        .collect()
        .await
    {
        Ok(body) => {
            local.keep(answered.endpoint, answered.sender);
            Outcome::Body(body.to_bytes())
        }
        Err(_) => Outcome::Failed,
    }
}
