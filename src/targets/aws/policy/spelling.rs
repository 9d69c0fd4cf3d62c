//! NORMALISATION -> RULE: spellings of a path that a service could read otherwise than API Gateway are refused.

use super::super::document::firewall::Rule;
use crate::ir::{Action, Gateway, Route};

/// API Gateway decodes a parameter before it sends it on
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>), so `..%2F` would
/// reach the service as `../`. Refused: dot segments, empty segments, `%2F`, `%5C`, `%00`, `\`, an encoded dot or
/// percent sign (which would be decoded once more), and escapes that are none.
pub const PATTERN: &str =
    r"(/\.\.?(/|$)|//|\\|%(2[EeFf5]|5[Cc]|00)|%($|[^0-9A-Fa-f]|[0-9A-Fa-f]($|[^0-9A-Fa-f])))";

/// The rule, where a client's text becomes part of a path that is sent.
#[must_use]
pub fn rule(gateway: &Gateway) -> Option<Rule> {
    gateway
        .routes
        .iter()
        .any(sends_text)
        .then(|| Rule::Spelling {
            pattern: PATTERN.to_owned(),
        })
}

/// The path sent to a service holds text of the client's.
#[must_use]
pub fn sends_text(route: &Route) -> bool {
    match &route.action {
        Action::Forward(forward) => match &forward.rewrite {
            None => route.pattern.rest || route.pattern.params().next().is_some(),
            Some(rewrite) => {
                let param = |piece: &crate::ir::RewritePiece| {
                    matches!(piece, crate::ir::RewritePiece::Param(_))
                };
                rewrite.rest || rewrite.segments.iter().any(param)
            }
        },
        // A gather escapes what it puts into a path.
        Action::Respond(_) | Action::Gather(_) => false,
    }
}
