//! Upstreams that fail: statuses, resets, slowness, and what retries and breakers make of them.

use super::Of;
use crate::ir::Action;
use crate::verify::probe::{Class, Request, Step};

const ABOUT: &[&str] = &[
    "own-answers",
    "timeout",
    "retries",
    "breaker",
    "health",
    "balance",
    "target",
    "forward",
];

/// The header by which an echo upstream is told to misbehave: `service=trouble` pairs, joined by commas.
pub const TROUBLE: &str = "X-Verify-Trouble";

/// How an echo upstream misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It answers with this status.
    Status(u16),
    /// It closes the connection without an answer.
    Reset,
    /// It answers after this many milliseconds.
    Slow(u64),
    /// It answers 200 with a body that is not JSON.
    NotJson,
    /// It answers with something that is not HTTP.
    NotHttp,
}

impl Trouble {
    /// As it is written in the header.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Status(status) => format!("status-{status}"),
            Self::Reset => "reset".into(),
            Self::Slow(millis) => format!("slow-{millis}"),
            Self::NotJson => "not-json".into(),
            Self::NotHttp => "not-http".into(),
        }
    }

    /// For people.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Status(status) => format!("answers {status}"),
            Self::Reset => "closes the connection".into(),
            Self::Slow(millis) => format!("takes {millis} ms"),
            Self::NotJson => "does not answer in JSON".into(),
            Self::NotHttp => "does not speak HTTP".into(),
        }
    }

    /// What [`Trouble::text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(status) = text.strip_prefix("status-") {
            return status.parse().ok().map(Self::Status);
        }
        if let Some(millis) = text.strip_prefix("slow-") {
            return millis.parse().ok().map(Self::Slow);
        }
        match text {
            "reset" => Some(Self::Reset),
            "not-json" => Some(Self::NotJson),
            "not-http" => Some(Self::NotHttp),
            _ => None,
        }
    }
}

/// The request with the order to a service's echo.
#[must_use]
pub fn told(request: Request, service: &str, trouble: Trouble) -> Request {
    request.header(TROUBLE, format!("{service}={}", trouble.text()))
}

/// One failure at a time, then as many in a row as open a breaker.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let Action::Forward(forward) = &of.route.action else {
        return;
    };
    let good = of.good();
    let mut troubles = vec![
        Trouble::Status(404),
        Trouble::Status(500),
        Trouble::Status(503),
        Trouble::Reset,
        Trouble::NotHttp,
    ];
    if of.route.timeout.response.0 <= 2000 {
        troubles.push(Trouble::Slow(of.route.timeout.response.0 + 900));
        troubles.push(Trouble::Slow(of.route.timeout.response.0 / 2));
    }
    for trouble in troubles {
        of.ask(
            Class::Fault,
            &format!("service {}", trouble.name()),
            ABOUT,
            told(good.clone(), &forward.service, trouble),
        );
    }
    let breaker = of
        .scene
        .gateway
        .services
        .get(&forward.service)
        .and_then(|service| Some((service, service.breaker.as_ref()?)));
    if let Some((service, breaker)) = breaker {
        // Every target has to fail so often; half as many again make sure of it.
        let failures = u64::from(breaker.failures) * service.targets.len() as u64;
        let failing = told(good.clone(), &forward.service, Trouble::Reset);
        let mut steps: Vec<Step> = (0..failures + failures / 2 + 1)
            .map(|_| Step::Send(failing.clone()))
            .collect();
        steps.push(Step::Send(good));
        of.steps(Class::Fault, "breaker opens", ABOUT, steps);
    }
}
