//! The `gateway` and `bff` sections.

use std::collections::HashMap;

use super::run::{Run, shown};
use super::{codes, files, headers, policies, route_key, urls};
use crate::ir::{
    AccessLog, CounterFailure, Counters, EncodedSlash, Gateway, HostPattern, LimitKey, Listen,
    RequestId, ServerTls, Sourced, TlsVersion, normalise,
};
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec::{self, OrNone};

/// Everything but what has sections of its own.
pub(super) fn resolve(run: &Run<'_>) -> Gateway {
    let written = &run.spec.gateway;
    let at = Pointer::root().key("gateway");
    let slash = match written.encoded_slash {
        Some(spec::EncodedSlash::Keep) => EncodedSlash::Keep,
        Some(spec::EncodedSlash::Refuse) | None => EncodedSlash::Refuse,
    };
    let log = match written.access_log {
        Some(spec::AccessLog::None) => AccessLog::None,
        Some(spec::AccessLog::Json) | None => AccessLog::Json,
    };
    let limits = match &written.limit {
        Some(OrNone::Some(limits)) => {
            policies::limits(run, limits, &LimitKey::Everyone, &at.key("limit"))
        }
        Some(OrNone::None) | None => Vec::new(),
    };
    let listen = listen(run, &at);
    Gateway {
        name: run.spec.name.clone(),
        stage: stage(run, &at),
        hosts: Sourced::new(hosts(run, &at.key("hosts")), at.key("hosts")),
        tls: tls(run, &listen, &at.key("tls")),
        listen: Sourced::new(listen, at.key("listen")),
        replicas: replicas(run, &at),
        request_id: request_id(run, &at.key("request_id")),
        health: health(run, &at.key("health")),
        limits,
        access_log: Sourced::new(log, at.key("access_log")),
        metrics: Sourced::new(
            written.metrics == Some(spec::Metrics::Prometheus),
            at.key("metrics"),
        ),
        trusted_proxies: Sourced::new(
            policies::nets(run, &written.trusted_proxies, &at.key("trusted_proxies")),
            at.key("trusted_proxies"),
        ),
        encoded_slash: Sourced::new(slash, at.key("encoded_slash")),
        counters: counters(run, &at.key("counters")),
        schemes: Default::default(),
        plans: Default::default(),
        consumers: Default::default(),
        services: Default::default(),
        routes: Vec::new(),
        bff: bff(run),
    }
}

fn stage(run: &Run<'_>, at: &Pointer) -> String {
    let stage = run
        .spec
        .gateway
        .stage
        .clone()
        .unwrap_or_else(|| "prod".into());
    // API Gateway's stage names: letters, digits, `_` and `-`, up to 128.
    let fits = (1..=128).contains(&stage.len())
        && stage
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !fits {
        let message = format!("`{}` cannot name a stage", shown(&stage));
        run.error(
            codes::NAME,
            &at.key("stage"),
            message,
            "write 1 to 128 letters, digits, `-` and `_`",
        );
    }
    stage
}

fn hosts(run: &Run<'_>, at: &Pointer) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    let mut seen: HashMap<HostPattern, usize> = HashMap::new();
    for (index, text) in run.spec.gateway.hosts.iter().enumerate() {
        let here = Place::value(at.index(index));
        let host = match route_key::host(text) {
            Ok(host) => host,
            Err(wrong) => {
                run.wrong(codes::HOST, here, text, wrong);
                continue;
            }
        };
        if let Some(first) = seen.insert(host.clone(), index) {
            let first = Place::value(at.index(first));
            run.say(
                Diagnostic::error(codes::HOST, here, format!("`{host}` is listed twice"))
                    .help("remove one")
                    .related(first, "first listed here"),
            );
        } else {
            hosts.push(host);
        }
    }
    hosts
}

fn listen(run: &Run<'_>, at: &Pointer) -> Listen {
    let with_tls = run.spec.gateway.tls.is_some() || run.was_written(at, "tls");
    let at = at.key("listen");
    let Some(written) = &run.spec.gateway.listen else {
        return Listen {
            http: Some(8080),
            https: with_tls.then_some(8443),
        };
    };
    let port = |key: &str, number: Option<i64>| {
        let number = number?;
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        if port.is_none() {
            let message = format!("{number} is not a port");
            run.error(
                codes::PORT,
                &at.key(key),
                message,
                "write a port from 1 to 65535",
            );
        }
        port
    };
    let listen = Listen {
        http: port("http", written.http),
        https: port("https", written.https),
    };
    match (written.http, written.https) {
        (None, None) if !run.was_written(&at, "http") && !run.was_written(&at, "https") => {
            let message = "the gateway listens on no port".to_owned();
            run.error_key(
                codes::PORT,
                &at,
                message,
                "write `http` or `https` with a port, or leave the key out",
            );
        }
        (Some(http), Some(https)) if http == https => {
            run.say(
                Diagnostic::error(
                    codes::PORT,
                    Place::value(at.key("https")),
                    format!("port {https} is used twice"),
                )
                .help("give each its own port")
                .related(Place::value(at.key("http")), "first used here"),
            );
        }
        _ => {}
    }
    if written.https.is_some() && !with_tls {
        let message = "an HTTPS port needs a certificate".to_owned();
        run.error_key(
            codes::TLS,
            &at.key("https"),
            message,
            "add `tls: { certificate: .., key: .. }` to the gateway",
        );
    }
    listen
}

fn tls(run: &Run<'_>, listen: &Listen, at: &Pointer) -> Option<Sourced<ServerTls>> {
    let written = run.spec.gateway.tls.as_ref()?;
    let has = |key: &str, value: &Option<String>| value.is_some() || run.was_written(at, key);
    let certificate = has("certificate", &written.certificate);
    let key = has("key", &written.key);
    match (certificate, key, has("acm_arn", &written.acm_arn)) {
        (true, false, _) => {
            let message = "the certificate has no key".to_owned();
            run.error_key(
                codes::TLS,
                &at.key("certificate"),
                message,
                "add `key` with a PEM file or `secret://name`",
            );
        }
        (false, true, _) => {
            let message = "the key has no certificate".to_owned();
            run.error_key(
                codes::TLS,
                &at.key("key"),
                message,
                "add `certificate` with a PEM file",
            );
        }
        (false, false, false) => {
            let message = "TLS needs a certificate".to_owned();
            run.error_key(
                codes::TLS,
                at,
                message,
                "add `certificate` and `key`, or `acm_arn` for AWS alone",
            );
        }
        _ => {}
    }
    let https_written = run.was_written(&Pointer::root().key("gateway").key("listen"), "https");
    if listen.https.is_none()
        && run
            .spec
            .gateway
            .listen
            .as_ref()
            .is_some_and(|l| l.https.is_none())
        && !https_written
    {
        let message = "no port speaks TLS".to_owned();
        run.error_key(
            codes::TLS,
            at,
            message,
            "add `https: 8443` under `listen`, or leave `listen` out",
        );
    }
    let min_version = match written.min_version.as_deref() {
        None | Some("1.2") => TlsVersion::V1_2,
        Some("1.3") => TlsVersion::V1_3,
        Some(other) => {
            let message = format!("`{}` is not a TLS version that is spoken", shown(other));
            run.error(
                codes::TLS,
                &at.key("min_version"),
                message,
                "write `\"1.2\"` or `\"1.3\"`; older ones are broken (RFC 8996)",
            );
            TlsVersion::V1_2
        }
    };
    if let Some(arn) = &written.acm_arn {
        super::auth::arn(run, arn, "acm", &at.key("acm_arn"));
    }
    let tls = ServerTls {
        certificate: written
            .certificate
            .as_ref()
            .and_then(|name| files::certificates(run, name, &at.key("certificate"))),
        key: written
            .key
            .as_ref()
            .and_then(|name| files::key_material(run, name, &at.key("key"))),
        acm_arn: written.acm_arn.clone(),
        min_version,
        redirect_http: written.redirect_http.unwrap_or(false),
    };
    Some(Sourced::new(tls, at.clone()))
}

fn replicas(run: &Run<'_>, at: &Pointer) -> u32 {
    let replicas = run.spec.gateway.replicas.unwrap_or(1);
    if !(1..=10_000).contains(&replicas) {
        let message = format!("{replicas} replicas are out of range");
        run.error(
            codes::RANGE,
            &at.key("replicas"),
            message,
            "write 1 to 10000",
        );
    }
    replicas
}

fn request_id(run: &Run<'_>, at: &Pointer) -> Option<Sourced<RequestId>> {
    let default = "X-Request-ID".to_owned();
    let request_id = match &run.spec.gateway.request_id {
        Some(OrNone::None) => return None,
        None => RequestId {
            header: default,
            keep: true,
        },
        Some(OrNone::Some(written)) => RequestId {
            header: written.header.clone().unwrap_or(default),
            keep: written.keep.unwrap_or(true),
        },
    };
    let written = at.key("header");
    let place = if run.document.has(&written) {
        written
    } else {
        at.clone()
    };
    headers::settable(run, &request_id.header, || Place::value(place.clone()));
    Some(Sourced::new(request_id, at.clone()))
}

fn health(run: &Run<'_>, at: &Pointer) -> Option<Sourced<String>> {
    let text = run.spec.gateway.health.as_ref()?.as_option()?;
    match normalise(text, EncodedSlash::Refuse) {
        Ok(normal) if normal == *text && !text.contains(['*', '{', '}']) => {
            Some(Sourced::new(normal, at.clone()))
        }
        Ok(normal) if !text.contains(['*', '{', '}']) => {
            let message = format!("`{text}` is not normalised, so no request matches it");
            run.error(codes::PATH, at, message, &format!("write `{normal}`"));
            None
        }
        _ => {
            let message = format!("`{}` is not a path", shown(text));
            run.error(
                codes::PATH,
                at,
                message,
                "write one path such as `/healthz`",
            );
            None
        }
    }
}

fn counters(run: &Run<'_>, at: &Pointer) -> Sourced<Counters> {
    let written = match &run.spec.gateway.counters {
        None | Some(spec::Counters::Local) => return Sourced::new(Counters::Local, at.clone()),
        Some(spec::Counters::Redis(written)) => written,
    };
    let on_failure = match written.on_failure {
        Some(spec::CounterFailure::Refuse) => CounterFailure::Refuse,
        Some(spec::CounterFailure::Admit) | None => CounterFailure::Admit,
    };
    let counters = match redis(&written.redis) {
        Some(url) => Counters::Redis { url, on_failure },
        None => {
            // The text may hold a password.
            let message = "this is not the URL of a Redis server".to_owned();
            run.error(
                codes::URL,
                &at.key("redis"),
                message,
                "write `redis://host:6379`, with `rediss` for TLS and `/1` for a database",
            );
            Counters::Local
        }
    };
    Sourced::new(counters, at.clone())
}

fn redis(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let database = url.path().trim_start_matches('/');
    let fits = matches!(url.scheme(), "redis" | "rediss")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.port() != Some(0)
        && database.bytes().all(|b| b.is_ascii_digit())
        && url.query().is_none()
        && url.fragment().is_none();
    fits.then_some(url)
}

fn bff(run: &Run<'_>) -> Option<Sourced<url::Url>> {
    let written = run.spec.bff.as_ref()?;
    let at = Pointer::root().key("bff");
    let inner = at.key("url");
    let place = if run.document.has(&inner) { inner } else { at };
    let url = urls::http(run, &written.url, &place, urls::Tail::Path)?;
    Some(Sourced::new(url, place))
}
