//! LIMIT -> THROTTLE or RATE RULE: AWS's buckets for everyone, and its counting windows for one address or header.

use super::super::document::firewall::{Count, CountBy, Evaluation, RATE_RULES, Rule};
use super::super::document::plan::Throttle;
use crate::ir::units::Rate;
use crate::ir::{Auth, Gateway, Limit, LimitKey, Methods, Pattern, Route, Segment};

/// How a limit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// By a bucket that all callers share.
    Throttle,
    /// By a counting window of the firewall.
    Window,
    /// By the caller's usage plan.
    Plan,
    /// Not.
    No,
}

/// A bucket of the same numbers.
///
/// # Errors
/// A burst that AWS cannot hold.
pub fn throttle(limit: &Limit) -> Result<Throttle, super::super::document::Refused> {
    Throttle::new(per_second(limit.rate), limit.burst)
}

fn per_second(rate: Rate) -> f64 {
    rate.count as f64 / rate.per.seconds() as f64
}

/// Whose requests a limit counts, where the firewall can.
#[must_use]
pub fn counted_by(limit: &Limit, route: Option<&Route>) -> Option<CountBy> {
    let anonymous = route.is_none_or(|route| matches!(route.auth.value, Auth::None { .. }));
    match &limit.key {
        LimitKey::ClientIp => Some(CountBy::Address),
        LimitKey::Consumer if anonymous => Some(CountBy::Address),
        LimitKey::Header(name) => Some(CountBy::Header(name.clone())),
        LimitKey::Consumer | LimitKey::Everyone | LimitKey::Claim(_) => None,
    }
}

/// The shortest window in which the rate is a number that the firewall takes; the lowest it takes in the longest otherwise.
#[must_use]
pub fn window(rate: Rate) -> (u64, Evaluation) {
    let in_window = |window: Evaluation| rate.count * window.seconds() / rate.per.seconds();
    let fits = Evaluation::ALL
        .into_iter()
        .map(|window| (in_window(window), window))
        .find(|(count, _)| *count >= Count::LOWEST);
    let (count, window) = fits.unwrap_or((Count::LOWEST, Evaluation::S600));
    (count.min(Count::HIGHEST), window)
}

/// What happens instead of a bucket, in numbers.
#[must_use]
pub fn window_text(limit: &Limit) -> String {
    let (count, window) = window(limit.rate);
    let seconds = window.seconds();
    let asked = limit.burst + limit.rate.count * seconds / limit.rate.per.seconds();
    format!(
        "AWS WAF counts {count} requests in {seconds} s and checks every few seconds, so {count} and what comes before its next check can pass at once where a bucket admits {} at once and {asked} in {seconds} s",
        limit.burst
    )
}

/// The firewall's rules for a gateway, in order.
#[must_use]
pub fn rules(gateway: &Gateway) -> Vec<Rule> {
    merge(every_rule(gateway), gateway)
}

fn every_rule(gateway: &Gateway) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut add = |limit: &Limit, route: Option<&Route>| {
        let (Some(by), (number, window)) = (counted_by(limit, route), window(limit.rate)) else {
            return;
        };
        if let Ok(count) = Count::new(number, window) {
            rules.push(Rule::Rate {
                count,
                by,
                path: route.map(|route| path_regex(&gateway.stage, &route.pattern)),
                methods: route.map(verbs).unwrap_or_default(),
            });
        }
    };
    for limit in &gateway.limits {
        add(limit, None);
    }
    for route in &gateway.routes {
        for limit in &route.limits {
            add(limit, Some(route));
        }
    }
    rules
}

/// Routes share rules.
#[must_use]
pub fn is_shared(gateway: &Gateway) -> bool {
    every_rule(gateway).len() > RATE_RULES
}

/// Many routes inherit one limit. Where there are more rules than a web ACL holds, routes that share a number share
/// a rule: the window then counts them together, which refuses sooner and never later.
fn merge(rules: Vec<Rule>, gateway: &Gateway) -> Vec<Rule> {
    let whole = |rule: &Rule| matches!(rule, Rule::Rate { path: None, .. });
    if rules.len() <= RATE_RULES {
        return rules;
    }
    let mut merged: Vec<Rule> = rules.iter().filter(|rule| whole(rule)).cloned().collect();
    for rule in rules.into_iter().filter(|rule| !whole(rule)) {
        let Rule::Rate { count, by, .. } = &rule else {
            continue;
        };
        let same = merged.iter().any(|other| {
            matches!(other, Rule::Rate { count: c, by: b, path: Some(_), .. } if c == count && b == by)
        });
        if !same {
            merged.push(Rule::Rate {
                count: *count,
                by: by.clone(),
                path: Some(format!("^(/{})?/", regex_escaped(&gateway.stage))),
                methods: Vec::new(),
            });
        }
    }
    merged
}

/// How many rate rules a gateway needs.
#[must_use]
pub fn rule_count(gateway: &Gateway) -> usize {
    rules(gateway).len()
}

fn verbs(route: &Route) -> Vec<&'static str> {
    let Methods::Only(methods) = &route.methods else {
        return Vec::new();
    };
    let verbs = super::super::document::integration::Verb::ALL;
    let mut names: Vec<&'static str> = methods
        .iter()
        .filter_map(|method| verbs.iter().map(|v| v.name()).find(|name| name == method))
        .collect();
    if names.contains(&"GET") && !names.contains(&"HEAD") {
        names.push("HEAD");
    }
    names
}

/// A pattern on paths as they come: with the stage in front where there is no custom domain.
fn path_regex(stage: &str, pattern: &Pattern) -> String {
    let mut regex = format!("^(/{})?", regex_escaped(stage));
    for segment in &pattern.segments {
        match segment {
            Segment::Literal(text) => regex.push_str(&format!("/{}", regex_escaped(text))),
            Segment::Param(_) => regex.push_str("/[^/]+"),
        }
    }
    regex.push_str(if pattern.rest { "(/.*)?$" } else { "/?$" });
    if regex.len() > super::super::document::firewall::LONGEST_PATTERN {
        return format!("^(/{})?/", regex_escaped(stage));
    }
    regex
}

fn regex_escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/')) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// How a route's limit is kept on a REST API.
#[must_use]
pub fn kept(gateway: &Gateway, route: &Route, limit: &Limit) -> Kept {
    if limit.key == LimitKey::Everyone {
        return Kept::Throttle;
    }
    if counted_by(limit, Some(route)).is_some() {
        return Kept::Window;
    }
    match limit.key {
        LimitKey::Consumer if super::super::design::only_consumers(gateway, route) => Kept::Plan,
        _ => Kept::No,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn window_of(rate: &str) -> (u64, u64) {
        let (count, window) = window(rate.parse().unwrap());
        (count, window.seconds())
    }

    #[test]
    fn the_shortest_window_that_counts_ten_is_taken() {
        assert_eq!(window_of("20/s"), (1200, 60));
        assert_eq!(window_of("60/min"), (60, 60));
        assert_eq!(window_of("5/min"), (10, 120));
        assert_eq!(window_of("2/min"), (10, 300));
        assert_eq!(window_of("5/h"), (10, 600));
    }

    #[test]
    fn a_path_matches_with_and_without_the_stage() {
        let pattern = Pattern {
            segments: vec![Segment::Literal("a.b".into()), Segment::Param("id".into())],
            rest: true,
        };
        assert_eq!(path_regex("prod", &pattern), "^(/prod)?/a\\.b/[^/]+(/.*)?$");
    }
}
