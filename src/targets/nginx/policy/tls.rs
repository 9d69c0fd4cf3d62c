//! TLS -> SERVER: certificate, versions and ciphers, and the redirect of plain HTTP.

use super::super::build::Build;
use super::super::document::Block;
use super::super::upstreams::key_file;
use crate::ir::{ServerTls, TlsVersion};

/// Lines of the server that speaks TLS.
pub fn server(build: &mut Build<'_>, tls: &ServerTls, port: u16) -> Block {
    let mut out = Block::new();
    if build.settings.http2_directive() {
        out.put(
            "listen",
            [
                format!("{port}"),
                "ssl".to_owned(),
                "default_server".to_owned(),
            ],
        );
        out.put("http2", ["on"]);
    } else {
        out.put(
            "listen",
            [
                format!("{port}"),
                "ssl".to_owned(),
                "http2".to_owned(),
                "default_server".to_owned(),
            ],
        );
    }
    let certificate = match &tls.certificate {
        Some(file) => build.file("tls", &file.name, &file.content),
        None => String::new(),
    };
    let key = tls
        .key
        .as_ref()
        .map(|key| key_file(build, key))
        .unwrap_or_default();
    out.put("ssl_certificate", [certificate]);
    out.put("ssl_certificate_key", [key]);
    match tls.min_version {
        TlsVersion::V1_2 => {
            out.put("ssl_protocols", ["TLSv1.2", "TLSv1.3"]);
            let ciphers = [
                "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-RSA-AES128-GCM-SHA256",
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-CHACHA20-POLY1305",
                "ECDHE-RSA-CHACHA20-POLY1305",
            ];
            out.put("ssl_ciphers", [ciphers.join(":")]);
        }
        TlsVersion::V1_3 => out.put("ssl_protocols", ["TLSv1.3"]),
    }
    out.put("ssl_prefer_server_ciphers", ["off"]);
    out.put("ssl_ecdh_curve", ["X25519:prime256v1:secp384r1"]);
    out.put("ssl_session_cache", ["shared:gw_tls:10m"]);
    out.put("ssl_session_timeout", ["1d"]);
    out.put("ssl_session_tickets", ["off"]);
    out
}
