//! A table of requests with what the language says happens to each: every engine has to answer it alike.

mod auth;
mod policies;
mod routing;

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::client::{Response, exchange};
use crate::support::echo::Echo;

/// One request and what is expected.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The bytes sent, without `Host` and `Connection` where `headers` has none.
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunked: bool,
    statuses: Vec<u16>,
    sent_target: Option<String>,
    sent: Vec<(String, Option<String>)>,
    got: Vec<(String, Option<String>)>,
    answer: Option<Value>,
    length: Option<usize>,
}

/// A GET that should be answered with 200.
pub fn get(target: &str) -> Case {
    request("GET", target)
}

/// A request that should be answered with 200.
pub fn request(method: &str, target: &str) -> Case {
    Case {
        name: format!("{method} {target}"),
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        chunked: false,
        statuses: vec![200],
        sent_target: None,
        sent: Vec::new(),
        got: Vec::new(),
        answer: None,
        length: None,
    }
}

impl Case {
    /// With a name that says more than the request line.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = format!("{}: {}", name.into(), self.name);
        self
    }

    /// With a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// From a client address, through the trusted proxy that the test is.
    pub fn from(self, address: &str) -> Self {
        self.with("X-Forwarded-For", address)
    }

    /// With a body of so many bytes, by Content-Length.
    pub fn body(mut self, length: usize) -> Self {
        self.body = vec![b'x'; length];
        self
    }

    /// With a body of so many bytes, in chunks.
    pub fn chunks(self, length: usize) -> Self {
        Self {
            chunked: true,
            ..self.body(length)
        }
    }

    /// This status.
    pub fn status(mut self, status: u16) -> Self {
        self.statuses = vec![status];
        self
    }

    /// One of these: where an engine may refuse what another normalises, or refuse for another reason.
    pub fn one_of(mut self, statuses: &[u16]) -> Self {
        self.statuses = statuses.to_vec();
        self
    }

    /// The target that reaches the service.
    pub fn to(mut self, target: &str) -> Self {
        self.sent_target = Some(target.to_owned());
        self
    }

    /// A header that reaches the service.
    pub fn sent(mut self, name: &str, value: &str) -> Self {
        self.sent.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// A header that does not reach the service.
    pub fn not_sent(mut self, name: &str) -> Self {
        self.sent.push((name.to_owned(), None));
        self
    }

    /// The body's length that reaches the service.
    pub fn length(mut self, length: usize) -> Self {
        self.length = Some(length);
        self
    }

    /// A header of the answer, once.
    pub fn got(mut self, name: &str, value: &str) -> Self {
        self.got.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// A header that the answer has not.
    pub fn not_got(mut self, name: &str) -> Self {
        self.got.push((name.to_owned(), None));
        self
    }

    /// The answer's JSON.
    pub fn answer(mut self, value: Value) -> Self {
        self.answer = Some(value);
        self
    }

    /// The bytes of the request.
    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            text.push_str("Host: gateway.example\r\n");
        }
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
        {
            text.push_str("Connection: close\r\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut bytes = text.into_bytes();
        if self.chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(1000) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            if !self.body.is_empty() {
                bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).bytes());
            }
            bytes.extend(b"\r\n");
            bytes.extend(&self.body);
        }
        bytes
    }

    /// What is not as it should be.
    fn faults(&self, response: &Response, reached: &[String]) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.statuses.contains(&response.status) {
            faults.push(format!(
                "status {} instead of {:?}, body {}",
                response.status,
                self.statuses,
                String::from_utf8_lossy(&response.body)
            ));
            return faults;
        }
        for (name, wanted) in &self.got {
            let found = response.all(name);
            let fits = match wanted {
                Some(value) => found == [value.as_str()],
                None => found.is_empty(),
            };
            if !fits {
                faults.push(format!(
                    "answer header {name}: {found:?} instead of {wanted:?}"
                ));
            }
        }
        if response.status >= 400 && response.header("X-Request-ID").is_none() {
            faults.push("no request ID on an error".to_owned());
        }
        let answer = response.json();
        if let Some(wanted) = &self.answer {
            if answer != *wanted {
                faults.push(format!(
                    "answer {} instead of {wanted}",
                    String::from_utf8_lossy(&response.body)
                ));
            }
        } else if response.status >= 400
            && answer.get("method").is_none()
            && self.method != "HEAD"
            && answer.get("message").is_none()
        {
            faults.push(format!(
                "an error without a JSON message: {}",
                String::from_utf8_lossy(&response.body)
            ));
        }
        if let Some(wanted) = &self.sent_target
            && answer["target"] != wanted.as_str()
        {
            faults.push(format!("target {} instead of {wanted}", answer["target"]));
        }
        if let Some(length) = self.length
            && answer["length"] != length
        {
            faults.push(format!(
                "{} bytes of body instead of {length}",
                answer["length"]
            ));
        }
        for (name, wanted) in &self.sent {
            let name = name.to_ascii_lowercase();
            let headers = answer["headers"].as_array().cloned().unwrap_or_default();
            let found: Vec<&str> = headers
                .iter()
                .filter(|pair| pair[0] == name.as_str())
                .filter_map(|pair| pair[1].as_str())
                .collect();
            if found != wanted.iter().map(String::as_str).collect::<Vec<_>>() {
                faults.push(format!(
                    "header {name} reached the service as {found:?} instead of {wanted:?}"
                ));
            }
        }
        let own = [400, 401, 403, 404, 405, 413, 429].contains(&response.status)
            && answer.get("method").is_none();
        if own
            && let Some(line) = reached
                .iter()
                .find(|line| !line.ends_with("/authorize") && !line.ends_with("/jwks"))
        {
            faults.push(format!("refused, and yet `{line}` reached a service"));
        }
        faults
    }
}

/// What the gateway of the table is built with: variables of its spec.
pub fn variables(echo: &Echo, nginx: &str) -> Vec<(String, String)> {
    let at = format!("http://{}", echo.address);
    vec![
        ("CASES_KEYS".to_owned(), format!("{at}/jwks")),
        ("CASES_AUTHORIZER".to_owned(), format!("{at}/authorize")),
        ("CASES_ECHO".to_owned(), at),
        ("CASES_NGINX".to_owned(), nginx.to_owned()),
    ]
}

/// The folder of the table's spec, keys and secrets.
pub fn folder() -> PathBuf {
    crate::generated::root().join("tests/suite/cases")
}

/// The whole table, in order; limits depend on it.
pub fn table() -> Vec<Case> {
    [routing::cases(), auth::cases(), policies::cases()].concat()
}

/// Sends the table and says what was not as it should be.
pub fn failures(gateway: SocketAddr, echo: &Echo) -> Vec<String> {
    let mut failures = Vec::new();
    for case in table() {
        echo.seen();
        let response = exchange(gateway, &case.bytes());
        let reached = echo.seen();
        failures.extend(
            case.faults(&response, &reached)
                .into_iter()
                .map(|fault| format!("{}: {fault}", case.name)),
        );
    }
    failures
}
