//! The request ID: made, kept, replaced, echoed.

use super::Of;
use crate::verify::probe::Class;

const ABOUT: &[&str] = &["request-id"];

/// Good and bad client values, on an answer of the upstream and on one of the gateway.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let Some(id) = &of.scene.gateway.request_id else {
        return;
    };
    let (good, bare) = (of.good(), of.scene.base(of.route));
    let long = "a".repeat(128);
    let longer = "a".repeat(129);
    let values = [
        ("a good id", "Verify-1.~+/=_"),
        ("an id of 128 characters", long.as_str()),
        ("an id of 129 characters", longer.as_str()),
        ("an id with a space", "a b"),
        ("an id with quotes", "a\"b"),
        ("an id with markup", "<script>"),
        ("an empty id", ""),
        ("an id outside ASCII", "\u{e9}"),
    ];
    for (what, value) in values {
        of.ask(
            Class::RequestId,
            what,
            ABOUT,
            good.clone().header(&id.header, value),
        );
    }
    of.ask(
        Class::RequestId,
        "a good id, refused request",
        ABOUT,
        bare.with_path("/verify-no-such-route")
            .header(&id.header, "verify-2"),
    );
    of.ask(
        Class::RequestId,
        "two ids",
        ABOUT,
        good.header(&id.header, "one").header(&id.header, "two"),
    );
}
