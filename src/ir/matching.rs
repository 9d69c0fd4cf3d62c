//! HOST x PATH x METHOD -> ROUTE: a trie of segments per host that finds the route [`super::Precedence`] puts first.

use std::collections::HashMap;

use super::capture::segments;
use super::{Gateway, HostPattern, Method, Pattern, RouteId, Segment, Slot, slots};

/// Answers which route takes a request. Holds no reference to the gateway it was made of.
#[derive(Clone, Debug)]
pub struct Matcher {
    hosts: Vec<HostPattern>,
    exact: HashMap<Box<str>, Trie>,
    below: HashMap<Box<str>, Trie>,
    every: Trie,
    slots: Vec<Slot>,
}

/// What a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched<'m> {
    /// This route; its parameters are [`Pattern::captures`] of the path.
    Route(RouteId),
    /// The best pattern has no route for the method: 405.
    Method {
        /// Its `Allow` header's methods, in order.
        allow: &'m [Method],
    },
    /// No pattern: 404.
    NotFound,
}

#[derive(Clone, Debug, Default)]
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, u32>,
    param: Option<u32>,
    end: Option<u32>,
    rest: Option<u32>,
}

impl Trie {
    fn insert(&mut self, pattern: &Pattern, slot: u32) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for segment in &pattern.segments {
            // A spec of 256 MB has fewer segments than a u32 counts.
            let next = self.nodes.len() as u32;
            let node = &mut self.nodes[at];
            let child = match segment {
                Segment::Literal(text) => {
                    *node.literals.entry(text.as_str().into()).or_insert(next)
                }
                Segment::Param(_) => *node.param.get_or_insert(next),
            };
            if child == next {
                self.nodes.push(Node::default());
            }
            at = child as usize;
        }
        let node = &mut self.nodes[at];
        let place = if pattern.rest {
            &mut node.rest
        } else {
            &mut node.end
        };
        place.get_or_insert(slot);
    }

    fn find<'p>(&self, path: impl Iterator<Item = &'p str> + Clone) -> Option<u32> {
        self.nodes
            .first()
            .and_then(|root| self.find_below(root, path))
    }

    // Depth is bounded by the longest pattern: it only goes on where a child exists.
    fn find_below<'p>(
        &self,
        node: &Node,
        mut path: impl Iterator<Item = &'p str> + Clone,
    ) -> Option<u32> {
        let Some(segment) = path.next() else {
            return node.end.or(node.rest);
        };
        let literal = node.literals.get(segment).copied();
        let param = node.param.filter(|_| !segment.is_empty());
        literal
            .and_then(|child| self.find_below(&self.nodes[child as usize], path.clone()))
            .or_else(|| param.and_then(|child| self.find_below(&self.nodes[child as usize], path)))
            .or(node.rest)
    }
}

impl Matcher {
    /// Prepares matching for a gateway's hosts and routes.
    #[must_use]
    pub fn new(gateway: &Gateway) -> Self {
        let mut matcher = Self {
            hosts: gateway.hosts.value.clone(),
            exact: HashMap::new(),
            below: HashMap::new(),
            every: Trie::default(),
            slots: slots(gateway),
        };
        for (number, slot) in (0u32..).zip(&matcher.slots) {
            let Some(route) = slot.routes.first().and_then(|id| gateway.routes.get(id.0)) else {
                continue;
            };
            let trie = match &route.host {
                Some(HostPattern::Exact(name)) => {
                    matcher.exact.entry(name.as_str().into()).or_default()
                }
                Some(HostPattern::Below(suffix)) => {
                    matcher.below.entry(suffix.as_str().into()).or_default()
                }
                None => &mut matcher.every,
            };
            trie.insert(&route.pattern, number);
        }
        matcher
    }

    /// The routes that share the best pattern for a path. `host` and `path` are normalised.
    #[must_use]
    pub fn slot(&self, host: Option<&str>, path: &str) -> Option<&Slot> {
        let known = |host: &str| self.hosts.iter().any(|pattern| pattern.matches(host));
        if !self.hosts.is_empty() && !host.is_some_and(known) {
            return None;
        }
        let steps = segments(path);
        let number = host
            .and_then(|host| self.find_by_host(host, steps.clone()))
            .or_else(|| self.every.find(steps))?;
        self.slots.get(number as usize)
    }

    fn find_by_host<'p>(
        &self,
        host: &str,
        path: impl Iterator<Item = &'p str> + Clone,
    ) -> Option<u32> {
        let exact = self
            .exact
            .get(host)
            .and_then(|trie| trie.find(path.clone()));
        if exact.is_some() || self.below.is_empty() {
            return exact;
        }
        // From the longest suffix to the shortest.
        host.match_indices('.')
            .filter(|(at, _)| *at > 0)
            .filter_map(|(at, _)| self.below.get(&host[at + 1..]))
            .find_map(|trie| trie.find(path.clone()))
    }

    /// What a request meets. `host` is normalised (none: the request has no host), as is `path`.
    #[must_use]
    pub fn decide(&self, host: Option<&str>, path: &str, method: &str) -> Matched<'_> {
        match self.slot(host, path) {
            None => Matched::NotFound,
            Some(slot) => slot
                .route(method)
                .map_or(Matched::Method { allow: &slot.allow }, Matched::Route),
        }
    }
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
