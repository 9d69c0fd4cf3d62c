//! SERVICE -> ADDRESS: where a service is on AWS, and the path it is asked for.

use super::document::integration::{Connection, UriPiece};
use super::document::path::{GREEDY, PathPart};
use crate::ir::{Address, Forward, Pattern, RewritePiece, Segment, Service, ViaAws};

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A function.
    Function(String),
    /// An address, over the internet or through a VPC link.
    Http {
        /// `https://host/base`.
        base: String,
        /// How it is reached.
        connection: Connection,
    },
}

/// The one target that gets all requests where AWS cannot choose: the heaviest, the first of those.
#[must_use]
pub fn main_target(service: &Service) -> &Address {
    let mut best = &service.targets[0];
    for target in &service.targets {
        if target.weight > best.weight {
            best = target;
        }
    }
    &best.address
}

fn base(address: &Address) -> String {
    let scheme = address.protocol.name();
    format!("{scheme}://{}{}", address.authority(), address.path)
}

/// Where a service is on AWS.
#[must_use]
pub fn place(service: &Service) -> Place {
    match &service.via.aws {
        Some(ViaAws::Lambda(arn)) => Place::Function(arn.clone()),
        Some(ViaAws::Url(address)) => Place::Http {
            base: base(address),
            connection: Connection::Internet,
        },
        Some(ViaAws::VpcLink { id, listener }) => Place::Http {
            base: base(main_target(service)),
            connection: Connection::Link {
                id: id.clone(),
                listener: listener.clone(),
            },
        },
        None => Place::Http {
            base: base(main_target(service)),
            connection: Connection::Internet,
        },
    }
}

/// Nobody but the own network reaches it: a bare name, a private or local address, or a name that is local by convention.
#[must_use]
pub fn is_private(host: &str) -> bool {
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return match address {
            std::net::IpAddr::V4(v4) => {
                v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
            }
            std::net::IpAddr::V6(v6) => {
                v6.is_loopback()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || v6.is_unspecified()
            }
        };
    }
    let host = host.trim_end_matches('.');
    !host.contains('.')
        || [".local", ".internal", ".localhost", ".lan", ".home.arpa"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
}

/// The path that a service is asked for, by the parts of the path that took the request.
#[must_use]
pub fn sent_path(forward: &Forward, pattern: &Pattern, parts: &[&PathPart]) -> Vec<UriPiece> {
    let piece = |part: &&PathPart| match part {
        PathPart::Literal(text) => UriPiece::Text(format!("/{text}")),
        PathPart::Variable(name) => UriPiece::Place(name.clone()),
        PathPart::Greedy => UriPiece::Place(GREEDY.to_owned()),
    };
    let Some(rewrite) = &forward.rewrite else {
        return or_root(parts.iter().map(piece).collect());
    };
    let mut pieces = Vec::new();
    for step in &rewrite.segments {
        match step {
            RewritePiece::Literal(text) => pieces.push(UriPiece::Text(format!("/{text}"))),
            RewritePiece::Param(name) => pieces.extend(part_of(pattern, parts, name).map(piece)),
        }
    }
    if rewrite.rest {
        pieces.extend(parts.iter().skip(pattern.segments.len()).map(piece));
    }
    or_root(pieces)
}

fn or_root(pieces: Vec<UriPiece>) -> Vec<UriPiece> {
    if pieces.is_empty() {
        return vec![UriPiece::Text("/".into())];
    }
    pieces
}

/// The part of a path that a pattern's parameter took.
pub fn part_of<'a, 'p>(
    pattern: &Pattern,
    parts: &'a [&'p PathPart],
    name: &str,
) -> Option<&'a &'p PathPart> {
    let of_name = |segment: &Segment| matches!(segment, Segment::Param(other) if other == name);
    let at = pattern.segments.iter().position(of_name)?;
    parts.get(at)
}
