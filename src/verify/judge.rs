//! EXPECTED x OBSERVED -> DIFFERENCES: what counts as another answer.

use std::collections::BTreeSet;

use http::HeaderMap;

use super::expect::{Expected, Reach};
use super::probe::{Class, Observed, Received, Request};

/// One thing that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// What: `status`, `reached`, `target`, `upstream header NAME`, `header NAME`, `body`.
    pub aspect: String,
    /// As promised.
    pub expected: String,
    /// As it was.
    pub observed: String,
}

fn differ(
    aspect: impl Into<String>,
    expected: impl ToString,
    observed: impl ToString,
) -> Difference {
    Difference {
        aspect: aspect.into(),
        expected: expected.to_string(),
        observed: observed.to_string(),
    }
}

/// Compares what came with what must come.
#[must_use]
pub fn judge(
    class: Class,
    request: &Request,
    expected: &Expected,
    observed: &Observed,
) -> Vec<Difference> {
    let mut found = Vec::new();
    if refused_before_matching(class, expected, observed) {
        return found;
    }
    // A body that is too large fails one check more than the engine told of: either answer is right (section 3).
    let other_check =
        class == Class::Body && observed.status == 413 && observed.received.is_empty();
    if !expected.statuses.contains(&observed.status) && !other_check {
        let wanted: Vec<String> = expected.statuses.iter().map(u16::to_string).collect();
        found.push(differ("status", wanted.join(" or "), observed.status));
    }
    reach(&mut found, request, expected, observed);
    // With another status every header differs too: one difference says it.
    if found.is_empty() {
        headers(&mut found, expected, observed);
        body(&mut found, request, expected, observed);
    }
    found
}

/// An engine may refuse a spelling that `serve` normalises; it may never let it past (section 2).
fn refused_before_matching(class: Class, expected: &Expected, observed: &Observed) -> bool {
    let refused = matches!(observed.status, 400 | 404) && observed.received.is_empty();
    class == Class::Spelling && refused && !expected.statuses.is_empty()
}

fn reach(found: &mut Vec<Difference>, request: &Request, expected: &Expected, observed: &Observed) {
    match &expected.reach {
        Reach::Nothing => {
            if let Some(received) = observed.received.first() {
                found.push(differ(
                    "reached",
                    "no upstream",
                    format!("{} {}", received.service, received.target),
                ));
            }
        }
        Reach::Any => {}
        Reach::Service {
            service,
            target,
            headers,
        } => match observed.received.first() {
            None if expected.own || !found.is_empty() => {}
            None => found.push(differ("reached", service, "no upstream")),
            Some(received) => {
                if received.service != *service {
                    found.push(differ("reached", service, &received.service));
                }
                if received.target != *target {
                    found.push(differ("target", target, &received.target));
                }
                if received.method != request.method {
                    found.push(differ("method", &request.method, &received.method));
                }
                upstream_headers(found, headers, received, expected);
            }
        },
        Reach::Parts(parts) => {
            let wanted: BTreeSet<String> = parts
                .iter()
                .map(|(service, target)| format!("{service} {target}"))
                .collect();
            let got: BTreeSet<String> = observed
                .received
                .iter()
                .map(|received| format!("{} {}", received.service, received.target))
                .collect();
            if wanted != got {
                let join =
                    |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
                found.push(differ("reached", join(&wanted), join(&got)));
            }
        }
    }
}

/// Headers of one connection, or that engines add by themselves and the language says nothing about.
const NOT_COMPARED: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "accept-encoding",
    "via",
    "x-real-ip",
    "date",
    "server",
    "keep-alive",
    "x-forwarded-port",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x-verify-trouble",
    "x-verify-authorizer",
];

fn upstream_headers(
    found: &mut Vec<Difference>,
    wanted: &HeaderMap,
    received: &Received,
    expected: &Expected,
) {
    let names: BTreeSet<&str> = wanted
        .keys()
        .map(http::HeaderName::as_str)
        .chain(received.headers.iter().map(|(name, _)| name.as_str()))
        .collect();
    for name in names {
        // A generated ID is another each time; that it arrives is checked with the answer's.
        let made = expected
            .request_id
            .as_ref()
            .is_some_and(|id| id.header == name && id.value.is_none());
        if NOT_COMPARED.contains(&name)
            || made
            || name.starts_with("x-kong-")
            || name.starts_with("x-amzn-")
        {
            continue;
        }
        let want: Vec<String> = wanted
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().iter().map(|&byte| byte as char).collect())
            .collect();
        let got: Vec<&str> = received
            .headers
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .collect();
        if want.join(", ") != got.join(", ") {
            let show = |values: String, none: bool| if none { "absent".to_owned() } else { values };
            found.push(differ(
                format!("upstream header {name}"),
                show(want.join(", "), want.is_empty()),
                show(got.join(", "), got.is_empty()),
            ));
        }
    }
}

fn headers(found: &mut Vec<Difference>, expected: &Expected, observed: &Observed) {
    for name in expected.headers.keys() {
        let name = name.as_str();
        let want: Vec<&str> = expected
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let got: Vec<&str> = observed.values(name).collect();
        let same = match name {
            "www-authenticate" => !got.is_empty(),
            "retry-after" => got
                .iter()
                .any(|value| value.parse::<u64>().is_ok_and(|seconds| seconds >= 1)),
            "allow"
            | "vary"
            | "access-control-allow-methods"
            | "access-control-allow-headers"
            | "access-control-expose-headers" => contains(&got, &want),
            "content-type" => got.first().is_some_and(|got| media(got) == media(want[0])),
            _ if expected
                .request_id
                .as_ref()
                .is_some_and(|id| id.header == name) =>
            {
                true
            }
            _ => want == got,
        };
        if !same {
            let show = |values: &[&str]| {
                if values.is_empty() {
                    "absent".to_owned()
                } else {
                    values.join(", ")
                }
            };
            found.push(differ(format!("header {name}"), show(&want), show(&got)));
        }
    }
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
    ] {
        let unwanted = observed
            .values(name)
            .next()
            .filter(|_| !expected.headers.contains_key(name));
        if let Some(value) = unwanted {
            found.push(differ(format!("header {name}"), "absent", value));
        }
    }
    request_id(found, expected, observed);
}

fn request_id(found: &mut Vec<Difference>, expected: &Expected, observed: &Observed) {
    let Some(id) = &expected.request_id else {
        return;
    };
    let got = observed.values(&id.header).next();
    let fine = |id: &str| {
        (1..=128).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._~+/=-".contains(&b))
    };
    let same = match (&id.value, got) {
        (Some(wanted), Some(got)) => wanted == got,
        (None, Some(got)) => fine(got) && got != "from-upstream",
        (_, None) => false,
    };
    if !same {
        let wanted = id.value.as_deref().unwrap_or("one made by the gateway");
        found.push(differ(
            format!("header {}", id.header),
            wanted,
            got.unwrap_or("absent"),
        ));
        return;
    }
    // Whoever is asked upstream must be asked under the same ID.
    for received in &observed.received {
        let there = received
            .headers
            .iter()
            .find(|(name, _)| *name == id.header)
            .map(|(_, value)| value.as_str());
        if there != got {
            found.push(differ(
                format!("upstream header {}", id.header),
                got.unwrap_or("absent"),
                there.unwrap_or("absent"),
            ));
        }
    }
}

/// Lists of tokens compare as sets, ignoring case.
fn contains(got: &[&str], want: &[&str]) -> bool {
    let set = |values: &[&str]| {
        values
            .iter()
            .flat_map(|value| value.split(','))
            .map(|token| token.trim().to_ascii_lowercase())
            .filter(|token| !token.is_empty())
            .collect::<BTreeSet<_>>()
    };
    set(want).is_subset(&set(got))
}

fn media(value: &str) -> String {
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

fn body(found: &mut Vec<Difference>, request: &Request, expected: &Expected, observed: &Observed) {
    if request.method == "HEAD" {
        return;
    }
    if expected.own {
        let message = serde_json::from_str::<serde_json::Value>(&observed.body).ok();
        if !message.as_ref().is_some_and(|body| {
            body.get("message")
                .is_some_and(serde_json::Value::is_string)
        }) {
            let shown: String = observed.body.chars().take(80).collect();
            found.push(differ("body", r#"{"message": "..."}"#, shown));
        }
    }
    if let Some(wanted) = &expected.body {
        let same = wanted == &observed.body
            || json(wanted)
                .is_some_and(|wanted| json(&observed.body).is_some_and(|got| got == wanted));
        if !same {
            found.push(differ(
                "body",
                wanted,
                observed.body.chars().take(200).collect::<String>(),
            ));
        }
    }
}

fn json(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}
