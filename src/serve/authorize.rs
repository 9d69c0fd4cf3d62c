//! Authentication with what it has to ask others for: key sets and external authorizers.

use std::rc::Rc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};

use super::ask::{Asked, ask_on};
use super::endpoint::Endpoint;
use super::worker::{Local, Worker};
use crate::engine::{
    self, Admission, Answer, Authentication, ExternalAnswer, Identity, Knowledge, Needs, Timestamp,
    Trace, strip_hop_by_hop,
};
use crate::ir::{Keys, SchemeKind};

const WITHIN: Duration = Duration::from_secs(5);
const LARGEST: usize = 64 * 1024;

/// Asks the engine who it is, and others what the engine does not know.
///
/// # Errors
/// The refusal.
pub async fn identify(
    worker: &Rc<Worker>,
    local: &Rc<Local>,
    head: &engine::Request<'_>,
    admission: &Admission,
    now: Timestamp,
    trace: &mut Trace,
) -> Result<Identity, Answer> {
    let engine = &local.live.engine;
    let mut knowledge = Knowledge::default();
    loop {
        match engine.authenticate(admission.route, head, &knowledge, now, trace) {
            Authentication::Passed(identity) => return Ok(identity),
            Authentication::Refused(answer) => return Err(answer),
            Authentication::Needs(Needs::Keys { scheme, again }) => {
                if again {
                    knowledge.refetched.push(scheme);
                }
                let keys = match &engine.gateway.schemes[scheme].kind {
                    SchemeKind::Jwt(jwt) => match &jwt.keys {
                        Keys::JwksUrl(url) => worker.shared.keys.get(url, again).await,
                        Keys::JwksFile(_) | Keys::Pem(_) | Keys::Secret(_) => None,
                    },
                    SchemeKind::ApiKey(_) | SchemeKind::Basic(_) | SchemeKind::External(_) => None,
                };
                knowledge.keys.insert(scheme, keys);
            }
            Authentication::Needs(Needs::External(scheme)) => {
                let answer = ask_authorizer(local, scheme, head, admission).await;
                knowledge.external.insert(scheme, answer);
            }
        }
    }
}

async fn ask_authorizer(
    local: &Rc<Local>,
    scheme: usize,
    head: &engine::Request<'_>,
    admission: &Admission,
) -> ExternalAnswer {
    let Some((number, path)) = &local.live.authorizers[scheme] else {
        return ExternalAnswer::Failed;
    };
    let endpoint = &local.live.endpoints[*number];
    let headers = question(local, head, admission);
    let asked =
        tokio::time::timeout(WITHIN, ask_kept(local, *number, endpoint, path, headers)).await;
    let Ok(Asked::Answered {
        status,
        headers,
        body,
    }) = asked
    else {
        return ExternalAnswer::Failed;
    };
    let SchemeKind::External(external) = &local.live.engine.gateway.schemes[scheme].kind else {
        return ExternalAnswer::Failed;
    };
    match status {
        200..=299 => {
            let listed = external
                .forward
                .iter()
                .filter_map(|name| name.parse::<HeaderName>().ok());
            let given =
                listed.filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)));
            ExternalAnswer::Allowed(given.collect())
        }
        401 | 403 => {
            let mut answer = Answer::empty(status, "authorizer");
            for name in [CONTENT_TYPE, WWW_AUTHENTICATE] {
                for value in headers.get_all(&name) {
                    answer.headers.append(name.clone(), value.clone());
                }
            }
            answer.body = body;
            if status == 401 && !answer.headers.contains_key(WWW_AUTHENTICATE) {
                answer
                    .headers
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            ExternalAnswer::Refused(answer)
        }
        _ => ExternalAnswer::Failed,
    }
}

/// The request's headers, and its method and path in headers of their own.
fn question(local: &Rc<Local>, head: &engine::Request<'_>, admission: &Admission) -> HeaderMap {
    let mut headers = head.headers.clone();
    strip_hop_by_hop(&mut headers);
    for name in [CONTENT_LENGTH, EXPECT] {
        headers.remove(name);
    }
    local.live.engine.drop_forged(&mut headers);
    let uri = match head.query {
        Some(query) => format!("{}?{query}", admission.path),
        None => admission.path.clone(),
    };
    let told = [
        ("x-forwarded-method", head.method.to_owned()),
        ("x-forwarded-uri", uri.clone()),
        ("x-original-method", head.method.to_owned()),
        ("x-original-uri", uri),
        ("x-forwarded-host", head.authority.to_owned()),
        (
            "x-forwarded-proto",
            if head.tls { "https" } else { "http" }.to_owned(),
        ),
        ("x-forwarded-for", admission.client.to_string()),
    ];
    for (name, value) in told {
        match HeaderValue::from_str(&value) {
            Ok(value) => drop(headers.insert(HeaderName::from_static(name), value)),
            Err(_) => drop(headers.remove(name)),
        }
    }
    headers
}

async fn ask_kept(
    local: &Rc<Local>,
    number: usize,
    endpoint: &Endpoint,
    path: &str,
    headers: HeaderMap,
) -> Asked {
    while let Some((mut sender, _)) = local.reuse(number) {
        if sender.ready().await.is_err() {
            continue;
        }
        let asked = ask_on(&mut sender, endpoint, path, headers.clone(), LARGEST).await;
        if matches!(asked, Asked::Answered { .. }) {
            local.keep(number, sender);
            return asked;
        }
        break;
    }
    let Ok(mut sender) = endpoint.connect(WITHIN, false).await else {
        return Asked::Failed;
    };
    let asked = ask_on(&mut sender, endpoint, path, headers, LARGEST).await;
    if matches!(asked, Asked::Answered { .. }) {
        local.keep(number, sender);
    }
    asked
}
