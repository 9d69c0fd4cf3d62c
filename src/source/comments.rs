//! Allow comments: `# gateway-gen: allow(<rule>) <reason>` with their place and the node they speak about.

use super::{Pointer, Span};

/// What such a comment starts with, after `#`.
pub(super) const MARK: &str = "gateway-gen:";

/// One `allow(<rule>)` of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The rule's code or name, as written.
    pub rule: String,
    /// Why, as written; may be empty.
    pub reason: String,
    /// The comment's bytes, from `#`.
    pub span: Span,
    /// The node it speaks about: the last one that starts on its line, or the first after it.
    pub pointer: Pointer,
}

/// Reads `gateway-gen: allow(a, b) reason`: the rules and the reason, or `None` for another form.
pub(super) fn parse(comment: &str) -> Option<(Vec<String>, String)> {
    let rest = comment
        .trim()
        .strip_prefix(MARK)?
        .trim_start()
        .strip_prefix("allow")?;
    let (rules, reason) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let rules: Vec<String> = rules
        .split(',')
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
        .map(str::to_owned)
        .collect();
    (!rules.is_empty()).then(|| (rules, reason.trim().to_owned()))
}
