//! SPEC x URL -> VERDICTS: asks a gateway that runs already, in front of `gateway-gen mock`, whose echo tells what arrived.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail};
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Value;
use url::Url;

use super::dice::Dice;
use super::expect::{Expected, Oracle, Reach};
use super::generate::{Scene, probes};
use super::identity::Clock;
use super::judge::judge;
use super::probe::{Class, Observed, Probe, Received, Request, Step};
use super::rig::{Outside, rig_keys};
use super::run::{Finding, Verdict, Verified, plain, unseen, weigh};
use super::runner::{Outcome, now, orders};
use super::translate::{ORDER, Translator};
use super::wire;
use crate::engine::Unlimited;
use crate::ir::{Action, Gateway, Keys, SchemeKind};
use crate::report::Loss;

/// A limit's `Retry-After` up to this is waited for.
const PATIENCE: u64 = 2;
/// All waiting for limits together takes at most this many seconds.
const WAITING: u64 = 20;

/// Where a running gateway is.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its address.
    pub address: SocketAddr,
    /// What stands before every path, such as a stage's name.
    pub prefix: String,
}

impl Place {
    /// Of a URL such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// It is not in plain HTTP, or its host has no address.
    pub fn of(url: &str) -> anyhow::Result<Self> {
        let url: Url = url
            .parse()
            .with_context(|| format!("`{url}` is not a URL"))?;
        if url.scheme() != "http" {
            bail!(
                "`{url}` is not in plain HTTP, and probes are sent byte for byte: name the gateway's http:// address"
            );
        }
        let host = url.host_str().context("the URL names no host")?;
        let port = url.port_or_known_default().unwrap_or(80);
        let mut found = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .with_context(|| format!("`{host}` has no address"))?;
        Ok(Self {
            address: found
                .next()
                .with_context(|| format!("`{host}` has no address"))?,
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// Runs the probes that can be answered by a gateway whose past and surroundings are not this run's.
///
/// # Errors
/// When nothing answers there, or the engine cannot make the gateway ready.
pub fn verify_url(
    gateway: &Gateway,
    place: &Place,
    losses: &[Loss],
    development: Option<Vec<u8>>,
    seed: u64,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Verified> {
    let translator = Translator::new(gateway, development);
    let known = rig_keys(
        plain(gateway.clone(), place.address.port()),
        &Outside::default(),
    );
    let clock = Clock {
        now: now().seconds(),
    };
    let oracle = Oracle::of_mocks(known.clone()).map_err(anyhow::Error::msg)?;
    let asker = Asker {
        place,
        oracle: &oracle,
        translator: &translator,
        waited: Cell::new(0),
        fetched: fetched(gateway),
    };
    asker.check()?;
    let mut all = probes(&Scene::new(&known, clock));
    Dice::new(seed).shuffle(&mut all);
    let mut verified = Verified::default();
    for probe in &all {
        verified.findings.push(match asker.ask(probe) {
            Ok(outcome) => weigh(outcome, losses, &known),
            Err(skipped) => Finding {
                outcome: skipped.0,
                verdict: Verdict::Skipped,
                loss: None,
                why: Some(skipped.1),
            },
        });
        progress(verified.findings.len(), all.len());
    }
    verified.unseen = unseen(losses, &verified.findings);
    Ok(verified)
}

fn fetched(gateway: &Gateway) -> BTreeSet<String> {
    let schemes = gateway.schemes.values();
    schemes
        .filter(|scheme| {
            matches!(&scheme.kind, SchemeKind::Jwt(jwt) if matches!(jwt.keys, Keys::JwksUrl(_)))
        })
        .map(|scheme| scheme.name.clone())
        .collect()
}

struct Asker<'a> {
    place: &'a Place,
    oracle: &'a Oracle,
    translator: &'a Translator,
    waited: Cell<u64>,
    /// Schemes whose keys the gateway fetches.
    fetched: BTreeSet<String>,
}

impl Asker<'_> {
    fn check(&self) -> anyhow::Result<()> {
        let address = self.place.address;
        std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5))
            .map(drop)
            .with_context(|| format!("nothing answers at {address}"))
    }

    /// Why a probe is left out before anything is sent.
    fn refused(&self, probe: &Probe) -> Option<&'static str> {
        let gateway = self.oracle.gateway();
        let action = probe.route.map(|id| &gateway.routes[id.0].action);
        let breaker = |service: &String| {
            let service = gateway.services.get(service);
            service.is_some_and(|service| service.breaker.is_some())
        };
        match (probe.class, action) {
            (Class::Limit | Class::Quota, _) => Some("it needs counters from scratch"),
            (Class::Gather, _) | (_, Some(Action::Gather(_))) => {
                Some("what its parts ask can't be seen in a gather's answer")
            }
            (Class::Fault, Some(Action::Forward(forward))) if breaker(&forward.service) => {
                Some("it could open a breaker that others depend on")
            }
            _ => None,
        }
    }

    /// A token can't be judged without the issuer's keys: 503 then says nothing about the token.
    fn keyless(&self, probe: &Probe, expected: &Expected, observed: &Observed) -> bool {
        let gateway = self.oracle.gateway();
        let schemes = probe.route.map(|id| gateway.routes[id.0].auth.schemes());
        let names = schemes.into_iter().flatten();
        let fetched = names
            .filter_map(|name| gateway.schemes.get(name))
            .any(|scheme| self.fetched.contains(&scheme.name));
        fetched
            && observed.status == 503
            && expected.statuses == [401]
            && observed.received.is_empty()
    }

    fn ask(&self, probe: &Probe) -> Result<Outcome, Box<(Outcome, &'static str)>> {
        let mut outcome = Outcome {
            probe: probe.clone(),
            differences: Vec::new(),
            request: None,
            expected: None,
            observed: None,
        };
        if let Some(why) = self.refused(probe) {
            return Err(Box::new((outcome, why)));
        }
        for step in &probe.steps {
            let request = match step {
                Step::Send(request) => request,
                Step::Wait(_) | Step::Burst(..) => {
                    return Err(Box::new((outcome, "it needs counters from scratch")));
                }
            };
            let sent = match self.translator.translate(request) {
                Ok(sent) => sent,
                Err(why) => return Err(Box::new((outcome, why))),
            };
            let (told, given) = orders(request);
            let mut expected = self.oracle.expect(&told, &given, &Unlimited, now());
            let Some(observed) = self.send(&sent) else {
                return Err(Box::new((outcome, "a limit stood in its way")));
            };
            if self.keyless(probe, &expected, &observed) {
                return Err(Box::new((
                    outcome,
                    "the gateway can't fetch the keys that tokens are checked with",
                )));
            }
            see(&mut expected, &sent, &observed);
            outcome.differences = judge(probe.class, &told, &expected, &observed);
            outcome.request = Some(sent);
            outcome.expected = Some(expected);
            outcome.observed = Some(observed);
            if !outcome.differences.is_empty() {
                break;
            }
        }
        Ok(outcome)
    }

    /// The answer, with what an echo in it tells; nothing while a limit refuses.
    fn send(&self, request: &Request) -> Option<Observed> {
        let mut sent = request.clone();
        if sent.target.starts_with('/') {
            sent.target.insert_str(0, &self.place.prefix);
        }
        loop {
            let (status, headers, body) =
                wire::exchange(self.place.address, &sent).unwrap_or_default();
            let received = echoed(&body, &self.place.address).into_iter().collect();
            let observed = Observed {
                status,
                headers,
                body,
                received,
            };
            if status != 429 {
                return Some(observed);
            }
            let wait = observed.values("retry-after").next();
            let wait = wait.and_then(|text| text.parse::<u64>().ok())?;
            let waited = self.waited.get() + wait;
            if wait > PATIENCE || waited > WAITING {
                return None;
            }
            self.waited.set(waited);
            std::thread::sleep(Duration::from_secs(wait));
        }
    }
}

/// What arrived, as a mock's answer tells it.
fn echoed(body: &str, gateway: &SocketAddr) -> Option<Received> {
    let echo: Value = serde_json::from_str(body).ok()?;
    let text = |name: &str| echo.get(name)?.as_str().map(str::to_owned);
    let mut target = text("path")?;
    if let Some(query) = text("query") {
        target = format!("{target}?{query}");
    }
    let headers = echo.get("headers")?.as_object()?.iter();
    let mut headers: wire::Headers = headers
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    // How a client far away looks from there is not known here.
    let far = !gateway.ip().is_loopback();
    headers.retain(|(name, _)| !(name.starts_with(ORDER) || far && name == FORWARDED));
    Some(Received {
        service: text("service")?,
        method: text("method")?,
        target,
        headers,
        body: echo.get("body_bytes").and_then(Value::as_u64).unwrap_or(0),
    })
}

const FORWARDED: &str = "x-forwarded-for";

/// Leaves out of what is expected what this answer can't show.
fn see(expected: &mut Expected, sent: &Request, observed: &Observed) {
    let silent =
        sent.method == "HEAD" || sent.headers.iter().any(|(name, _)| name == "X-Mock-Body");
    if silent && expected.reach != Reach::Nothing {
        expected.reach = Reach::Any;
    }
    // Credentials that are passed on arrive as they were sent, not as the rig has them.
    let real = sent
        .headers
        .iter()
        .rev()
        .find(|(name, _)| name == "Authorization");
    if let (Reach::Service { headers, .. }, Some((_, value))) = (&mut expected.reach, real)
        && headers.get_all(AUTHORIZATION).iter().count() == 1
        && let Ok(value) = HeaderValue::from_str(value)
    {
        headers.insert(AUTHORIZATION, value);
    }
    if let (Reach::Service { headers, .. }, Some(received)) =
        (&mut expected.reach, observed.received.first())
        && !received.headers.iter().any(|(name, _)| name == FORWARDED)
    {
        headers.remove(FORWARDED);
    }
}
