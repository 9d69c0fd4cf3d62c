//! TLS at the gateway: redirect, health, versions.

use std::process::Command;

use super::{Spec, binaries};
use crate::support::client::exchange;
use crate::support::echo::Echo;
use crate::support::nginx::Nginx;

fn spec(echo: &Echo, version: &str) -> String {
    format!(
        r#"
version: 1
name: tls
gateway:
  hosts: [api.example]
  health: /healthz
  listen: {{ http: 8080, https: 8443 }}
  tls: {{ certificate: tls/gateway.crt, key: tls/gateway.key, min_version: "1.3", redirect_http: true }}
services: {{ echo: "http://{}" }}
routes: {{ GET /a: {{ to: echo, auth: none }} }}
targets: {{ nginx: {{ version: "{version}" }} }}
"#,
        echo.address
    )
}

#[test]
fn plain_http_is_sent_to_https_and_old_versions_are_refused() {
    for binary in binaries() {
        let echo = Echo::start();
        let made = Spec::with_certificate(&spec(&echo, &binary.version)).build();
        let nginx = Nginx::start(&binary, &made.folder, &[]);
        let ask = |head: &str| {
            exchange(
                nginx.http,
                format!("{head}\r\nConnection: close\r\n\r\n").as_bytes(),
            )
        };
        let answer = ask("GET /a?b=c HTTP/1.1\r\nHost: api.example:1");
        assert_eq!(
            (answer.status, answer.header("location")),
            (308, Some("https://api.example:8443/a?b=c"))
        );
        assert_eq!(
            ask("GET /a HTTP/1.1\r\nHost: evil.example").status,
            404,
            "no redirect to a host that is not the gateway's"
        );
        assert_eq!(
            ask("GET /healthz HTTP/1.1\r\nHost: any.example").status,
            200
        );
        let https = nginx.https.unwrap();
        let curl = |arguments: &[&str]| {
            let resolve = format!("api.example:{}:127.0.0.1", https.port());
            let url = format!("https://api.example:{}/a", https.port());
            let output = Command::new("curl")
                .args([
                    "-sk",
                    "--resolve",
                    &resolve,
                    "-o",
                    "/dev/null",
                    "-w",
                    "%{http_code} %{http_version}",
                ])
                .args(arguments)
                .arg(url)
                .output();
            output
                .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
                .unwrap_or_default()
        };
        assert_eq!(curl(&["--http2"]), "200 2");
        assert_eq!(curl(&["--http1.1"]), "200 1.1");
        assert!(
            curl(&["--tls-max", "1.2"]).starts_with("000"),
            "TLS 1.2 is below the lowest version"
        );
    }
}
