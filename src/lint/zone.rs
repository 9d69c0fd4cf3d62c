//! A host name -> how far away it is, as far as its name tells.

use std::net::IpAddr;

/// Where a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// On this machine.
    Loopback,
    /// In a network of one's own.
    Private,
    /// Anywhere.
    Public,
}

/// Endings of names that the public DNS does not have or that clusters and clouds use inside (RFC 6762, RFC 8375,
/// ICANN's `.internal`).
const PRIVATE: [&str; 9] = [
    "internal",
    "local",
    "lan",
    "intranet",
    "private",
    "corp",
    "home.arpa",
    "svc",
    "consul",
];

/// By its name or address; an IPv6 address with or without brackets.
#[must_use]
pub fn zone(host: &str) -> Zone {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return of_address(address.to_canonical());
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Zone::Loopback;
    }
    let ends = |suffix: &&str| {
        host.strip_suffix(*suffix)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    if !host.contains('.') || PRIVATE.iter().any(ends) {
        return Zone::Private;
    }
    Zone::Public
}

fn of_address(address: IpAddr) -> Zone {
    let private = match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // RFC 1918, RFC 3927 and the shared space of RFC 6598.
            v4.is_private() || v4.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    match address {
        _ if address.is_loopback() => Zone::Loopback,
        _ if private => Zone::Private,
        IpAddr::V4(_) | IpAddr::V6(_) => Zone::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::{Zone, zone};

    #[test]
    fn names_and_addresses_tell_how_far_away_they_are() {
        for host in ["127.0.0.1", "localhost", "::1", "[::1]", "a.localhost"] {
            assert_eq!(zone(host), Zone::Loopback, "{host}");
        }
        for host in [
            "orders",
            "orders.shop.svc",
            "db.internal",
            "10.1.2.3",
            "fd00::1",
            "100.64.0.1",
            "x.svc.cluster.local",
        ] {
            assert_eq!(zone(host), Zone::Private, "{host}");
        }
        for host in [
            "shop.example",
            "8.8.8.8",
            "internal.shop.example",
            "local.example",
            "2001:db8::1",
        ] {
            assert_eq!(zone(host), Zone::Public, "{host}");
        }
    }
}
