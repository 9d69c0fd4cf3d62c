//! The request ID is made, but taken out again on its way to the service or back to the client.
//!
//! ## Why
//! An ID helps where both ends have it: the client to name it in a complaint, the service to write it into its log. A
//! header rule that removes or overwrites it undoes that.
//!
//! ## On the targets
//! Header rules run after the request ID on all of them, so the rule wins.
//!
//! ## Fix
//! `--fix` takes the header out of the list.
//!
//! ```yaml,flagged
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none, response_headers: { remove: [Server, X-Request-ID] } }
//! ```
//!
//! ```yaml,accepted
//! version: 1
//! name: shop
//! services: { orders: "http://orders:3000" }
//! routes:
//!   GET /orders: { to: orders, auth: none, response_headers: { remove: [Server] } }
//! ```

use std::collections::HashSet;

use crate::ir::{HeaderRules, Sourced};
use crate::lint::page::code;
use crate::lint::{Confidence, Context, Mends, Rule};
use crate::report::{Diagnostic, Fix, Place, Severity};
use crate::source::Pointer;
use crate::spec::Preset;

/// `observability/request-id-not-returned`
pub const RULE: Rule = Rule {
    code: code!("GG403", "observability/request-id-not-returned", "request_id_not_returned.rs"),
    severity: Severity::Warn,
    confidence: Confidence::Certain,
    preset: Preset::Recommended,
    mends: Mends::Safely,
    check,
};

fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(id) = &context.gateway.request_id else {
        return;
    };
    let mut seen = HashSet::new();
    for route in &context.gateway.routes {
        let both = [
            (&route.request_headers, "the service never sees it"),
            (&route.response_headers, "the client never sees it"),
        ];
        for (rules, who) in both {
            let touched = touched(rules, &id.header);
            if !touched.is_empty() && seen.insert(&rules.pointer) {
                found.extend(touched.iter().map(|touch| finding(context, touch, &id.header, who)));
            }
        }
    }
}

/// Where a rule touches the header: an item of `remove` with its list, or an entry of `set`.
enum Touch {
    Removed(Pointer, usize),
    Set(Pointer),
}

fn touched(rules: &Sourced<HeaderRules>, header: &str) -> Vec<Touch> {
    let same = |name: &str| name.eq_ignore_ascii_case(header);
    let list = rules.pointer.key("remove");
    let removed = rules.remove.iter().position(|name| same(name));
    let set = rules.set.keys().find(|name| same(name));
    let removed = removed.map(|at| Touch::Removed(list, at));
    let set = set.map(|name| Touch::Set(rules.pointer.key("set").key(name)));
    removed.into_iter().chain(set).collect()
}

fn finding(context: &Context<'_>, touch: &Touch, header: &str, who: &str) -> Diagnostic {
    let (place, edits) = match touch {
        Touch::Removed(list, at) => (
            Place::value(list.index(*at)),
            context.editor().remove_item(list, *at),
        ),
        Touch::Set(pointer) => (Place::key(pointer.clone()), context.editor().remove(pointer)),
    };
    RULE.finding(place, format!("`{header}` is the request ID, and {who}"))
        .help("leave the request ID as it is")
        .mend(edits.map(|edits| Fix {
            title: format!("leave `{header}` alone"),
            safe: true,
            edits,
        }))
}
