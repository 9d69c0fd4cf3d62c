//! Probe: requests that show one thing, and what came back.

use std::time::Duration;

use serde::Serialize;

use crate::ir::RouteId;

/// What kind of behaviour a probe shows; summaries group by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Hosts, paths and methods.
    Routing,
    /// Spellings of a path that must not escape their route.
    Spelling,
    /// Credentials.
    Auth,
    /// Scopes, groups and addresses.
    Permission,
    /// Headers that only the gateway may set.
    Forgery,
    /// Limits at their edge.
    Limit,
    /// Quotas at their edge.
    Quota,
    /// Cross-origin requests.
    Cors,
    /// The request ID.
    RequestId,
    /// Body sizes.
    Body,
    /// Header rules.
    Headers,
    /// Upstreams that fail.
    Fault,
    /// Gathers.
    Gather,
    /// Fixed answers and the health endpoint.
    Answer,
    /// Tricks to get past a guard.
    Bypass,
}

impl Class {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Routing => "routing",
            Self::Spelling => "spelling",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::Forgery => "forgery",
            Self::Limit => "limit",
            Self::Quota => "quota",
            Self::Cors => "cors",
            Self::RequestId => "request id",
            Self::Body => "body",
            Self::Headers => "headers",
            Self::Fault => "fault",
            Self::Gather => "gather",
            Self::Answer => "answer",
            Self::Bypass => "bypass",
        }
    }
}

/// A request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// None.
    #[default]
    None,
    /// This many bytes with Content-Length.
    Sized(u64),
    /// This many bytes in chunks.
    Chunked(u64),
}

/// One request, sent as it stands: nothing of it is normalised on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The Host header.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Other headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl Request {
    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Without the headers of this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// The path before the `?`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What stands behind the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// With another path and the same query.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        self.target = match self.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        self
    }

    /// With one more query parameter, already encoded.
    #[must_use]
    pub fn with_query(mut self, pair: &str) -> Self {
        self.target
            .push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(pair);
        self
    }

    /// A command line that repeats it against a base URL such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn curl(&self, base: &str) -> String {
        let quote = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let mut line = format!(
            "curl -i --path-as-is -X {} -H {}",
            quote(&self.method),
            quote(&format!("Host: {}", self.host))
        );
        for (name, value) in &self.headers {
            line.push_str(&format!(" -H {}", quote(&format!("{name}: {value}"))));
        }
        match self.body {
            Body::None => {}
            Body::Sized(bytes) => {
                line = format!("head -c {bytes} /dev/zero | {line} --data-binary @-")
            }
            Body::Chunked(bytes) => {
                line = format!(
                    "head -c {bytes} /dev/zero | {line} -H 'Transfer-Encoding: chunked' --data-binary @-"
                );
            }
        }
        format!("{line} {}", quote(&format!("{base}{}", self.target)))
    }
}

/// One step of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Send this and look at the answer.
    Send(Request),
    /// Send this so often as fast as the gateway answers, and count what passes.
    Burst(Request, u64),
    /// Let time go by.
    Wait(Duration),
}

/// What a probe sends and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Unique in a run, made of the route's key and what is tried.
    pub name: String,
    /// Its class.
    pub class: Class,
    /// The route it is about, if it is about one.
    #[serde(skip)]
    pub route: Option<RouteId>,
    /// Names of the features ([`crate::ir::Feature::name`]) whose losses may explain another answer.
    pub features: Vec<&'static str>,
    /// In order.
    pub steps: Vec<Step>,
}

/// What reached an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Received {
    /// The service whose echo it reached.
    pub service: String,
    /// The method.
    pub method: String,
    /// Path and query as they arrived.
    pub target: String,
    /// Headers with lower-case names, in order.
    pub headers: Vec<(String, String)>,
    /// Body bytes.
    pub body: u64,
}

/// What came back for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// The status; 0 when the connection was closed without an answer.
    pub status: u16,
    /// Headers with lower-case names, in order.
    pub headers: Vec<(String, String)>,
    /// The body's text.
    pub body: String,
    /// What reached upstreams while this request was under way.
    pub received: Vec<Received>,
}

impl Observed {
    /// The values of a header (lower-case name).
    pub fn values<'o>(&'o self, name: &'o str) -> impl Iterator<Item = &'o str> {
        self.headers
            .iter()
            .filter(move |(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}
