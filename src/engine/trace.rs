//! Trace: which place in the spec said what about a request, in the order it was asked.

use serde::Serialize;

use crate::source::Pointer;

/// A phase of section 3 of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Request ID.
    RequestId,
    /// Trusted proxies and the client's address.
    Client,
    /// TLS redirect and host.
    Host,
    /// Normalisation and matching.
    Match,
    /// CORS preflight.
    Preflight,
    /// IP rules.
    Ip,
    /// Authentication.
    Auth,
    /// Scopes and groups.
    Permission,
    /// Body size.
    Body,
    /// Limits and quotas.
    Limits,
    /// Forwarding.
    Forward,
}

/// What a place in the spec said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It let the request on.
    Passed,
    /// It ended the request.
    Refused,
    /// It answered the request, as asked.
    Answered,
    /// It decided something without letting on or ending.
    Noted,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// Where in the spec.
    pub pointer: Pointer,
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// The entries of one request. A silent trace costs nothing: reasons are made only when somebody will read them.
#[derive(Debug, Default)]
pub struct Trace {
    steps: Option<Vec<Step>>,
}

impl Trace {
    /// A trace that keeps nothing.
    #[must_use]
    pub const fn silent() -> Self {
        Self { steps: None }
    }

    /// A trace that keeps everything.
    #[must_use]
    pub fn recording() -> Self {
        Self {
            steps: Some(Vec::with_capacity(8)),
        }
    }

    /// Adds an entry.
    pub fn add(
        &mut self,
        phase: Phase,
        pointer: &Pointer,
        verdict: Verdict,
        reason: impl FnOnce() -> String,
    ) {
        if let Some(steps) = &mut self.steps {
            steps.push(Step {
                phase,
                pointer: pointer.clone(),
                verdict,
                reason: reason(),
            });
        }
    }

    /// What was kept.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        self.steps.as_deref().unwrap_or_default()
    }

    /// What was kept, given away.
    #[must_use]
    pub fn into_steps(self) -> Vec<Step> {
        self.steps.unwrap_or_default()
    }
}
