//! GATEWAY -> KONG.CONF: what the declarative file cannot carry, with a comment on each setting.

use std::fmt::Write as _;

use crate::ir::{AccessLog, Gateway, TlsVersion};

/// The text of `kong.conf`.
#[must_use]
pub fn print(gateway: &Gateway, functions: bool) -> String {
    let mut out = String::from(
        "# Settings of the server itself, for `kong start -c kong.conf` in this folder. Each can be given as an environment variable\n\
         # instead: KONG_ERROR_DEFAULT_TYPE=application/json and so on.\n",
    );
    let mut set = |why: &str, key: &str, value: &str| {
        let _ = write!(out, "\n# {why}\n{key} = {value}\n");
    };
    set(
        "No database: all configuration is the declarative file.",
        "database",
        "off",
    );
    set(
        "The declarative file, relative to the folder Kong is started in.",
        "declarative_config",
        "kong.yaml",
    );
    set(
        "The priorities in the file are made for this order of routes.",
        "router_flavor",
        "traditional_compatible",
    );
    set(
        "The ports of `gateway.listen`.",
        "proxy_listen",
        &listen(gateway),
    );
    set(
        "The Admin API stays on this machine.",
        "admin_listen",
        "127.0.0.1:8001",
    );
    set(
        "Errors of the server itself are JSON for clients that do not say what they accept.",
        "error_default_type",
        "application/json",
    );
    if functions {
        set(
            "The generated functions run in Kong's sandbox; `off` would refuse the file.",
            "untrusted_lua",
            "sandbox",
        );
    }
    if gateway.metrics.value {
        set("Metrics, at /metrics.", "status_listen", "0.0.0.0:8100");
    }
    if !gateway.trusted_proxies.is_empty() {
        let nets: Vec<String> = gateway
            .trusted_proxies
            .iter()
            .map(ToString::to_string)
            .collect();
        set(
            "Whose X-Forwarded-For is believed: `gateway.trusted_proxies`.",
            "trusted_ips",
            &nets.join(","),
        );
        set(
            "The header that is believed.",
            "real_ip_header",
            "X-Forwarded-For",
        );
        set(
            "The last address that is not a trusted proxy is the client's.",
            "real_ip_recursive",
            "on",
        );
    }
    if let Some(tls) = &gateway.tls {
        let (suite, why) = match tls.min_version {
            TlsVersion::V1_2 => (
                "intermediate",
                "TLS 1.2 and 1.3: `gateway.tls.min_version`.",
            ),
            TlsVersion::V1_3 => ("modern", "TLS 1.3 alone: `gateway.tls.min_version`."),
        };
        set(why, "ssl_cipher_suite", suite);
    }
    match gateway.access_log.value {
        AccessLog::Json => {
            let id = gateway
                .request_id
                .as_ref()
                .map(|id| format!("$sent_http_{}", id.header.to_lowercase().replace('-', "_")));
            set(
                "One JSON object a request.",
                "nginx_http_log_format",
                &log_format(&id.unwrap_or_else(|| "$kong_request_id".into())),
            );
            set(
                "Where the log goes, and its format.",
                "proxy_access_log",
                "/dev/stdout gateway",
            );
        }
        AccessLog::None => set(
            "No access log: `gateway.access_log`.",
            "proxy_access_log",
            "off",
        ),
    }
    out
}

fn listen(gateway: &Gateway) -> String {
    let http = gateway
        .listen
        .http
        .map(|port| format!("0.0.0.0:{port} reuseport backlog=16384"));
    let https = gateway
        .listen
        .https
        .map(|port| format!("0.0.0.0:{port} http2 ssl reuseport backlog=16384"));
    let all: Vec<String> = http.into_iter().chain(https).collect();
    if all.is_empty() {
        "off".into()
    } else {
        all.join(", ")
    }
}

/// An nginx log format; `$request_time` is in seconds, so the member's name says so.
fn log_format(request_id: &str) -> String {
    let members = [
        ("time", "$time_iso8601"),
        ("request_id", request_id),
        ("client_ip", "$remote_addr"),
        ("host", "$host"),
        ("method", "$request_method"),
        ("path", "$uri"),
        ("upstream", "$upstream_addr"),
        ("upstream_status", "$upstream_status"),
    ];
    let texts: Vec<String> = members
        .iter()
        .map(|(name, variable)| format!("\"{name}\":\"{variable}\""))
        .collect();
    format!(
        "gateway escape=json '{{{},\"status\":$status,\"bytes\":$body_bytes_sent,\"duration_s\":$request_time}}'",
        texts.join(",")
    )
}
