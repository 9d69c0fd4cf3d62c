//! ACTION -> INTEGRATION: what a REST method does with a request: forward it, call a function, or answer it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::mapping::{Destination, Fixed, HeaderName, Source};
use super::{LogicalId, Refused, object, sub};

/// A method as API Gateway names them; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
    /// All that have no entry of their own.
    Any,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
        Self::Any,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Any => "ANY",
        }
    }

    /// By a request's method.
    ///
    /// # Errors
    /// A method that API Gateway has no entry for.
    pub fn of(method: &str) -> Result<Self, Refused> {
        Self::ALL
            .into_iter()
            .find(|verb| verb.name() == method && *verb != Self::Any)
            .ok_or_else(|| {
                Refused(format!(
                    "API Gateway has no method `{method}`: GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS are"
                ))
            })
    }
}

/// How long a REST integration may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestTimeout(u32);

impl RestTimeout {
    /// The longest that needs no quota raised
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
    pub const LONGEST: u64 = 29_000;
    /// Checks a number of milliseconds; `raised` when the quota is said to be.
    ///
    /// # Errors
    /// Under 50 ms or over the maximum.
    pub fn new(millis: u64, raised: bool) -> Result<Self, Refused> {
        let most = i32::MAX.unsigned_abs().into();
        let longest = if raised { most } else { Self::LONGEST };
        match u32::try_from(millis) {
            Ok(value) if (50..=longest).contains(&millis) => Ok(Self(value)),
            _ => Err(Refused(format!(
                "a REST integration takes 50 to {longest} ms, not {millis}"
            ))),
        }
    }
}

/// An `http` or `https` URI with places `{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    text: String,
    places: BTreeSet<String>,
}

impl Uri {
    /// From what comes before the path, and the path's pieces with their slashes.
    ///
    /// # Errors
    /// Another scheme, or no host.
    pub fn new(base: &str, pieces: &[UriPiece]) -> Result<Self, Refused> {
        let host = base
            .strip_prefix("http://")
            .or_else(|| base.strip_prefix("https://"));
        if !host.is_some_and(|host| !host.is_empty() && !host.starts_with('/')) {
            return Err(Refused(format!("`{base}` is not an http address")));
        }
        let mut uri = Self {
            text: base.to_owned(),
            places: BTreeSet::new(),
        };
        for piece in pieces {
            match piece {
                UriPiece::Text(text) => uri.text.push_str(text),
                UriPiece::Place(name) => {
                    uri.text.push_str(&format!("/{{{name}}}"));
                    uri.places.insert(name.clone());
                }
            }
        }
        Ok(uri)
    }
}

/// A piece of a URI's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UriPiece {
    /// With its slashes.
    Text(String),
    /// `/{name}`, filled in by a mapping.
    Place(String),
}

/// How the service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Over the internet.
    Internet,
    /// Through a VPC link to a load balancer's listener.
    Link {
        /// The link's ID.
        id: String,
        /// The listener's ARN.
        listener: String,
    },
}

/// A request that goes on to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Sent with this method.
    pub verb: Verb,
    /// To this URI.
    pub uri: Uri,
    /// How it is reached.
    pub connection: Connection,
    /// Longest time.
    pub timeout: RestTimeout,
    parameters: BTreeMap<Destination, Source>,
}

impl Proxy {
    /// Every place of the URI must be filled in.
    ///
    /// # Errors
    /// A place of the URI that no parameter fills, or a parameter for a place that the URI does not have.
    pub fn new(
        verb: Verb,
        uri: Uri,
        connection: Connection,
        timeout: RestTimeout,
        parameters: BTreeMap<Destination, Source>,
    ) -> Result<Self, Refused> {
        let filled: BTreeSet<String> = parameters
            .keys()
            .filter_map(|to| match to {
                Destination::Path(name) => Some(name.clone()),
                Destination::Header(_) | Destination::Query(_) => None,
            })
            .collect();
        if filled != uri.places {
            return Err(Refused(format!(
                "the places of `{}` and the parameters that fill them differ",
                uri.text
            )));
        }
        Ok(Self {
            verb,
            uri,
            connection,
            timeout,
            parameters,
        })
    }

    /// The path variables that are read.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parameters.values().filter_map(|source| match source {
            Source::Path(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// A fixed answer, or one made by a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mock {
    /// 200 to 599.
    pub status: u16,
    /// Headers with fixed values.
    pub headers: BTreeMap<HeaderName, Fixed>,
    /// The body, or a template (VTL) that makes it and may override status and headers.
    pub template: String,
    /// Requests may carry a body: templates are chosen by its media type, and one without a template gets 415.
    pub takes_bodies: bool,
}

/// Media types of requests that a mock answers.
const MEDIA_TYPES: [&str; 7] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
    "application/octet-stream",
    "application/xml",
    "text/xml",
];

/// What a method does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integration {
    /// Forwards.
    Proxy(Proxy),
    /// Calls a function of this template.
    Own(LogicalId),
    /// Calls another function.
    Function {
        /// Its ARN.
        arn: String,
        /// Longest time.
        timeout: RestTimeout,
    },
    /// Answers.
    Mock(Mock),
}

/// The URI under which API Gateway calls a function.
#[must_use]
pub fn invocation(function: &str) -> Value {
    sub(&format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/{function}/invocations"
    ))
}

impl Integration {
    /// As a CloudFormation property, or with the same keys in an OpenAPI extension by the caller.
    #[must_use]
    pub fn print(&self) -> Value {
        match self {
            Self::Proxy(proxy) => print_proxy(proxy),
            Self::Own(id) => print_function(invocation(&format!("${{{}.Arn}}", id.as_str())), None),
            Self::Function { arn, timeout } => {
                print_function(invocation(&super::sub_escaped(arn)), Some(json!(timeout.0)))
            }
            Self::Mock(mock) => print_mock(mock),
        }
    }

    /// What the method must declare of its answers.
    #[must_use]
    pub fn responses(&self) -> Option<Value> {
        let Self::Mock(mock) = self else { return None };
        let declared: Map<_, _> = mock
            .headers
            .keys()
            .map(|name| (response_header(name), json!(true)))
            .collect();
        Some(json!([object([
            ("StatusCode", Some(json!(mock.status.to_string()))),
            (
                "ResponseParameters",
                (!declared.is_empty()).then_some(Value::Object(declared))
            ),
        ])]))
    }
}

fn response_header(name: &HeaderName) -> String {
    format!("method.response.header.{}", name.as_str())
}

fn print_proxy(proxy: &Proxy) -> Value {
    let parameters: Map<_, _> = proxy
        .parameters
        .iter()
        .map(|(to, from)| (to.print(), json!(from.print())))
        .collect();
    let link = match &proxy.connection {
        Connection::Internet => None,
        Connection::Link { id, listener } => Some((id, listener)),
    };
    object([
        ("Type", Some(json!("HTTP_PROXY"))),
        ("IntegrationHttpMethod", Some(json!(proxy.verb.name()))),
        ("Uri", Some(json!(proxy.uri.text))),
        ("ConnectionType", link.map(|_| json!("VPC_LINK"))),
        ("ConnectionId", link.map(|(id, _)| json!(id))),
        (
            "IntegrationTarget",
            link.map(|(_, listener)| json!(listener)),
        ),
        ("TimeoutInMillis", Some(json!(proxy.timeout.0))),
        ("PassthroughBehavior", Some(json!("WHEN_NO_MATCH"))),
        (
            "RequestParameters",
            (!parameters.is_empty()).then_some(Value::Object(parameters)),
        ),
    ])
}

fn print_function(uri: Value, timeout: Option<Value>) -> Value {
    object([
        ("Type", Some(json!("AWS_PROXY"))),
        ("IntegrationHttpMethod", Some(json!("POST"))),
        ("Uri", Some(uri)),
        ("TimeoutInMillis", timeout),
    ])
}

fn print_mock(mock: &Mock) -> Value {
    let headers: Map<_, _> = mock
        .headers
        .iter()
        .map(|(name, value)| (response_header(name), json!(value.print())))
        .collect();
    let answer = object([
        ("StatusCode", Some(json!(mock.status.to_string()))),
        (
            "ResponseParameters",
            (!headers.is_empty()).then_some(Value::Object(headers)),
        ),
        (
            "ResponseTemplates",
            Some(json!({ "application/json": mock.template })),
        ),
    ]);
    let types = if mock.takes_bodies {
        &MEDIA_TYPES[..]
    } else {
        &MEDIA_TYPES[..1]
    };
    let select = format!("{{\"statusCode\": {}}}", mock.status);
    let templates: Map<_, _> = types
        .iter()
        .map(|media| ((*media).to_owned(), json!(select)))
        .collect();
    // Without the conversion a mock fails where the API treats all media types as binary.
    json!({
        "Type": "MOCK",
        "PassthroughBehavior": "WHEN_NO_TEMPLATES",
        "ContentHandling": "CONVERT_TO_TEXT",
        "RequestTemplates": templates,
        "IntegrationResponses": [answer],
    })
}
