//! HOSTS -> NUMBERS: which matching tree a host belongs to, and which one is asked next.

use std::collections::BTreeMap;

use super::document::Block;
use crate::ir::{Gateway, HostPattern};

/// Hosts that routes name, each with the number of its matching tree; 0 is for routes of every host.
pub struct Hosts<'g> {
    /// In the order of their numbers, from 1.
    pub patterns: Vec<&'g HostPattern>,
}

impl<'g> Hosts<'g> {
    /// Those of a gateway's routes.
    pub fn of(gateway: &'g Gateway) -> Self {
        let mut patterns: Vec<&HostPattern> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for host in gateway
            .routes
            .iter()
            .filter_map(|route| route.host.as_ref())
        {
            if seen.insert(host) {
                patterns.push(host);
            }
        }
        Self { patterns }
    }

    /// The number of a host's tree.
    pub fn number(&self, host: Option<&HostPattern>) -> usize {
        host.and_then(|host| self.patterns.iter().position(|other| *other == host))
            .map_or(0, |at| at + 1)
    }

    /// The most specific wildcard that covers every host of `host` and is another; else 0.
    pub fn wider(&self, host: &HostPattern) -> usize {
        let name = match host {
            HostPattern::Exact(name) | HostPattern::Below(name) => name,
        };
        let covering = self
            .patterns
            .iter()
            .enumerate()
            .filter_map(|(at, other)| match other {
                HostPattern::Below(suffix) => {
                    let strict = name
                        .strip_suffix(suffix.as_str())
                        .is_some_and(|labels| labels.len() > 1 && labels.ends_with('.'));
                    strict.then_some((suffix.len(), at + 1))
                }
                HostPattern::Exact(_) => None,
            });
        covering.max().map_or(0, |(_, number)| number)
    }

    /// From `$host` to the tree's number; `x` for hosts that are not the gateway's.
    pub fn map(&self, gateway: &Gateway) -> Block {
        let mut table = Block::new();
        if gateway.hosts.is_empty() && self.patterns.is_empty() {
            table.pair("default", "0");
            return table;
        }
        table.put("hostnames", [""; 0]);
        table.pair("default", if gateway.hosts.is_empty() { "0" } else { "x" });
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for host in gateway.hosts.iter() {
            let own = self
                .patterns
                .iter()
                .position(|other| *other == host)
                .map(|at| at + 1);
            lines.insert(host.to_string(), own.unwrap_or_else(|| self.wider(host)));
        }
        for (at, host) in self.patterns.iter().enumerate() {
            let known =
                gateway.hosts.is_empty() || gateway.hosts.iter().any(|other| covers(other, host));
            if known {
                lines.insert(host.to_string(), at + 1);
            }
        }
        for (host, number) in lines {
            table.pair(host, number.to_string());
        }
        table
    }
}

fn covers(wide: &HostPattern, narrow: &HostPattern) -> bool {
    match (wide, narrow) {
        (wide, narrow) if wide == narrow => true,
        (HostPattern::Below(_), HostPattern::Exact(name)) => wide.matches(name),
        (HostPattern::Below(suffix), HostPattern::Below(name)) => name
            .strip_suffix(suffix.as_str())
            .is_some_and(|labels| labels.ends_with('.')),
        (HostPattern::Exact(_), _) => false,
    }
}
