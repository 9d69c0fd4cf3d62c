//! ADDRESSES -> SUPPORT: what nginx makes of names, addresses and certificates of services.

use super::upstreams;
use crate::ir::{Protocol, Service};
use crate::targets::{Shortfall, Support};

/// How far the addresses of a service are kept.
#[must_use]
pub fn target(service: &Service) -> Support {
    let mut support = Support::exact();
    let addresses = upstreams::addresses(service);
    let first = addresses[0].0.authority();
    if addresses
        .iter()
        .any(|(address, _)| address.authority() != first)
    {
        support = support.and(Shortfall::approximate(
            "upstream-host",
            format!("every target of `{}` gets the Host `{first}`", service.name),
        ));
    }
    let names = addresses
        .iter()
        .filter_map(|(address, _)| resolved_once(&address.host));
    support.shortfalls.extend(names.take(1));
    let (asked, verified) = (
        upstreams::first(service),
        service.tls.as_ref().is_none_or(|tls| tls.value.verify),
    );
    // `X509_check_host` of `ngx_ssl_check_host` looks at names alone.
    if asked.protocol == Protocol::Https && verified && is_address(&asked.host) {
        support = support.and(
            Shortfall::approximate(
                "address-certificate",
                format!("nginx compares certificates with names alone: one that `{}` has for its address is refused, and every request gets 502", asked.host),
            )
            .help("name the service by a host name that its certificate holds"),
        );
    }
    support
}

fn is_address(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.parse::<std::net::IpAddr>().is_ok()
}

/// Names in `server` lines are resolved when the configuration is read (<https://nginx.org/en/docs/http/ngx_http_upstream_module.html#resolve>).
#[must_use]
pub fn resolved_once(host: &str) -> Option<Shortfall> {
    let fixed = host == "localhost" || is_address(host);
    (!fixed).then(|| {
        Shortfall::approximate(
            "static-dns",
            format!("`{host}` is resolved once, when nginx starts or reloads: an address that changes later is not seen, and with an unknown name nginx does not start"),
        )
        .help("reload nginx when addresses change, or write an address that stays")
    })
}
