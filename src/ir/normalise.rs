//! RAW PATH -> NORMALISED PATH (RFC 3986 section 6.2.2): the one spelling that is matched, authorised and forwarded.

use std::fmt;

use super::EncodedSlash;

/// Why a path cannot be normalised; the request gets 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It does not start with `/`.
    Relative,
    /// `%` without two hexadecimal digits.
    BrokenEscape,
    /// `%2F` while the gateway refuses it.
    EncodedSlash,
    /// `%5C` or a raw backslash, which some servers take for a slash.
    Backslash,
    /// `%00`.
    Nul,
    /// A raw control character, space, `?` or `#`.
    RawByte,
    /// A dot segment between kept `%2F`, which a server that decodes them would follow.
    HiddenDots,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relative => "the path does not start with `/`",
            Self::BrokenEscape => "a `%` is not followed by two hexadecimal digits",
            Self::EncodedSlash => "`%2F` is refused",
            Self::Backslash => "a backslash is refused",
            Self::Nul => "`%00` is refused",
            Self::RawByte => "a control character, space, `?` or `#` stands in the path unescaped",
            Self::HiddenDots => "a dot segment is hidden behind `%2F`",
        })
    }
}

impl std::error::Error for Refusal {}

/// Brings a raw request path (without query) into its one normal form. Doing it twice changes nothing.
///
/// Escapes of unreserved characters are decoded, all others written in upper case; bytes that RFC 3986 allows in no path
/// (`"`, `<`, non-ASCII and the like) are escaped. Empty segments vanish before dot segments count, as in NGINX, so
/// `/a//../b` is `/b`; `..` at the root stays at the root (RFC 3986 section 5.2.4). A trailing slash is kept.
///
/// # Errors
/// What no engine may let past: see [`Refusal`].
pub fn normalise(raw_path: &str, slash: EncodedSlash) -> Result<String, Refusal> {
    let rest = raw_path.strip_prefix('/').ok_or(Refusal::Relative)?;
    let mut path = String::with_capacity(raw_path.len() + 8);
    let mut open = true;
    for raw in rest.split('/') {
        let start = path.len();
        path.push('/');
        segment(raw, slash, &mut path)?;
        open = false;
        match &path[start + 1..] {
            "" | "." => {
                path.truncate(start);
                open = true;
            }
            ".." => {
                path.truncate(start);
                path.truncate(path.rfind('/').unwrap_or(0));
                open = true;
            }
            text if text.contains("%2F")
                && text.split("%2F").any(|part| matches!(part, "." | "..")) =>
            {
                return Err(Refusal::HiddenDots);
            }
            _ => {}
        }
    }
    // The last segment was empty or dots: the path names a folder.
    if open {
        path.push('/');
    }
    Ok(path)
}

fn segment(raw: &str, slash: EncodedSlash, path: &mut String) -> Result<(), Refusal> {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'%' => {
                let pair = bytes.get(at..at + 2).ok_or(Refusal::BrokenEscape)?;
                let decoded = hex(pair[0])? << 4 | hex(pair[1])?;
                at += 2;
                match decoded {
                    0 => return Err(Refusal::Nul),
                    b'\\' => return Err(Refusal::Backslash),
                    b'/' if slash == EncodedSlash::Refuse => return Err(Refusal::EncodedSlash),
                    byte if is_unreserved(byte) => path.push(char::from(byte)),
                    byte => escape(byte, path),
                }
            }
            b'\\' => return Err(Refusal::Backslash),
            0..=b' ' | 0x7f | b'?' | b'#' => return Err(Refusal::RawByte),
            byte if is_path_byte(byte) => path.push(char::from(byte)),
            byte => escape(byte, path),
        }
    }
    Ok(())
}

fn hex(digit: u8) -> Result<u8, Refusal> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(Refusal::BrokenEscape)
}

/// Appends `%XX`.
pub(super) fn escape(byte: u8, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    text.push('%');
    text.push(char::from(DIGITS[usize::from(byte >> 4)]));
    text.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// RFC 3986 section 2.3.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` of RFC 3986 section 3.3 without `%`.
fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
        )
}

/// Percent-encodes everything but unreserved characters, as parameters and claims go into a URL.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            escape(byte, &mut encoded);
        }
    }
    encoded
}

/// Percent-encodes what means something in a URL in a segment of a normalised path, whose own escapes stand: it can
/// then add neither a segment nor a parameter.
#[must_use]
pub fn encode_escaped(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte == b'%' || is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            escape(byte, &mut encoded);
        }
    }
    encoded
}

/// A `Host` header's or `:authority`'s name as routes compare it: lower case, without port and trailing dot.
/// `None` when it is not a host.
#[must_use]
pub fn normalise_host(raw: &str) -> Option<String> {
    let name = match raw.strip_prefix('[') {
        Some(rest) => &raw[..rest.find(']')? + 2],
        None => raw.split(':').next()?,
    };
    let after = &raw[name.len()..];
    let port_fits = after.is_empty()
        || after
            .strip_prefix(':')
            .is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.strip_suffix('.').unwrap_or(name);
    let in_brackets = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let name_fits = match in_brackets {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_unreserved),
    };
    (port_fits && name_fits).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str, expected: Result<&str, Refusal>) {
        assert_eq!(
            normalise(raw, EncodedSlash::Refuse).as_deref(),
            expected.as_ref().copied(),
            "{raw}"
        );
    }

    #[test]
    fn every_spelling_of_a_path_has_one_normal_form() {
        check("/", Ok("/"));
        check("/a/b", Ok("/a/b"));
        check("/a/b/", Ok("/a/b/"));
        check("/%61%2D%7e", Ok("/a-~"));
        check("/%3a%2a", Ok("/%3A%2A"));
        check("/:*", Ok("/:*"));
        check("//a///b//", Ok("/a/b/"));
        check("/a/./b/.", Ok("/a/b/"));
        check("/a/%2e/b/%2E%2e/c", Ok("/a/c"));
        check("/a/.%2e", Ok("/"));
        check("/a/b/..", Ok("/a/"));
        check("/a//../b", Ok("/b"));
        check("/a/...", Ok("/a/..."));
        check("/a/..b", Ok("/a/..b"));
        check("/caf\u{e9}\"", Ok("/caf%C3%A9%22"));
    }

    #[test]
    fn dots_above_the_root_stay_at_the_root() {
        check("/../../etc", Ok("/etc"));
        check("/a/../../..", Ok("/"));
    }

    #[test]
    fn what_engines_read_differently_is_refused() {
        check("", Err(Refusal::Relative));
        check("*", Err(Refusal::Relative));
        check("/a%2fb", Err(Refusal::EncodedSlash));
        check("/a%5Cb", Err(Refusal::Backslash));
        check("/a\\b", Err(Refusal::Backslash));
        check("/a%00", Err(Refusal::Nul));
        check("/a%", Err(Refusal::BrokenEscape));
        check("/a%2", Err(Refusal::BrokenEscape));
        check("/a%zz", Err(Refusal::BrokenEscape));
        check("/a%+1", Err(Refusal::BrokenEscape));
        check("/a b", Err(Refusal::RawByte));
        check("/a\tb", Err(Refusal::RawByte));
        check("/a?b", Err(Refusal::RawByte));
        check("/a#b", Err(Refusal::RawByte));
    }

    #[test]
    fn a_kept_slash_is_part_of_its_segment_and_hides_no_dots() {
        let keep = |raw| normalise(raw, EncodedSlash::Keep);
        assert_eq!(keep("/a%2fb").as_deref(), Ok("/a%2Fb"));
        assert_eq!(keep("/a/..%2f..%2fb"), Err(Refusal::HiddenDots));
        assert_eq!(keep("/a%2F%2e%2e"), Err(Refusal::HiddenDots));
    }

    #[test]
    fn hosts_lose_case_port_and_trailing_dot() {
        assert_eq!(
            normalise_host("API.Shop.Example.:8080").as_deref(),
            Some("api.shop.example")
        );
        assert_eq!(normalise_host("[::1]:80").as_deref(), Some("[::1]"));
        for wrong in ["", "a b", "a:b", "[::1", "a/b", "."] {
            assert_eq!(normalise_host(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(
            raw in "(/|%2[eEfF]|\\.|[a-c]|%[0-9a-fA-F]{2}|[ -~]|\\PC){0,12}",
            keep: bool,
        ) {
            let slash = if keep { EncodedSlash::Keep } else { EncodedSlash::Refuse };
            if let Ok(once) = normalise(&format!("/{raw}"), slash) {
                prop_assert_eq!(normalise(&once, slash), Ok(once.clone()));
                prop_assert!(once.is_ascii() && !once.contains("//"));
                prop_assert!(once.split('/').all(|s| s != "." && s != ".."));
            }
        }
    }
}
