//! Policies of two routes: limits, CORS, times, retries, bodies, addresses, headers.

use serde_json::{Value, json};

use super::change::{Collector, list, text};
use super::headers::{REQUEST, RESPONSE, headers};
use super::kind;
use crate::ir::{Action, Cors, IpRules, Limit, LimitKey, Origins, Retries, Route, Sourced};
use crate::source::Pointer;

/// Compares what two routes ask for besides auth and action.
pub(super) fn policies(c: &mut Collector<'_>, left: &Route, right: &Route) {
    limits(c, "limit", &left.limits, &right.limits);
    cors(c, left.cors.as_ref(), right.cors.as_ref());
    // Answers of the gateway's own wait for nobody, and a gather's parts have times of their own.
    if let (Action::Forward(_), Action::Forward(_)) = (&left.action, &right.action) {
        times(c, left, right);
    }
    c.at(Some(&left.max_body.pointer), Some(&right.max_body.pointer));
    if left.max_body.value != right.max_body.value {
        c.order(
            kind::MAX_BODY_LOWERED,
            kind::MAX_BODY_RAISED,
            "max_body",
            &left.max_body.value,
            &right.max_body.value,
        );
    }
    addresses(c, left.ip.as_ref(), right.ip.as_ref());
    // Nobody sees the request of a fixed answer.
    if !matches!(
        (&left.action, &right.action),
        (Action::Respond(_), Action::Respond(_))
    ) {
        c.at(
            Some(&left.request_headers.pointer),
            Some(&right.request_headers.pointer),
        );
        headers(
            c,
            "request_headers",
            &REQUEST,
            &left.request_headers,
            &right.request_headers,
        );
    }
    c.at(
        Some(&left.response_headers.pointer),
        Some(&right.response_headers.pointer),
    );
    headers(
        c,
        "response_headers",
        &RESPONSE,
        &left.response_headers,
        &right.response_headers,
    );
    c.at(Some(&left.pointer), Some(&right.pointer));
    c.named_switch(
        (kind::WEBSOCKET_OFF, "none"),
        (kind::WEBSOCKET_ON, "websocket"),
        "upgrade",
        left.websocket,
        right.websocket,
    );
    if left.raw != right.raw {
        c.say(
            kind::RAW_CHANGED,
            "raw",
            left.raw.as_ref().map(|_| json!("set")),
            right.raw.as_ref().map(|_| json!("set")),
        );
    }
}

fn key(limit: &Limit) -> String {
    match &limit.key {
        LimitKey::Consumer => "consumer".to_owned(),
        LimitKey::ClientIp => "client_ip".to_owned(),
        LimitKey::Everyone => "everyone".to_owned(),
        LimitKey::Header(name) => format!("header {}", name.to_ascii_lowercase()),
        LimitKey::Claim(name) => format!("claim {name}"),
    }
}

fn whole(limit: &Limit) -> Value {
    json!({ "rate": limit.rate.to_string(), "burst": limit.burst, "per": key(limit) })
}

/// Limits pair by what they count by, then in order.
pub(super) fn limits(
    c: &mut Collector<'_>,
    field: &str,
    left: &[Sourced<Limit>],
    right: &[Sourced<Limit>],
) {
    let mut rest: Vec<&Sourced<Limit>> = right.iter().collect();
    let mut unpaired = Vec::new();
    for limit in left {
        let same = rest.iter().position(|other| other.value == limit.value);
        let alike = || {
            rest.iter()
                .position(|other| key(other) == key(limit) && !left.contains(other))
        };
        match same.or_else(alike) {
            Some(at) => numbers(c, field, limit, rest.remove(at)),
            None => unpaired.push(limit),
        }
    }
    for limit in unpaired {
        if rest.is_empty() {
            c.at(Some(&limit.pointer), None).say(
                kind::LIMIT_REMOVED,
                field,
                Some(whole(limit)),
                None,
            );
        } else {
            let other = rest.remove(0);
            c.at(Some(&limit.pointer), Some(&other.pointer));
            c.text(
                kind::LIMIT_KEY_CHANGED,
                &format!("{field}.per"),
                &key(limit),
                &key(other),
            );
            numbers(c, field, limit, other);
        }
    }
    for limit in rest {
        c.at(None, Some(&limit.pointer))
            .say(kind::LIMIT_ADDED, field, None, Some(whole(limit)));
    }
}

fn numbers(c: &mut Collector<'_>, field: &str, left: &Sourced<Limit>, right: &Sourced<Limit>) {
    c.at(Some(&left.pointer), Some(&right.pointer));
    // Rates compare by tokens an hour: 60/min and 1/s are one rate.
    let hourly = |limit: &Limit| limit.rate.count * (3600 / limit.rate.per.seconds());
    let (was, is) = (hourly(left), hourly(right));
    if was != is {
        let kind = if is < was {
            kind::LIMIT_LOWERED
        } else {
            kind::LIMIT_RAISED
        };
        c.say(
            kind,
            &format!("{field}.rate"),
            Some(text(&left.rate)),
            Some(text(&right.rate)),
        );
    }
    if left.burst != right.burst {
        let kind = if right.burst < left.burst {
            kind::BURST_LOWERED
        } else {
            kind::BURST_RAISED
        };
        c.say(
            kind,
            &format!("{field}.burst"),
            Some(left.burst.into()),
            Some(right.burst.into()),
        );
    }
}

fn origins(cors: &Cors) -> Vec<String> {
    match &cors.origins {
        Origins::All => vec!["*".to_owned()],
        Origins::List(list) => list.clone(),
    }
}

fn who_reads(c: &mut Collector<'_>, left: &Cors, right: &Cors) {
    let (was, is) = (origins(left), origins(right));
    let kind = match (&left.origins, &right.origins) {
        // `*` holds every origin of the other side's list.
        (Origins::All, Origins::List(_)) => kind::CORS_ORIGIN_REMOVED,
        (Origins::List(_), Origins::All) => kind::CORS_ORIGIN_ADDED,
        _ => {
            let (removed, added) = (kind::CORS_ORIGIN_REMOVED, kind::CORS_ORIGIN_ADDED);
            return c.set(removed, added, "cors.origins", &was, &is);
        }
    };
    c.say(kind, "cors.origins", Some(list(&was)), Some(list(&is)));
}

fn cors(c: &mut Collector<'_>, left: Option<&Sourced<Cors>>, right: Option<&Sourced<Cors>>) {
    c.at(
        left.map(|cors| &cors.pointer),
        right.map(|cors| &cors.pointer),
    );
    match (left, right) {
        (None, None) => {}
        (Some(left), None) => c.say(kind::CORS_REMOVED, "cors", Some(list(&origins(left))), None),
        (None, Some(right)) => c.say(kind::CORS_ADDED, "cors", None, Some(list(&origins(right)))),
        (Some(left), Some(right)) => {
            who_reads(c, left, right);
            c.set(
                kind::CORS_METHOD_REMOVED,
                kind::CORS_METHOD_ADDED,
                "cors.methods",
                &left.methods,
                &right.methods,
            );
            let lower = |names: &[String]| {
                names
                    .iter()
                    .map(|name| name.to_ascii_lowercase())
                    .collect::<Vec<_>>()
            };
            c.set(
                kind::CORS_HEADER_REMOVED,
                kind::CORS_HEADER_ADDED,
                "cors.headers",
                &lower(&left.headers),
                &lower(&right.headers),
            );
            c.set(
                kind::CORS_EXPOSE_REMOVED,
                kind::CORS_EXPOSE_ADDED,
                "cors.expose",
                &lower(&left.expose),
                &lower(&right.expose),
            );
            c.switch(
                kind::CORS_CREDENTIALS_OFF,
                kind::CORS_CREDENTIALS_ON,
                "cors.credentials",
                left.credentials,
                right.credentials,
            );
            if left.max_age != right.max_age {
                c.say(
                    kind::CORS_MAX_AGE,
                    "cors.max_age",
                    left.max_age.as_ref().map(text),
                    right.max_age.as_ref().map(text),
                );
            }
        }
    }
}

fn times(c: &mut Collector<'_>, left: &Route, right: &Route) {
    c.at(Some(&left.timeout.pointer), Some(&right.timeout.pointer));
    c.text(
        kind::TIMEOUT_CONNECT_CHANGED,
        "timeout.connect",
        &left.timeout.connect,
        &right.timeout.connect,
    );
    let (was, is) = (&left.timeout.response, &right.timeout.response);
    c.order(
        kind::TIMEOUT_RESPONSE_CUT,
        kind::TIMEOUT_RESPONSE_EXTENDED,
        "timeout.response",
        was,
        is,
    );
    c.at(Some(&left.retries.pointer), Some(&right.retries.pointer));
    let (was, is) = (left.retries.attempts, right.retries.attempts);
    c.order(
        kind::RETRIES_LOWERED,
        kind::RETRIES_RAISED,
        "retries.attempts",
        &was,
        &is,
    );
    if was > 0 && is > 0 && causes(&left.retries) != causes(&right.retries) {
        let (was, is) = (list(&causes(&left.retries)), list(&causes(&right.retries)));
        c.say(
            kind::RETRIES_CAUSE_CHANGED,
            "retries.when",
            Some(was),
            Some(is),
        );
    }
}

fn causes(retries: &Retries) -> Vec<String> {
    let mut causes = Vec::new();
    causes.extend(retries.connect.then(|| "connect".to_owned()));
    causes.extend(retries.timeout.then(|| "timeout".to_owned()));
    let mut statuses = retries.statuses.clone();
    statuses.sort_unstable();
    causes.extend(statuses.iter().map(u16::to_string));
    causes
}

fn addresses(
    c: &mut Collector<'_>,
    left: Option<&Sourced<IpRules>>,
    right: Option<&Sourced<IpRules>>,
) {
    let none = IpRules::default();
    c.at(left.map(|ip| &ip.pointer), right.map(|ip| &ip.pointer));
    let (left, right) = (
        left.map_or(&none, |ip| &ip.value),
        right.map_or(&none, |ip| &ip.value),
    );
    match (left.allow.is_empty(), right.allow.is_empty()) {
        (true, false) => c.say(
            kind::IP_ALLOW_ADDED,
            "ip.allow",
            None,
            Some(list(&right.allow)),
        ),
        (false, true) => c.say(
            kind::IP_ALLOW_DROPPED,
            "ip.allow",
            Some(list(&left.allow)),
            None,
        ),
        _ => c.set(
            kind::IP_ALLOW_NARROWED,
            kind::IP_ALLOW_WIDENED,
            "ip.allow",
            &left.allow,
            &right.allow,
        ),
    }
    c.set(
        kind::IP_DENY_REMOVED,
        kind::IP_DENY_ADDED,
        "ip.deny",
        &left.deny,
        &right.deny,
    );
}

/// Optional pointers of two optional sourced values.
pub(super) fn places<'a, T>(
    left: Option<&'a Sourced<T>>,
    right: Option<&'a Sourced<T>>,
) -> (Option<&'a Pointer>, Option<&'a Pointer>) {
    (
        left.map(|value| &value.pointer),
        right.map(|value| &value.pointer),
    )
}
