//! Methods, hosts and path patterns: what a route key says.

use std::fmt;

/// A request method: a token of RFC 9110, upper case by convention and case-sensitive.
pub type Method = String;

/// Which methods a route takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Methods {
    /// These, in the order written; `GET` stands for `HEAD` too.
    Only(Vec<Method>),
    /// All.
    Any,
}

impl Methods {
    /// Whether `method` is taken; `HEAD` is implied by `GET`.
    #[must_use]
    pub fn takes(&self, method: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(methods) => {
                methods.iter().any(|m| m == method)
                    || (method == "HEAD" && methods.iter().any(|m| m == "GET"))
            }
        }
    }
}

/// A host name, or all names below one. Lower case, without port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Exactly this name.
    Exact(String),
    /// One or more labels to the left of this suffix (`eu.shop.example` for `*.eu.shop.example`).
    Below(String),
}

impl HostPattern {
    /// Whether `host` (lower case, without port or trailing dot) is meant.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(suffix) => host
                .strip_suffix(suffix.as_str())
                .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.')),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Matches itself. Held as it stands in a normalised path: reserved and non-ASCII bytes percent-encoded in upper case.
    Literal(String),
    /// Matches exactly one non-empty segment.
    Param(String),
}

/// A path pattern: segments, and `*` for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The segments before the rest; none for `/` and `/*`.
    pub segments: Vec<Segment>,
    /// Ends in `*`: matches the segments alone, with a trailing slash, and everything below.
    pub rest: bool,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Param(name) => write!(f, "/{{{name}}}")?,
            }
        }
        match (self.rest, self.segments.is_empty()) {
            (true, _) => f.write_str("/*"),
            (false, true) => f.write_str("/"),
            (false, false) => Ok(()),
        }
    }
}
