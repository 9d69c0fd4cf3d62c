//! Routes of two gateways, aligned by what they take: hosts, pattern shapes and methods.

use std::collections::{BTreeMap, BTreeSet};

use super::action::actions;
use super::auth::who;
use super::change::{Change, Collector, Subject, text};
use super::kind;
use super::policy::policies;
use crate::ir::{
    Gateway, HostPattern, Matched, Matcher, Methods, Pattern, Route, RouteId, Segment, Slot, slots,
};

/// One side: its gateway with what aligning needs.
struct Side<'g> {
    gateway: &'g Gateway,
    matcher: Matcher,
    slots: BTreeMap<String, Slot>,
}

impl<'g> Side<'g> {
    fn new(gateway: &'g Gateway) -> Self {
        let by_shape = |slot: Slot| {
            let route = &gateway.routes[slot.routes[0].0];
            (shape(route.host.as_ref(), &route.pattern), slot)
        };
        Self {
            gateway,
            matcher: Matcher::new(gateway),
            slots: slots(gateway).into_iter().map(by_shape).collect(),
        }
    }

    fn route(&self, id: RouteId) -> &'g Route {
        &self.gateway.routes[id.0]
    }

    /// Who takes a request that `route` takes on the other side.
    fn taker(&self, route: &Route, method: &str) -> Option<RouteId> {
        let host = sample_host(route.host.as_ref(), self.gateway);
        match self
            .matcher
            .decide(host.as_deref(), &sample_path(&route.pattern), method)
        {
            Matched::Route(id) => Some(id),
            Matched::Method { .. } | Matched::NotFound => None,
        }
    }
}

/// Host and pattern without the names of parameters.
fn shape(host: Option<&HostPattern>, pattern: &Pattern) -> String {
    let unnamed = |segment: &Segment| match segment {
        Segment::Literal(text) => Segment::Literal(text.clone()),
        Segment::Param(_) => Segment::Param(String::new()),
    };
    let pattern = Pattern {
        segments: pattern.segments.iter().map(unnamed).collect(),
        rest: pattern.rest,
    };
    format!(
        "{}{pattern}",
        host.map(ToString::to_string).unwrap_or_default()
    )
}

/// A path that the pattern takes and that no literal beside a parameter is likely to take.
fn sample_path(pattern: &Pattern) -> String {
    let mut path = String::new();
    for segment in &pattern.segments {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::Param(_) => path.push_str("~sample"),
        }
    }
    if pattern.rest {
        path.push_str("/~sample");
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

fn sample_host(host: Option<&HostPattern>, gateway: &Gateway) -> Option<String> {
    match host.or_else(|| gateway.hosts.first()) {
        Some(HostPattern::Exact(name)) => Some(name.clone()),
        Some(HostPattern::Below(suffix)) => Some(format!("sample.{suffix}")),
        None => None,
    }
}

/// A method that stands for all that no route lists.
const OTHER: &str = "OTHER";

fn methods(side: &Side<'_>, slot: Option<&Slot>) -> BTreeSet<String> {
    let listed = slot
        .into_iter()
        .flat_map(|slot| &slot.routes)
        .flat_map(|id| match &side.route(*id).methods {
            Methods::Only(methods) => methods.clone(),
            Methods::Any => vec![OTHER.to_owned()],
        });
    listed.collect()
}

/// Compares routes.
pub(super) fn routes(changes: &mut Vec<Change>, left: &Gateway, right: &Gateway) {
    let (left, right) = (Side::new(left), Side::new(right));
    let shapes: BTreeSet<&String> = left.slots.keys().chain(right.slots.keys()).collect();
    for shape in shapes {
        slot(
            changes,
            &left,
            &right,
            left.slots.get(shape),
            right.slots.get(shape),
        );
    }
}

/// Which methods each pair of takers shares.
type Pairs = BTreeMap<(Option<RouteId>, Option<RouteId>), Vec<String>>;

fn slot(
    changes: &mut Vec<Change>,
    left: &Side<'_>,
    right: &Side<'_>,
    was: Option<&Slot>,
    is: Option<&Slot>,
) {
    let mut all = methods(left, was);
    all.extend(methods(right, is));
    let mut pairs = Pairs::new();
    for method in all {
        let owner = |slot: Option<&Slot>| slot.and_then(|slot| slot.route(&method));
        pairs
            .entry((owner(was), owner(is)))
            .or_default()
            .push(method);
    }
    let paired: BTreeSet<_> = pairs
        .keys()
        .filter(|(l, r)| l.is_some() && r.is_some())
        .cloned()
        .collect();
    for ((was_id, is_id), methods) in &pairs {
        match (was_id, is_id) {
            (Some(was), Some(is)) => pair(changes, left.route(*was), right.route(*is)),
            (Some(was), None) => {
                let lone = !paired.iter().any(|(l, _)| l == &Some(*was));
                removed(
                    changes,
                    right,
                    left.route(*was),
                    methods,
                    lone && is.is_none(),
                );
            }
            (None, Some(is)) => {
                let lone = !paired.iter().any(|(_, r)| r == &Some(*is));
                added(
                    changes,
                    left,
                    right.route(*is),
                    methods,
                    lone && was.is_none(),
                );
            }
            (None, None) => {}
        }
    }
}

fn pair(changes: &mut Vec<Change>, was: &Route, is: &Route) {
    let mut c = Collector::new(changes, Subject::Route(was.key.clone()));
    c.at(Some(&was.pointer), Some(&is.pointer));
    let alike = |route: &Route| shape(route.host.as_ref(), &route.pattern);
    if was.pattern != is.pattern && alike(was) == alike(is) {
        c.text(kind::PARAMETER_RENAMED, "routes", &was.pattern, &is.pattern);
    }
    who(&mut c, was, is);
    actions(&mut c, was, is);
    policies(&mut c, was, is);
}

/// `was` takes `methods` and the other side's slot does not.
fn removed(
    changes: &mut Vec<Change>,
    right: &Side<'_>,
    was: &Route,
    methods: &[String],
    whole: bool,
) {
    let fallback = methods
        .first()
        .and_then(|method| right.taker(was, method))
        .map(|id| right.route(id));
    let mut c = Collector::new(changes, Subject::Route(was.key.clone()));
    c.at(Some(&was.pointer), fallback.map(|route| &route.pointer));
    match (whole, fallback) {
        (true, Some(other)) => c.say(
            kind::ROUTE_SHADOWED,
            "routes",
            Some(text(&was.key)),
            Some(text(&other.key)),
        ),
        (true, None) => c.say(kind::ROUTE_REMOVED, "routes", Some(text(&was.key)), None),
        (false, _) => c.say(
            kind::METHOD_REMOVED,
            "methods",
            Some(super::change::list(methods)),
            None,
        ),
    }
    // What the requests meet instead.
    if let (true, Some(other)) = (whole, fallback) {
        pair(changes, was, other);
    }
}

/// `is` takes `methods` and the other side's slot does not.
fn added(changes: &mut Vec<Change>, left: &Side<'_>, is: &Route, methods: &[String], whole: bool) {
    let before = methods
        .first()
        .and_then(|method| left.taker(is, method))
        .map(|id| left.route(id));
    let mut c = Collector::new(changes, Subject::Route(is.key.clone()));
    c.at(before.map(|route| &route.pointer), Some(&is.pointer));
    if whole {
        c.say(
            kind::ROUTE_ADDED,
            "routes",
            before.map(|route| text(&route.key)),
            Some(text(&is.key)),
        );
    } else {
        c.say(
            kind::METHOD_ADDED,
            "methods",
            None,
            Some(super::change::list(methods)),
        );
    }
    // A new route may take requests that another, better guarded one took.
    if let (true, Some(other)) = (whole, before) {
        let mut taken = Vec::new();
        pair(&mut taken, other, is);
        for change in &mut taken {
            change.subject = Subject::Route(is.key.clone());
        }
        changes.append(&mut taken);
    }
}
