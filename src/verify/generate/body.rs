//! Body sizes at their edge, with Content-Length and in chunks.

use super::Of;
use crate::ir::Methods;
use crate::verify::probe::{Body, Class, Request};

const ABOUT: &[&str] = &["max-body", "own-answers"];

/// Larger bodies than this are not sent: a limit above it is checked by Content-Length alone on the way in.
const LARGEST_SENT: u64 = 32 << 20;

/// At the limit and one byte over.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let takes_body = match &of.route.methods {
        Methods::Any => Some("POST".to_owned()),
        Methods::Only(methods) => methods
            .iter()
            .find(|method| matches!(method.as_str(), "POST" | "PUT" | "PATCH"))
            .cloned(),
    };
    let (Some(method), limit) = (takes_body, of.route.max_body.value.0) else {
        return;
    };
    if limit >= LARGEST_SENT {
        return;
    }
    let good = Request {
        method,
        ..of.good()
    };
    for (what, body) in [
        ("a body at the limit", Body::Sized(limit)),
        ("a body one byte over the limit", Body::Sized(limit + 1)),
        ("a chunked body at the limit", Body::Chunked(limit)),
        ("a chunked body over the limit", Body::Chunked(limit + 1)),
    ] {
        of.ask(
            Class::Body,
            what,
            ABOUT,
            Request {
                body,
                ..good.clone()
            },
        );
    }
}
