//! VALUES -> MAPPINGS: where a REST integration's parameters come from, from a closed list of sources.

use super::Refused;

/// A parameter of the request that the integration sends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// A place `{name}` in its URI.
    Path(String),
    /// A header.
    Header(HeaderName),
    /// A query parameter.
    Query(String),
}

impl Destination {
    /// `integration.request.header.X-Name`.
    #[must_use]
    pub fn print(&self) -> String {
        match self {
            Self::Path(name) => format!("integration.request.path.{name}"),
            Self::Header(name) => format!("integration.request.header.{}", name.0),
            Self::Query(name) => format!("integration.request.querystring.{name}"),
        }
    }
}

/// A header's name: a token of RFC 9110, without what mapping expressions cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeaderName(String);

impl HeaderName {
    /// Checks a name.
    ///
    /// # Errors
    /// Other characters than letters, digits, `-`, `_` and `.`.
    pub fn new(name: &str) -> Result<Self, Refused> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if !name.is_empty() && name.bytes().all(allowed) {
            return Ok(Self(name.to_owned()));
        }
        Err(Refused(format!(
            "the header `{name}` has a name that API Gateway's mappings do not take: letters, digits, `-`, `_` and `.` are"
        )))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A fixed value of a mapping, written between single quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(String);

impl Fixed {
    /// Checks a value.
    ///
    /// # Errors
    /// A single quote, which would end it, or anything but visible ASCII and blanks.
    pub fn new(value: &str) -> Result<Self, Refused> {
        let allowed = |b: u8| (b' '..=b'~').contains(&b) && b != b'\'';
        if value.bytes().all(allowed) {
            return Ok(Self(value.to_owned()));
        }
        Err(Refused(format!(
            "the value `{}` cannot stand in an API Gateway mapping: a single quote or a character outside visible ASCII",
            value.escape_debug()
        )))
    }

    /// What a header that cannot be removed is replaced by. An empty value would be no mapping at all, and what the
    /// client sent would go on.
    #[must_use]
    pub fn nothing() -> Self {
        Self("-".into())
    }

    /// `'value'`.
    #[must_use]
    pub fn print(&self) -> String {
        format!("'{}'", self.0)
    }
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A variable of the method's path; the method declares it when it is printed.
    Path(String),
    /// A fixed value.
    Fixed(Fixed),
    /// The ID that API Gateway gave the request.
    RequestId,
    /// The host the client asked for.
    Host,
    /// What the Lambda authorizer said about the caller.
    Authorizer(String),
}

impl Source {
    /// A mapping expression
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>).
    #[must_use]
    pub fn print(&self) -> String {
        match self {
            Self::Path(name) => format!("method.request.path.{name}"),
            Self::Fixed(value) => value.print(),
            Self::RequestId => "context.requestId".into(),
            Self::Host => "context.domainName".into(),
            Self::Authorizer(name) => format!("context.authorizer.{name}"),
        }
    }
}
