//! Authentication: which of a route's schemes a request satisfies, and who it then is.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderName, HeaderValue};

use super::answer::Answer;
use super::compile::{Engine, Place, Scheme};
use super::credentials::{Brought, authorization, key_in_header, key_in_query};
use super::keys::KeySet;
use super::request::{Request, Timestamp};
use super::token::{self, Claims, Refusal};
use super::trace::{Phase, Trace, Verdict};
use crate::ir::{Auth, ConsumerId, RouteId, SchemeKind};

/// Who a request is.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The consumer, where a credential or a claim names one.
    pub consumer: Option<ConsumerId>,
    /// The tokens verified, with their scheme's number.
    pub tokens: Vec<(usize, Arc<Claims>)>,
    /// Headers that schemes put on the request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Identity {
    /// A claim's text, from the first token that has it.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<String> {
        self.tokens
            .iter()
            .find_map(|(_, claims)| token::claim_text(&claims.all, name))
    }
}

/// What the engine was told by those who can ask others.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Answers of external authorizers, by scheme number.
    pub external: HashMap<usize, ExternalAnswer>,
    /// Fetched key sets by scheme number; none: they could not be had.
    pub keys: HashMap<usize, Option<Arc<KeySet>>>,
    /// Schemes whose keys were asked for again because one was missing.
    pub refetched: Vec<usize>,
}

/// An external authorizer's answer.
#[derive(Clone, Debug)]
pub enum ExternalAnswer {
    /// 2xx, with the listed headers of its answer.
    Allowed(Vec<(HeaderName, HeaderValue)>),
    /// 401 or 403: returned as it is.
    Refused(Answer),
    /// Anything else, or no answer.
    Failed,
}

/// What is needed to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Ask the external authorizer of the scheme with this number.
    External(usize),
    /// Have the keys of the scheme with this number, or have them again.
    Keys {
        /// The scheme.
        scheme: usize,
        /// They are there, but the one named is not among them.
        again: bool,
    },
}

/// How authentication ended.
#[derive(Debug)]
pub enum Authentication {
    /// It is somebody (or nobody, where nobody is asked).
    Passed(Identity),
    /// 401, 403 of an authorizer, or 503.
    Refused(Answer),
    /// Ask, add the answer to [`Knowledge`], and come again.
    Needs(Needs),
}

enum One {
    Passed,
    // Nothing brought for this scheme, or something wrong.
    Refused(Option<&'static str>),
    Answered(Answer),
    Needs(Needs),
}

impl Engine {
    /// Checks a route's schemes in the order written.
    pub fn authenticate(
        &self,
        id: RouteId,
        request: &Request<'_>,
        knowledge: &Knowledge,
        now: Timestamp,
        trace: &mut Trace,
    ) -> Authentication {
        let auth = &self.gateway.routes[id.0].auth;
        let all = match &auth.value {
            Auth::None { .. } => {
                trace.add(Phase::Auth, &auth.pointer, Verdict::Passed, || {
                    "no auth is asked for".into()
                });
                return Authentication::Passed(Identity::default());
            }
            Auth::Any(_) => false,
            Auth::All(_) => true,
        };
        let mut identity = Identity::default();
        let mut answered = None;
        let mut reason = None;
        for &number in &self.routes[id.0].schemes {
            let scheme = &self.schemes[number];
            let pointer = &self.gateway.schemes[number].pointer;
            match self.try_scheme(number, request, knowledge, now, &mut identity) {
                One::Needs(needs) => return Authentication::Needs(needs),
                One::Passed => {
                    trace.add(Phase::Auth, pointer, Verdict::Passed, || {
                        self.who(scheme, &identity)
                    });
                    if !all {
                        return Authentication::Passed(identity);
                    }
                }
                One::Refused(why) => {
                    trace.add(
                        Phase::Auth,
                        pointer,
                        if all {
                            Verdict::Refused
                        } else {
                            Verdict::Noted
                        },
                        || {
                            format!(
                                "`{}`: {}",
                                scheme.name,
                                why.unwrap_or("no credential was sent")
                            )
                        },
                    );
                    reason = reason.or(why);
                    if all {
                        return Authentication::Refused(self.unauthorised(id, reason));
                    }
                }
                One::Answered(answer) => {
                    trace.add(
                        Phase::Auth,
                        pointer,
                        if all {
                            Verdict::Refused
                        } else {
                            Verdict::Noted
                        },
                        || {
                            format!(
                                "`{}`: the authorizer answered {}",
                                scheme.name, answer.status
                            )
                        },
                    );
                    if all {
                        return Authentication::Refused(answer);
                    }
                    answered = Some(answer);
                }
            }
        }
        if all {
            return Authentication::Passed(identity);
        }
        trace.add(Phase::Auth, &auth.pointer, Verdict::Refused, || {
            "no scheme admits it".into()
        });
        Authentication::Refused(answered.unwrap_or_else(|| self.unauthorised(id, reason)))
    }

    fn who(&self, scheme: &Scheme, identity: &Identity) -> String {
        let name = &scheme.name;
        match identity
            .consumer
            .and_then(|id| self.gateway.consumers.get_index(id.0))
        {
            Some((consumer, _)) => format!("`{name}`: it is consumer `{consumer}`"),
            None => format!("`{name}`: admitted, no consumer is named"),
        }
    }

    fn unauthorised(&self, id: RouteId, reason: Option<&'static str>) -> Answer {
        let mut answer = Answer::unauthorised(reason.unwrap_or("credentials are needed"), &[]);
        for &number in &self.routes[id.0].schemes {
            if !matches!(self.gateway.schemes[number].kind, SchemeKind::External(_)) {
                let challenge = self.schemes[number].challenge.clone();
                answer.headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        if !answer.headers.contains_key(WWW_AUTHENTICATE) {
            answer
                .headers
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }

    fn try_scheme(
        &self,
        number: usize,
        request: &Request<'_>,
        knowledge: &Knowledge,
        now: Timestamp,
        identity: &mut Identity,
    ) -> One {
        let scheme = &self.schemes[number];
        let known = |consumer: Option<ConsumerId>, identity: &mut Identity| match consumer {
            Some(id) => {
                identity.consumer = identity.consumer.or(Some(id));
                One::Passed
            }
            None => One::Refused(Some("the credential is not known")),
        };
        match &self.gateway.schemes[number].kind {
            SchemeKind::ApiKey(_) => {
                let brought = match &scheme.place {
                    Some(Place::Header(name)) => match key_in_header(request, name) {
                        Brought::This(key) => Brought::This(self.credentials.by_key(key)),
                        Brought::Nothing => Brought::Nothing,
                        Brought::Unreadable => Brought::Unreadable,
                    },
                    Some(Place::Query(name)) => match key_in_query(request.query, name) {
                        Brought::This(key) => Brought::This(self.credentials.by_key(&key)),
                        Brought::Nothing => Brought::Nothing,
                        Brought::Unreadable => Brought::Unreadable,
                    },
                    None => Brought::Nothing,
                };
                match brought {
                    Brought::This(consumer) => known(consumer, identity),
                    Brought::Nothing => One::Refused(None),
                    Brought::Unreadable => One::Refused(Some("the key was sent twice")),
                }
            }
            SchemeKind::Basic(_) => match authorization(request, "basic") {
                Brought::This(text) => known(self.credentials.by_basic(text), identity),
                Brought::Nothing => One::Refused(None),
                Brought::Unreadable => {
                    One::Refused(Some("the Authorization header cannot be read"))
                }
            },
            SchemeKind::Jwt(jwt) => match authorization(request, "bearer") {
                Brought::This(text) => self.try_token(number, jwt, text, knowledge, now, identity),
                Brought::Nothing => One::Refused(None),
                Brought::Unreadable => {
                    One::Refused(Some("the Authorization header cannot be read"))
                }
            },
            SchemeKind::External(_) => match knowledge.external.get(&number) {
                None => One::Needs(Needs::External(number)),
                Some(ExternalAnswer::Allowed(headers)) => {
                    identity.headers.extend(headers.iter().cloned());
                    One::Passed
                }
                Some(ExternalAnswer::Refused(answer)) => One::Answered(answer.clone()),
                Some(ExternalAnswer::Failed) => One::Answered(Answer::unavailable(
                    "authorizer",
                    "the authorizer does not answer",
                    1,
                )),
            },
        }
    }

    fn try_token(
        &self,
        number: usize,
        jwt: &crate::ir::Jwt,
        text: &str,
        knowledge: &Knowledge,
        now: Timestamp,
        identity: &mut Identity,
    ) -> One {
        let scheme = &self.schemes[number];
        if let Some(keys) = &self.development
            && let Some(head) = token::development_head(text)
        {
            let verified = token::verify(text, &head, jwt, keys);
            return match verified.and_then(|claims| token::in_time(&claims, now).map(|()| claims)) {
                Ok(claims) => self.satisfied(number, claims, identity),
                Err(refusal) => One::Refused(Some(refusal.text())),
            };
        }
        let told = knowledge.keys.get(&number);
        let keys = match (scheme.fetched, told) {
            (true, None) => {
                return One::Needs(Needs::Keys {
                    scheme: number,
                    again: false,
                });
            }
            (true, Some(None)) => {
                let answer =
                    Answer::unavailable("keys", "the keys of the token's issuer cannot be had", 5);
                return One::Answered(answer);
            }
            (_, Some(Some(keys))) => Some(keys.as_ref()),
            (false, _) => scheme.keys.as_ref(),
        };
        let Some(keys) = keys else {
            return One::Refused(Some("the scheme has no keys"));
        };
        if let Some(claims) = scheme.cache.get(text, keys.generation) {
            return match token::in_time(&claims, now) {
                Ok(()) => self.satisfied(number, claims, identity),
                Err(refusal) => One::Refused(Some(refusal.text())),
            };
        }
        let head = match token::head(text, jwt) {
            Ok(head) => head,
            Err(refusal) => return One::Refused(Some(refusal.text())),
        };
        let verified = token::verify(text, &head, jwt, keys);
        if verified == Err(Refusal::Signature)
            && scheme.fetched
            && !keys.knows(head.key.as_deref())
            && !knowledge.refetched.contains(&number)
        {
            return One::Needs(Needs::Keys {
                scheme: number,
                again: true,
            });
        }
        match verified.and_then(|claims| token::in_time(&claims, now).map(|()| claims)) {
            Ok(claims) => {
                scheme.cache.put(text, keys.generation, &claims, now);
                self.satisfied(number, claims, identity)
            }
            Err(refusal) => One::Refused(Some(refusal.text())),
        }
    }

    fn satisfied(&self, number: usize, claims: Arc<Claims>, identity: &mut Identity) -> One {
        let scheme = &self.schemes[number];
        if identity.consumer.is_none() {
            let named = scheme.consumers.iter().find(|(claim, value, _)| {
                token::claim_text(&claims.all, claim).as_deref() == Some(value)
            });
            identity.consumer = named.map(|(_, _, id)| *id);
        }
        for (claim, header) in &scheme.forward {
            let text = token::claim_text(&claims.all, claim);
            if let Some(value) =
                text.and_then(|text| HeaderValue::from_str(&token::visible(&text)).ok())
            {
                identity.headers.push((header.clone(), value));
            }
        }
        identity.tokens.push((number, claims));
        One::Passed
    }
}
