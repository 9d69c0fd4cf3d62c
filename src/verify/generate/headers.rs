//! Header rules, on the request and on the answer.

use super::Of;
use crate::verify::probe::Class;

/// Headers that a rule sets or removes, sent by the client.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let good = of.good();
    let rules = &of.route.request_headers;
    for name in rules.set.keys().chain(&rules.remove) {
        let request = good.clone().header(name, "sent by the client");
        of.ask(
            Class::Headers,
            &format!("client sends {name}"),
            &["request-headers"],
            request,
        );
    }
    if !of.route.response_headers.is_empty() {
        of.ask(
            Class::Headers,
            "answer's headers",
            &["response-headers"],
            good,
        );
        let refused = of.scene.base(of.route).with_path("/verify-no-such-route");
        of.ask(
            Class::Headers,
            "answer's headers of a refusal",
            &["response-headers"],
            refused,
        );
    }
}
