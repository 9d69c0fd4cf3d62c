//! PATTERN -> REGULAR EXPRESSION: paths that match by segment in Kong's router, and the order in which it tries them.

use std::collections::BTreeSet;

use crate::ir::{HostPattern, Pattern, Route, Segment};

/// The highest `regex_priority` that traditional_compatible compares right: its shifts are 32 bits wide.
pub const HIGHEST_PRIORITY: u32 = 1016;

/// The step between priorities; smaller ones would be OR'd with the number of header criteria.
pub const PRIORITY_STEP: u32 = 8;

/// How captures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captures {
    /// None: the path is sent as it came.
    None,
    /// Each parameter, and `rest` for what `*` matched (`tail`, without its slash, where it is the whole path).
    All,
}

/// The path of a pattern for a route's `paths`: anchored, by segment, with or without a trailing slash.
#[must_use]
pub fn regex(pattern: &Pattern, captures: Captures) -> String {
    let mut path = String::from("~");
    for (index, segment) in pattern.segments.iter().enumerate() {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(&literal(text)),
            Segment::Param(_) if captures == Captures::All => {
                path.push_str(&format!("(?<p{index}>[^/]+)"))
            }
            Segment::Param(_) => path.push_str("[^/]+"),
        }
    }
    path.push_str(
        match (pattern.segments.is_empty(), pattern.rest, captures) {
            // A regular expression must start with a slash; everything does.
            (true, true, Captures::None) => "/",
            (true, true, Captures::All) => "/(?<tail>(?s:.*))$",
            (true, false, _) => "/$",
            // No `.*`: a decoded line break would slip past it to a less specific route.
            (false, true, Captures::None) => "(?:/|$)",
            (false, true, Captures::All) => "(?<rest>/(?s:.*))?$",
            (false, false, _) => "/?$",
        },
    );
    path
}

/// What Kong keeps escaped when it normalises a path; everything else it decodes before matching.
const RESERVED: &[u8] = b"!*'();:@&=+$,/?%#[]";

/// A literal segment as it stands in the path that Kong matches, escaped for regular expressions.
fn literal(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut out = String::with_capacity(text.len());
    let raw = text.as_bytes();
    let mut at = 0;
    let flush = |bytes: &mut Vec<u8>, out: &mut String| {
        for c in String::from_utf8_lossy(bytes).chars() {
            if "\\.+*?()|[]{}^$".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        bytes.clear();
    };
    while at < raw.len() {
        let hex = raw
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (raw[at], hex) {
            (b'%', Some(byte)) if RESERVED.contains(&byte) => {
                flush(&mut bytes, &mut out);
                match byte {
                    // Kong lets these two pass unescaped, too; both spellings mean this segment.
                    b'[' => out.push_str("(?:%5B|\\[)"),
                    b']' => out.push_str("(?:%5D|\\])"),
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
                at += 3;
            }
            (b'%', Some(byte)) => {
                bytes.push(byte);
                at += 3;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    flush(&mut bytes, &mut out);
    out
}

/// What the precedence of two overlapping routes depends on: how specific the host is, then each step.
type Shape = (u16, Vec<u8>);

fn shape(route: &Route) -> Shape {
    let host = match &route.host {
        None => 0,
        Some(HostPattern::Below(suffix)) => {
            1 + u16::try_from(suffix.split('.').count()).unwrap_or(u16::MAX - 2)
        }
        Some(HostPattern::Exact(_)) => u16::MAX,
    };
    let mut steps: Vec<u8> = route
        .pattern
        .segments
        .iter()
        .map(|segment| {
            if matches!(segment, Segment::Literal(_)) {
                3
            } else {
                2
            }
        })
        .collect();
    steps.push(if route.pattern.rest { 0 } else { 1 });
    (host, steps)
}

/// `regex_priority` by shape: overlapping patterns have different shapes, so it never ties where it matters.
#[derive(Clone, Debug)]
pub struct Priorities(Vec<Shape>);

impl Priorities {
    /// Prepares the order for a gateway's routes.
    #[must_use]
    pub fn new(routes: &[Route]) -> Self {
        Self(
            routes
                .iter()
                .map(shape)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        )
    }

    /// How many there are; above [`Self::MOST`] they do not fit.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No route at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One is for the 404, one for the health endpoint.
    pub const MOST: usize = (HIGHEST_PRIORITY / PRIORITY_STEP) as usize - 1;

    /// The priority of a route's pattern.
    #[must_use]
    pub fn of(&self, route: &Route) -> u32 {
        let place = self.0.binary_search(&shape(route)).unwrap_or_default();
        (u32::try_from(place).unwrap_or_default() + 1).saturating_mul(PRIORITY_STEP)
    }
}
