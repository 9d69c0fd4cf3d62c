//! Who is calling, by address, and with which request ID.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address: the peer's, or, behind trusted proxies, the nearest address of `X-Forwarded-For` that is not one of them.
#[must_use]
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let mut client = peer;
    if !is_trusted(client, trusted) {
        return client;
    }
    let mut lines: Vec<&HeaderValue> = headers.get_all(FORWARDED_FOR).iter().collect();
    lines.reverse();
    for line in lines {
        let Ok(line) = line.to_str() else {
            return client;
        };
        for hop in line.rsplit(',') {
            let Some(address) = parse(hop.trim()) else {
                return client;
            };
            client = address;
            if !is_trusted(client, trusted) {
                return client;
            }
        }
    }
    client
}

/// Whether `address` is a trusted proxy.
#[must_use]
pub fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted
        .iter()
        .any(|net| net.contains(&address.to_canonical()))
}

fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(hop);
    bare.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

/// The request ID: the client's where it may be kept, otherwise 128 bits of `random` in hexadecimal.
pub fn request_id(
    keep: bool,
    sent: Option<&HeaderValue>,
    random: impl FnOnce() -> u128,
) -> HeaderValue {
    let fine = |value: &&HeaderValue| {
        (1..=128).contains(&value.len()) && value.as_bytes().iter().all(|&b| is_id_byte(b))
    };
    match sent.filter(|_| keep).filter(fine) {
        Some(value) => value.clone(),
        None => {
            let mut text = [0u8; 32];
            let number = random();
            for (at, byte) in text.iter_mut().enumerate() {
                let nibble = (number >> (124 - 4 * at)) & 0xf;
                *byte = b"0123456789abcdef"[usize::try_from(nibble).unwrap_or(0)];
            }
            HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("0"))
        }
    }
}

fn is_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._~+/=-".contains(&b)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(peer: &str, chain: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in chain {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_chain_is_believed_only_as_far_as_its_proxies_are_trusted() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.2.2.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.2.2.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["1.1.1.1, nonsense, 10.2.2.2"]),
            "10.2.2.2"
        );
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("fd00::1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn a_request_id_is_kept_only_when_it_is_harmless() {
        let id = |keep, sent: &[u8]| {
            let sent = HeaderValue::from_bytes(sent).unwrap();
            request_id(keep, Some(&sent), || 0xab)
                .to_str()
                .unwrap()
                .to_owned()
        };
        let made = "000000000000000000000000000000ab";
        assert_eq!(id(true, b"abc-1.2_3~4+5/6="), "abc-1.2_3~4+5/6=");
        assert_eq!(id(false, b"abc"), made);
        assert_eq!(id(true, b""), made);
        assert_eq!(id(true, b"a b"), made);
        assert_eq!(id(true, b"a\"b"), made);
        assert_eq!(id(true, &[b'x'; 129]), made);
        assert_eq!(request_id(true, None, || 0xab), made);
    }
}
