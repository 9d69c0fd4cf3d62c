//! Schemes, consumers and plans of two gateways.

use indexmap::IndexMap;

use super::change::{Change, Collector, Subject, list, text};
use super::kind::{self, Kind};
use super::policy::{limits, places};
use crate::ir::{
    ApiKeyPlace, Consumer, External, Gateway, Jwt, Keys, Plan, Scheme, SchemeKind, Secret,
};

/// Compares who is known, and how.
pub(super) fn people(changes: &mut Vec<Change>, left: &Gateway, right: &Gateway) {
    for (name, was) in &left.schemes {
        let mut c = Collector::new(changes, Subject::Scheme(name.clone()));
        match right.schemes.get(name) {
            Some(is) => scheme(&mut c, was, is),
            None => c.at(Some(&was.pointer), None).say(
                kind::SCHEME_REMOVED,
                "auth",
                Some(text(&kind_of(was))),
                None,
            ),
        }
    }
    for (name, is) in right
        .schemes
        .iter()
        .filter(|(name, _)| !left.schemes.contains_key(*name))
    {
        let mut c = Collector::new(changes, Subject::Scheme(name.clone()));
        c.at(None, Some(&is.pointer)).say(
            kind::SCHEME_ADDED,
            "auth",
            None,
            Some(text(&kind_of(is))),
        );
    }
    consumers(changes, &left.consumers, &right.consumers);
    plans(changes, &left.plans, &right.plans);
}

fn kind_of(scheme: &Scheme) -> &'static str {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) if jwt.cognito.is_some() => "cognito",
        SchemeKind::Jwt(_) => "jwt",
        SchemeKind::ApiKey(_) => "api_key",
        SchemeKind::Basic(_) => "basic",
        SchemeKind::External(_) => "external",
    }
}

fn scheme(c: &mut Collector<'_>, was: &Scheme, is: &Scheme) {
    c.at(Some(&was.pointer), Some(&is.pointer));
    match (&was.kind, &is.kind) {
        (SchemeKind::Jwt(was), SchemeKind::Jwt(is)) => jwt(c, was, is),
        (SchemeKind::ApiKey(was), SchemeKind::ApiKey(is)) => {
            let place = |place: &ApiKeyPlace| match place {
                ApiKeyPlace::Header(name) => format!("header {}", name.to_ascii_lowercase()),
                ApiKeyPlace::Query(name) => format!("query {name}"),
            };
            c.text(kind::API_KEY_MOVED, "api_key", &place(was), &place(is));
        }
        (SchemeKind::Basic(was), SchemeKind::Basic(is)) => {
            c.text(kind::REALM_CHANGED, "basic.realm", &was.realm, &is.realm)
        }
        (SchemeKind::External(was), SchemeKind::External(is)) => external(c, was, is),
        _ => c.say(
            kind::SCHEME_KIND_CHANGED,
            "auth",
            Some(text(&kind_of(was))),
            Some(text(&kind_of(is))),
        ),
    }
}

fn jwt(c: &mut Collector<'_>, was: &Jwt, is: &Jwt) {
    match (&was.issuer, &is.issuer) {
        (Some(left), Some(right)) => c.text(kind::JWT_ISSUER_CHANGED, "jwt.issuer", left, right),
        (Some(left), None) => c.say(
            kind::JWT_ISSUER_UNCHECKED,
            "jwt.issuer",
            Some(text(left)),
            None,
        ),
        (None, Some(right)) => c.say(
            kind::JWT_ISSUER_CHECKED,
            "jwt.issuer",
            None,
            Some(text(right)),
        ),
        (None, None) => {}
    }
    match (was.audience.is_empty(), is.audience.is_empty()) {
        (false, true) => c.say(
            kind::JWT_AUDIENCE_UNCHECKED,
            "jwt.audience",
            Some(list(&was.audience)),
            None,
        ),
        // Checking what was not checked refuses tokens that passed.
        (true, false) => c.say(
            kind::JWT_AUDIENCE_CHECKED,
            "jwt.audience",
            None,
            Some(list(&is.audience)),
        ),
        _ => c.set(
            kind::JWT_AUDIENCE_REMOVED,
            kind::JWT_AUDIENCE_ADDED,
            "jwt.audience",
            &was.audience,
            &is.audience,
        ),
    }
    let names = |jwt: &Jwt| {
        jwt.algorithms
            .iter()
            .map(|algorithm| algorithm.name())
            .collect::<Vec<_>>()
    };
    c.set(
        kind::JWT_ALGORITHM_REMOVED,
        kind::JWT_ALGORITHM_ADDED,
        "jwt.algorithms",
        &names(was),
        &names(is),
    );
    if was.keys != is.keys || was.cognito != is.cognito {
        c.say(
            kind::JWT_KEYS_CHANGED,
            "jwt.keys",
            Some(text(&keys(&was.keys))),
            Some(text(&keys(&is.keys))),
        );
    }
    let pairs = |jwt: &Jwt| {
        jwt.forward
            .iter()
            .map(|(claim, header)| format!("{claim}: {}", header.to_ascii_lowercase()))
            .collect::<Vec<_>>()
    };
    c.set(
        kind::JWT_CLAIM_NOT_FORWARDED,
        kind::JWT_CLAIM_FORWARDED,
        "jwt.forward",
        &pairs(was),
        &pairs(is),
    );
}

fn keys(keys: &Keys) -> String {
    match keys {
        Keys::JwksUrl(url) => format!("jwks {url}"),
        Keys::JwksFile(file) => format!("jwks {}", file.name),
        Keys::Pem(file) => format!("pem {}", file.name),
        Keys::Secret(_) => "secret ***".to_owned(),
    }
}

fn external(c: &mut Collector<'_>, was: &External, is: &External) {
    c.text(
        kind::EXTERNAL_URL_CHANGED,
        "external.url",
        &was.url,
        &is.url,
    );
    let lower = |external: &External| {
        external
            .forward
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    c.set(
        kind::EXTERNAL_HEADER_NOT_FORWARDED,
        kind::EXTERNAL_HEADER_FORWARDED,
        "external.forward",
        &lower(was),
        &lower(is),
    );
    if was.lambda_arn != is.lambda_arn {
        c.say(
            kind::LAMBDA_CHANGED,
            "external.lambda_arn",
            was.lambda_arn.as_ref().map(text),
            is.lambda_arn.as_ref().map(text),
        );
    }
}

fn consumers(
    changes: &mut Vec<Change>,
    left: &IndexMap<String, Consumer>,
    right: &IndexMap<String, Consumer>,
) {
    for (name, was) in left {
        let mut c = Collector::new(changes, Subject::Consumer(name.clone()));
        match right.get(name) {
            Some(is) => consumer(&mut c, was, is),
            None => c.at(Some(&was.pointer), None).say(
                kind::CONSUMER_REMOVED,
                "consumers",
                Some(text(name)),
                None,
            ),
        }
    }
    for (name, is) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
        let mut c = Collector::new(changes, Subject::Consumer(name.clone()));
        c.at(None, Some(&is.pointer)).say(
            kind::CONSUMER_ADDED,
            "consumers",
            None,
            Some(text(name)),
        );
    }
}

fn consumer(c: &mut Collector<'_>, was: &Consumer, is: &Consumer) {
    c.at(Some(&was.pointer), Some(&is.pointer));
    if was.plan != is.plan {
        c.say(
            kind::CONSUMER_PLAN_CHANGED,
            "plan",
            was.plan.as_ref().map(text),
            is.plan.as_ref().map(text),
        );
    }
    c.set(
        kind::CONSUMER_LEFT_GROUP,
        kind::CONSUMER_JOINED_GROUP,
        "groups",
        &was.groups,
        &is.groups,
    );
    credential(c, "api_key", &was.api_keys, &is.api_keys);
    let one = |consumer: &Consumer| {
        consumer
            .basic
            .iter()
            .map(|(_, password)| password.clone())
            .collect::<Vec<_>>()
    };
    match (&was.basic, &is.basic) {
        (Some((left, _)), Some((right, _))) if left != right => {
            c.text(kind::CREDENTIAL_CHANGED, "basic.username", left, right)
        }
        _ => credential(c, "basic", &one(was), &one(is)),
    }
    match (&was.jwt, &is.jwt) {
        (Some(_), None) => c.say(kind::CREDENTIAL_REMOVED, "jwt", Some(claim(&was.jwt)), None),
        (None, Some(_)) => c.say(kind::CREDENTIAL_ADDED, "jwt", None, Some(claim(&is.jwt))),
        (left, right) if left != right => c.say(
            kind::CREDENTIAL_CHANGED,
            "jwt",
            Some(claim(left)),
            Some(claim(right)),
        ),
        _ => {}
    }
}

fn claim(jwt: &Option<(String, String)>) -> serde_json::Value {
    jwt.as_ref()
        .map_or(serde_json::Value::Null, |(claim, value)| {
            text(&format!("{claim}={value}"))
        })
}

/// Secrets are compared, and shown by name alone.
fn credential(c: &mut Collector<'_>, field: &str, was: &[Secret], is: &[Secret]) {
    let shown = |secret: &Secret| match secret {
        Secret::Reference(name)
        | Secret::Known {
            name: Some(name), ..
        } => text(&format!("secret://{name}")),
        Secret::Known { name: None, .. } => text(&"***"),
    };
    let (gone, new): (Vec<_>, Vec<_>) = (
        was.iter().filter(|secret| !is.contains(secret)).collect(),
        is.iter().filter(|secret| !was.contains(secret)).collect(),
    );
    let say = |c: &mut Collector<'_>, kind: Kind, left: Option<&Secret>, right: Option<&Secret>| {
        c.say(kind, field, left.map(shown), right.map(shown));
    };
    for at in 0..gone.len().max(new.len()) {
        match (gone.get(at), new.get(at)) {
            (Some(left), Some(right)) => say(c, kind::CREDENTIAL_CHANGED, Some(left), Some(right)),
            (left @ Some(_), None) => say(c, kind::CREDENTIAL_REMOVED, left.copied(), None),
            (None, right) => say(c, kind::CREDENTIAL_ADDED, None, right.copied()),
        }
    }
}

fn plans(changes: &mut Vec<Change>, left: &IndexMap<String, Plan>, right: &IndexMap<String, Plan>) {
    for (name, was) in left {
        let mut c = Collector::new(changes, Subject::Plan(name.clone()));
        match right.get(name) {
            Some(is) => plan(&mut c, was, is),
            None => c.at(Some(&was.pointer), None).say(
                kind::PLAN_REMOVED,
                "plans",
                Some(text(name)),
                None,
            ),
        }
    }
    for (name, is) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
        let mut c = Collector::new(changes, Subject::Plan(name.clone()));
        c.at(None, Some(&is.pointer))
            .say(kind::PLAN_ADDED, "plans", None, Some(text(name)));
    }
}

fn plan(c: &mut Collector<'_>, was: &Plan, is: &Plan) {
    limits(c, "limit", &was.limits, &is.limits);
    let (left, right) = places(was.quota.as_ref(), is.quota.as_ref());
    c.at(left, right);
    match (&was.quota, &is.quota) {
        (None, None) => {}
        (Some(was), None) => c.say(kind::QUOTA_REMOVED, "quota", Some(text(&was.value)), None),
        (None, Some(is)) => c.say(kind::QUOTA_ADDED, "quota", None, Some(text(&is.value))),
        (Some(was), Some(is)) if was != is => {
            // By requests a day; a month counts 30.
            let days = |window| match window {
                crate::ir::units::Window::Day => 1,
                crate::ir::units::Window::Week => 7,
                crate::ir::units::Window::Month => 30,
            };
            let fewer =
                u128::from(is.count) * days(was.window) < u128::from(was.count) * days(is.window);
            // A longer window with the same daily share lets more pass at once but never fewer in all.
            let kind = if fewer || is.count < was.count {
                kind::QUOTA_LOWERED
            } else {
                kind::QUOTA_RAISED
            };
            c.say(kind, "quota", Some(text(&was.value)), Some(text(&is.value)));
        }
        _ => {}
    }
}
