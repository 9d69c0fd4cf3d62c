//! Which of two routes is asked first: the one order that matching, emitters and reports follow.

use std::cmp::{Ordering, Reverse};

use super::{Gateway, HostPattern, Method, Methods, Pattern, Route, RouteId, Segment};

/// A route's place among others, smallest first: host exact, longer wildcard, shorter wildcard, none; then segment by
/// segment literal, `{}`, end of the path, `*`; then listed methods before `ANY`. The names of parameters take no part.
#[derive(Clone, Copy, Debug)]
pub struct Precedence<'a> {
    host: Option<&'a HostPattern>,
    pattern: &'a Pattern,
    methods: &'a Methods,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum HostRank<'a> {
    Exact(&'a str),
    // Two suffixes of one host nest, so the longer is the more specific.
    Below(Reverse<usize>, &'a str),
    Every,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step<'a> {
    Literal(&'a str),
    Param,
    End,
    Rest,
}

fn host_rank(host: Option<&HostPattern>) -> HostRank<'_> {
    match host {
        Some(HostPattern::Exact(name)) => HostRank::Exact(name),
        Some(HostPattern::Below(suffix)) => HostRank::Below(Reverse(suffix.len()), suffix),
        None => HostRank::Every,
    }
}

fn steps(pattern: &Pattern) -> impl Iterator<Item = Step<'_>> {
    let last = if pattern.rest { Step::Rest } else { Step::End };
    pattern
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => Step::Literal(text),
            Segment::Param(_) => Step::Param,
        })
        .chain(std::iter::once(last))
}

impl<'a> Precedence<'a> {
    /// The place of a route that takes these.
    #[must_use]
    pub fn new(host: Option<&'a HostPattern>, pattern: &'a Pattern, methods: &'a Methods) -> Self {
        Self {
            host,
            pattern,
            methods,
        }
    }

    /// The place of a route.
    #[must_use]
    pub fn of(route: &'a Route) -> Self {
        Self::new(route.host.as_ref(), &route.pattern, &route.methods)
    }

    /// The order of hosts and patterns alone; equal ones take the same paths and share a [`Slot`].
    #[must_use]
    pub fn cmp_path(&self, other: &Self) -> Ordering {
        host_rank(self.host)
            .cmp(&host_rank(other.host))
            .then_with(|| steps(self.pattern).cmp(steps(other.pattern)))
    }
}

impl Ord for Precedence<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_path(other)
            .then_with(|| self.methods.cmp(other.methods))
    }
}

impl PartialOrd for Precedence<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Precedence<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Precedence<'_> {}

/// Brings routes into order of precedence, as [`Gateway::routes`] holds them; equal ones stay as they were.
pub fn sort(routes: &mut Vec<Route>) {
    let mut order: Vec<usize> = (0..routes.len()).collect();
    order.sort_by(|&a, &b| Precedence::of(&routes[a]).cmp(&Precedence::of(&routes[b])));
    // Routes are large: each moves once.
    let mut taken: Vec<Option<Route>> = std::mem::take(routes).into_iter().map(Some).collect();
    routes.extend(order.into_iter().filter_map(|index| taken[index].take()));
}

/// The routes of one host and pattern shape: they take the same paths and differ by method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// In order of precedence; at least one.
    pub routes: Vec<RouteId>,
    /// Each method listed, with its route, in the same order. `HEAD` is not listed where only `GET` implies it.
    pub methods: Vec<(Method, RouteId)>,
    /// The route that takes every other method.
    pub any: Option<RouteId>,
    /// `Allow` of a 405: methods in the order above, `HEAD` after `GET`, `OPTIONS` last where a route has CORS.
    pub allow: Vec<Method>,
}

impl Slot {
    /// The route that takes a method: listed, else `GET`'s for `HEAD`, else the one for all.
    #[must_use]
    pub fn route(&self, method: &str) -> Option<RouteId> {
        let listed = |method: &str| {
            self.methods
                .iter()
                .find(|(listed, _)| listed == method)
                .map(|(_, id)| *id)
        };
        listed(method)
            .or_else(|| listed("GET").filter(|_| method == "HEAD"))
            .or(self.any)
    }
}

/// The routes in groups that share host and pattern shape, in order of precedence.
#[must_use]
pub fn slots(gateway: &Gateway) -> Vec<Slot> {
    let places: Vec<_> = gateway.routes.iter().map(Precedence::of).collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].cmp(&places[b]));
    order
        .chunk_by(|&a, &b| places[a].cmp_path(&places[b]) == Ordering::Equal)
        .map(|group| slot(gateway, group))
        .collect()
}

fn slot(gateway: &Gateway, group: &[usize]) -> Slot {
    let mut slot = Slot {
        routes: group.iter().copied().map(RouteId).collect(),
        methods: Vec::new(),
        any: None,
        allow: Vec::new(),
    };
    for &index in group {
        match &gateway.routes[index].methods {
            Methods::Any => slot.any = slot.any.or(Some(RouteId(index))),
            Methods::Only(methods) => slot.methods.extend(
                methods
                    .iter()
                    .map(|method| (method.clone(), RouteId(index))),
            ),
        }
    }
    let head_listed = slot.methods.iter().any(|(method, _)| method == "HEAD");
    let mut options = group
        .iter()
        .any(|&index| gateway.routes[index].cors.is_some());
    for (method, _) in &slot.methods {
        slot.allow.push(method.clone());
        if method == "GET" && !head_listed {
            slot.allow.push("HEAD".into());
        }
        options &= method != "OPTIONS";
    }
    if options {
        slot.allow.push("OPTIONS".into());
    }
    slot
}
