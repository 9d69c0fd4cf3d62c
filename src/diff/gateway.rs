//! What holds for two gateways as a whole.

use super::change::{Change, Collector, Subject, list, text};
use super::kind;
use super::policy::{limits, places};
use super::service::same_key;
use crate::ir::{
    AccessLog, CounterFailure, Counters, EncodedSlash, Gateway, KeyMaterial, Secret, ServerTls,
    TlsVersion,
};

/// Compares the gateway section.
pub(super) fn gateway(changes: &mut Vec<Change>, left: &Gateway, right: &Gateway) {
    let mut collector = Collector::new(changes, Subject::Gateway);
    let c = &mut collector;
    c.text(kind::NAME_CHANGED, "name", &left.name, &right.name);
    c.text(
        kind::STAGE_CHANGED,
        "gateway.stage",
        &left.stage,
        &right.stage,
    );
    c.text(
        kind::REPLICAS_CHANGED,
        "gateway.replicas",
        &left.replicas,
        &right.replicas,
    );
    entrance(c, left, right);
    request_id(c, left, right);
    c.at(None, None);
    if left.health != right.health {
        let shown = |gateway: &Gateway| gateway.health.as_ref().map(|path| text(&path.value));
        c.say(
            kind::GATEWAY_HEALTH_CHANGED,
            "gateway.health",
            shown(left),
            shown(right),
        );
    }
    limits(c, "gateway.limit", &left.limits, &right.limits);
    observability(c, left, right);
    c.at(
        Some(&left.trusted_proxies.pointer),
        Some(&right.trusted_proxies.pointer),
    );
    let (was, is) = (&left.trusted_proxies.value, &right.trusted_proxies.value);
    c.set(
        kind::TRUSTED_PROXY_REMOVED,
        kind::TRUSTED_PROXY_ADDED,
        "gateway.trusted_proxies",
        was,
        is,
    );
    c.at(
        Some(&left.encoded_slash.pointer),
        Some(&right.encoded_slash.pointer),
    );
    let keeps = |gateway: &Gateway| gateway.encoded_slash.value == EncodedSlash::Keep;
    c.named_switch(
        (kind::ENCODED_SLASH_REFUSED, "refuse"),
        (kind::ENCODED_SLASH_KEPT, "keep"),
        "gateway.encoded_slash",
        keeps(left),
        keeps(right),
    );
    counters(c, left, right);
    let (was, is) = places(left.bff.as_ref(), right.bff.as_ref());
    c.at(was, is);
    if left.bff != right.bff {
        let shown = |gateway: &Gateway| gateway.bff.as_ref().map(|url| text(&url.value));
        c.say(kind::BFF_CHANGED, "bff", shown(left), shown(right));
    }
}

fn entrance(c: &mut Collector<'_>, left: &Gateway, right: &Gateway) {
    c.at(Some(&left.hosts.pointer), Some(&right.hosts.pointer));
    match (left.hosts.is_empty(), right.hosts.is_empty()) {
        (true, false) => c.say(
            kind::HOSTS_RESTRICTED,
            "gateway.hosts",
            None,
            Some(list(&right.hosts)),
        ),
        (false, true) => c.say(
            kind::HOSTS_OPENED,
            "gateway.hosts",
            Some(list(&left.hosts)),
            None,
        ),
        _ => c.set(
            kind::HOST_REMOVED,
            kind::HOST_ADDED,
            "gateway.hosts",
            &left.hosts,
            &right.hosts,
        ),
    }
    c.at(Some(&left.listen.pointer), Some(&right.listen.pointer));
    let port = |port: Option<u16>| port.map(Into::into);
    if left.listen.http != right.listen.http {
        c.say(
            kind::HTTP_PORT_CHANGED,
            "gateway.listen.http",
            port(left.listen.http),
            port(right.listen.http),
        );
    }
    if left.listen.https != right.listen.https {
        let kind = match (left.listen.https, right.listen.https) {
            (Some(_), None) => kind::HTTPS_OFF,
            (None, Some(_)) => kind::HTTPS_ON,
            _ => kind::HTTPS_PORT_CHANGED,
        };
        c.say(
            kind,
            "gateway.listen.https",
            port(left.listen.https),
            port(right.listen.https),
        );
    }
    let (was, is) = places(left.tls.as_ref(), right.tls.as_ref());
    c.at(was, is);
    if let (Some(was), Some(is)) = (&left.tls, &right.tls) {
        tls(c, was, is);
    }
}

fn tls(c: &mut Collector<'_>, was: &ServerTls, is: &ServerTls) {
    if was.min_version != is.min_version {
        let shown = |version| match version {
            TlsVersion::V1_2 => text(&"1.2"),
            TlsVersion::V1_3 => text(&"1.3"),
        };
        let kind = if is.min_version < was.min_version {
            kind::TLS_VERSION_LOWERED
        } else {
            kind::TLS_VERSION_RAISED
        };
        c.say(
            kind,
            "gateway.tls.min_version",
            Some(shown(was.min_version)),
            Some(shown(is.min_version)),
        );
    }
    c.switch(
        kind::HTTP_NOT_REDIRECTED,
        kind::HTTP_REDIRECTED,
        "gateway.tls.redirect_http",
        was.redirect_http,
        is.redirect_http,
    );
    let content = |tls: &ServerTls| tls.certificate.as_ref().map(|file| file.content.clone());
    if content(was) != content(is) {
        let shown = |tls: &ServerTls| tls.certificate.as_ref().map(|file| text(&file.name));
        c.say(
            kind::CERTIFICATE_CHANGED,
            "gateway.tls.certificate",
            shown(was),
            shown(is),
        );
    }
    let same = match (&was.key, &is.key) {
        (Some(was), Some(is)) => same_key(was, is),
        (was, is) => was == is,
    };
    if !same {
        let shown = |tls: &ServerTls| tls.key.as_ref().map(|key| text(&key_name(key)));
        c.say(
            kind::CERTIFICATE_CHANGED,
            "gateway.tls.key",
            shown(was),
            shown(is),
        );
    }
    if was.acm_arn != is.acm_arn {
        let shown = |tls: &ServerTls| tls.acm_arn.as_ref().map(text);
        c.say(
            kind::CERTIFICATE_CHANGED,
            "gateway.tls.acm_arn",
            shown(was),
            shown(is),
        );
    }
}

/// Where a key comes from, never the key.
fn key_name(key: &KeyMaterial) -> String {
    match key {
        KeyMaterial::File(file) => file.name.clone(),
        KeyMaterial::Secret(
            Secret::Reference(name)
            | Secret::Known {
                name: Some(name), ..
            },
        ) => format!("secret://{name}"),
        KeyMaterial::Secret(Secret::Known { name: None, .. }) => "***".to_owned(),
    }
}

fn request_id(c: &mut Collector<'_>, left: &Gateway, right: &Gateway) {
    let (was, is) = places(left.request_id.as_ref(), right.request_id.as_ref());
    c.at(was, is);
    match (&left.request_id, &right.request_id) {
        (Some(was), None) => c.say(
            kind::REQUEST_ID_OFF,
            "gateway.request_id",
            Some(text(&was.header)),
            None,
        ),
        (None, Some(is)) => c.say(
            kind::REQUEST_ID_ON,
            "gateway.request_id",
            None,
            Some(text(&is.header)),
        ),
        (Some(was), Some(is)) => {
            if !was.header.eq_ignore_ascii_case(&is.header) {
                c.text(
                    kind::REQUEST_ID_CHANGED,
                    "gateway.request_id.header",
                    &was.header,
                    &is.header,
                );
            }
            c.text(
                kind::REQUEST_ID_CHANGED,
                "gateway.request_id.keep",
                &was.keep,
                &is.keep,
            );
        }
        (None, None) => {}
    }
}

fn observability(c: &mut Collector<'_>, left: &Gateway, right: &Gateway) {
    let log = |gateway: &Gateway| match gateway.access_log.value {
        AccessLog::Json => "json",
        AccessLog::None => "none",
    };
    c.at(
        Some(&left.access_log.pointer),
        Some(&right.access_log.pointer),
    );
    c.text(
        kind::ACCESS_LOG_CHANGED,
        "gateway.access_log",
        &log(left),
        &log(right),
    );
    let metrics = |gateway: &Gateway| {
        if gateway.metrics.value {
            "prometheus"
        } else {
            "none"
        }
    };
    c.at(Some(&left.metrics.pointer), Some(&right.metrics.pointer));
    c.text(
        kind::METRICS_CHANGED,
        "gateway.metrics",
        &metrics(left),
        &metrics(right),
    );
}

fn counters(c: &mut Collector<'_>, left: &Gateway, right: &Gateway) {
    c.at(Some(&left.counters.pointer), Some(&right.counters.pointer));
    // The URL may hold a password: only host, port and database are shown.
    let place = |counters: &Counters| match counters {
        Counters::Local => "local".to_owned(),
        Counters::Redis { url, .. } => {
            let (host, port) = (
                url.host_str().unwrap_or_default(),
                url.port().unwrap_or(6379),
            );
            format!("redis {host}:{port}{}", url.path())
        }
    };
    c.text(
        kind::COUNTERS_CHANGED,
        "gateway.counters",
        &place(&left.counters),
        &place(&right.counters),
    );
    let failure = |counters: &Counters| match counters {
        Counters::Local => None,
        Counters::Redis { on_failure, .. } => Some(*on_failure == CounterFailure::Admit),
    };
    if let (Some(was), Some(is)) = (failure(&left.counters), failure(&right.counters)) {
        c.named_switch(
            (kind::COUNTERS_REFUSE, "refuse"),
            (kind::COUNTERS_ADMIT, "admit"),
            "gateway.counters.on_failure",
            was,
            is,
        );
    }
}
