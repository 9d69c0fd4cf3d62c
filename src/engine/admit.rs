//! The way in: host, match, preflight and IP rules, before anybody is asked who they are.

use std::net::IpAddr;

use super::answer::Answer;
use super::client;
use super::compile::Engine;
use super::cors;
use super::request::Request;
use super::trace::{Phase, Trace, Verdict};
use crate::ir::{self, Matched, RouteId, normalise, normalise_host};

/// A request that has a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// The route.
    pub route: RouteId,
    /// The normalised path: what is matched, authorised and forwarded.
    pub path: String,
    /// The client's address.
    pub client: IpAddr,
}

/// A refusal on the way in, with the route whose CORS rules mark it, where it got that far.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    /// The answer.
    pub answer: Answer,
    /// The route.
    pub route: Option<RouteId>,
}

impl From<Answer> for Turned {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            route: None,
        }
    }
}

impl Engine {
    /// The client's address.
    #[must_use]
    pub fn client(&self, request: &Request<'_>) -> IpAddr {
        client::address(
            request.peer,
            request.headers,
            &self.gateway.trusted_proxies.value,
        )
    }

    /// From the request line to an admitted address.
    ///
    /// # Errors
    /// The gateway's own answer: health, redirect, 400, 403, 404, 405 or a preflight's.
    pub fn admit(&self, request: &Request<'_>, trace: &mut Trace) -> Result<Admission, Turned> {
        let client = self.client(request);
        trace.add(
            Phase::Client,
            &self.gateway.trusted_proxies.pointer,
            Verdict::Noted,
            || format!("the client is {client}"),
        );
        self.health(request, trace)?;
        let host = normalise_host(request.authority);
        self.redirect(request, host.as_deref(), trace)?;
        let path =
            normalise(request.path, self.gateway.encoded_slash.value).map_err(|refusal| {
                let place = &self.gateway.encoded_slash.pointer;
                trace.add(Phase::Match, place, Verdict::Refused, || {
                    refusal.to_string()
                });
                Answer::bad_path(&refusal.to_string())
            })?;
        if let Some(turned) = self.preflight(request, host.as_deref(), &path, trace) {
            return Err(turned);
        }
        let route = match self.matcher.decide(host.as_deref(), &path, request.method) {
            Matched::Route(route) => route,
            Matched::Method { allow } => {
                trace.add(Phase::Match, &self.root, Verdict::Refused, || {
                    format!("the best pattern for `{path}` takes {}", allow.join(", "))
                });
                return Err(Answer::method_not_allowed(&allow.join(", ")).into());
            }
            Matched::NotFound => {
                trace.add(Phase::Match, &self.root, Verdict::Refused, || {
                    format!("no pattern matches `{path}`")
                });
                return Err(Answer::no_route().into());
            }
        };
        let found = &self.gateway.routes[route.0];
        trace.add(Phase::Match, &found.pointer, Verdict::Passed, || {
            format!("`{path}` belongs to `{}`", found.key)
        });
        self.check_address(found, route, client, trace)?;
        Ok(Admission {
            route,
            path,
            client,
        })
    }

    fn health(&self, request: &Request<'_>, trace: &mut Trace) -> Result<(), Turned> {
        let Some(health) = &self.gateway.health else {
            return Ok(());
        };
        if request.path != health.value || !matches!(request.method, "GET" | "HEAD") {
            return Ok(());
        }
        trace.add(Phase::Host, &health.pointer, Verdict::Answered, || {
            "the gateway's own health".into()
        });
        let mut answer = Answer::message(200, "", "");
        answer.body = r#"{"status":"ok"}"#.into();
        Err(answer.into())
    }

    fn redirect(
        &self,
        request: &Request<'_>,
        host: Option<&str>,
        trace: &mut Trace,
    ) -> Result<(), Turned> {
        let (Some(tls), Some(port)) = (&self.gateway.tls, self.gateway.listen.https) else {
            return Ok(());
        };
        let proto = request
            .headers
            .get("x-forwarded-proto")
            .map(http::HeaderValue::as_bytes);
        let behind_tls = proto == Some(b"https")
            && client::is_trusted(request.peer, &self.gateway.trusted_proxies.value);
        if request.tls || behind_tls || !tls.redirect_http {
            return Ok(());
        }
        let known = |host: &&str| {
            let hosts = &self.gateway.hosts.value;
            hosts.is_empty() || hosts.iter().any(|pattern| pattern.matches(host))
        };
        let Some(host) = host.filter(known) else {
            trace.add(
                Phase::Host,
                &self.gateway.hosts.pointer,
                Verdict::Refused,
                || "the host is not one of the gateway's".into(),
            );
            return Err(Answer::no_route().into());
        };
        trace.add(Phase::Host, &tls.pointer, Verdict::Answered, || {
            "plain HTTP is redirected".into()
        });
        let port = if port == 443 {
            String::new()
        } else {
            format!(":{port}")
        };
        let query = request.query.map(|q| format!("?{q}")).unwrap_or_default();
        let path = if request.path.starts_with('/') {
            request.path
        } else {
            "/"
        };
        let location = format!("https://{host}{port}{path}{query}");
        Err(Answer::redirect(308, &location).into())
    }

    fn preflight(
        &self,
        request: &Request<'_>,
        host: Option<&str>,
        path: &str,
        trace: &mut Trace,
    ) -> Option<Turned> {
        let method = cors::preflight_method(request.method, request.headers)?;
        let Matched::Route(id) = self.matcher.decide(host, path, method) else {
            return None;
        };
        let rules = self.routes[id.0].cors.as_ref()?;
        let route = &self.gateway.routes[id.0];
        let place = route
            .cors
            .as_ref()
            .map_or(&route.pointer, |cors| &cors.pointer);
        trace.add(Phase::Preflight, place, Verdict::Answered, || {
            format!("a preflight for `{method}` of `{}`", route.key)
        });
        Some(Turned {
            answer: rules.preflight(request.headers.get(http::header::ORIGIN)),
            route: None,
        })
    }

    fn check_address(
        &self,
        route: &ir::Route,
        id: RouteId,
        client: IpAddr,
        trace: &mut Trace,
    ) -> Result<(), Turned> {
        let Some(rules) = &route.ip else {
            return Ok(());
        };
        if rules.admit(client) {
            trace.add(Phase::Ip, &rules.pointer, Verdict::Passed, || {
                format!("{client} may call")
            });
            return Ok(());
        }
        trace.add(Phase::Ip, &rules.pointer, Verdict::Refused, || {
            format!("{client} may not call")
        });
        Err(Turned {
            answer: Answer::forbidden("ip", "this address may not call"),
            route: Some(id),
        })
    }

    /// Checks a declared length; a body without one is counted while it streams.
    ///
    /// # Errors
    /// 413.
    pub fn check_length(
        &self,
        id: RouteId,
        length: Option<u64>,
        trace: &mut Trace,
    ) -> Result<(), Answer> {
        let most = &self.gateway.routes[id.0].max_body;
        match length {
            Some(length) if length > most.value.0 => {
                trace.add(Phase::Body, &most.pointer, Verdict::Refused, || {
                    format!("{length} bytes are more than {}", most.value)
                });
                Err(Answer::too_large())
            }
            _ => Ok(()),
        }
    }

    /// Puts on an answer what every answer of a route carries: its response header rules and CORS headers.
    pub fn finish(
        &self,
        id: Option<RouteId>,
        headers: &mut http::HeaderMap,
        origin: Option<&http::HeaderValue>,
    ) {
        let Some(id) = id else { return };
        let route = &self.routes[id.0];
        route.response_headers.apply(headers);
        if let Some(cors) = &route.cors {
            cors.mark(headers, origin);
        }
    }
}
