//! KONG.CONF -> SETTINGS OF THE GATEWAY: ports, trusted proxies, TLS versions, the access log.

use super::Reader;
use crate::ir::{AccessLog, TlsVersion};
use crate::report::Spot;
use crate::source::Pointer;
use crate::targets::{Artefact, Leftover};

/// Settings that say nothing about what clients get.
const OWN: &[&str] = &[
    "database",
    "declarative_config",
    "router_flavor",
    "admin_listen",
    "error_default_type",
    "untrusted_lua",
    "status_listen",
    "real_ip_header",
    "real_ip_recursive",
    "nginx_http_log_format",
];

impl Reader {
    /// Reads the server's settings.
    pub(super) fn server(&mut self, conf: &Artefact) {
        let text = String::from_utf8_lossy(&conf.content).into_owned();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let spot = Spot {
                file: conf.path.clone(),
                line: number,
                column: 1,
            };
            let own = Pointer::root().key("gateway");
            let field = match key {
                "proxy_listen" => {
                    self.listen(value);
                    "listen"
                }
                "trusted_ips" => {
                    let nets = value.split(',').filter_map(|net| net.trim().parse().ok());
                    self.gateway.trusted_proxies.value = nets.collect();
                    "trusted_proxies"
                }
                "proxy_access_log" => {
                    self.gateway.access_log.value = if value == "off" {
                        AccessLog::None
                    } else {
                        AccessLog::Json
                    };
                    "access_log"
                }
                "ssl_cipher_suite" => {
                    if let (Some(tls), "modern") = (&mut self.gateway.tls, value) {
                        tls.value.min_version = TlsVersion::V1_3;
                    }
                    continue;
                }
                key if OWN.contains(&key) => continue,
                key => {
                    let text = format!("the setting `{key}`");
                    self.sheet.leftovers.push(Leftover {
                        spot: Some(spot),
                        text,
                    });
                    continue;
                }
            };
            self.sheet
                .places
                .insert(own.key(field).as_str().to_owned(), spot);
        }
    }

    fn listen(&mut self, value: &str) {
        for one in value.split(',') {
            let mut words = one.split_whitespace();
            let port = words
                .next()
                .and_then(|address| address.rsplit_once(':')?.1.parse().ok());
            if words.any(|word| word == "ssl") {
                self.gateway.listen.value.https = port;
            } else {
                self.gateway.listen.value.http = port;
            }
        }
    }
}
