//! Allow comments: what they cover, what they need, and what is said about them.

use gateway_gen::spec::Preset;

use super::{fixed, spec};

/// A spec whose one route has no limit, with a line before the route and one at the top.
fn text(top: &str, comment: &str) -> String {
    format!(
        "{top}version: 1\nname: shop\nservices: {{ a: \"http://127.0.0.1:1\" }}\nroutes:\n{comment}  GET /a: {{ to: a, auth: none, limit: none }}\n"
    )
}

/// Codes of what is found, without those about the missing TLS.
fn codes(text: &str) -> Vec<&'static str> {
    let found = spec(text).lint(Preset::Recommended).found;
    found
        .iter()
        .map(|one| one.code.id)
        .filter(|id| *id != "GG501")
        .collect()
}

#[test]
fn a_comment_with_a_reason_allows_what_stands_below_it() {
    assert_eq!(codes(&text("", "")), ["GG201"]);
    assert!(
        codes(&text(
            "",
            "  # gateway-gen: allow(GG201) probed by monitoring\n"
        ))
        .is_empty()
    );
    assert!(
        codes(&text(
            "",
            "  # gateway-gen: allow(limits/route-without-limit) probed\n"
        ))
        .is_empty()
    );
}

#[test]
fn what_is_allowed_is_reported_with_its_reason() {
    let loaded = spec(&text(
        "",
        "  # gateway-gen: allow(GG201) probed by monitoring\n",
    ));
    let allowed = loaded.lint(Preset::Recommended).allowed;
    assert_eq!(allowed.len(), 1);
    assert_eq!(allowed[0].reason, "probed by monitoring");
    assert!(allowed[0].in_source);
}

#[test]
fn a_comment_without_a_reason_allows_nothing() {
    let text = text("", "  # gateway-gen: allow(GG201)\n");
    assert_eq!(codes(&text), ["GG904", "GG201"]);
    assert_eq!(fixed(&text), fixed(&fixed(&text)));
}

#[test]
fn a_comment_that_allows_nothing_is_found_and_removed() {
    let idle = text("", "  # gateway-gen: allow(GG101) it says none\n");
    let loaded = spec(&idle);
    let found = loaded.lint(Preset::Recommended).found;
    let finding = found.iter().find(|one| one.code.id == "GG904").unwrap();
    assert_eq!(
        loaded.underlined(finding),
        "# gateway-gen: allow(GG101) it says none"
    );
    assert!(!fixed(&idle).contains("allow"));
}

#[test]
fn a_misspelt_rule_is_named_with_the_nearest() {
    let loaded = spec(&text(
        "",
        "  # gateway-gen: allow(limits/route-without-limits) probed\n",
    ));
    let found = loaded.lint(Preset::Recommended).found;
    let finding = found.iter().find(|one| one.code.id == "GG904").unwrap();
    assert_eq!(
        finding.help.as_deref(),
        Some("did you mean `limits/route-without-limit`?")
    );
}

#[test]
fn a_comment_for_a_rule_that_is_off_is_left_alone() {
    let loaded = spec(&text(
        "# gateway-gen: allow(GG307) one is enough here\n",
        "",
    ));
    let found = |preset| {
        let found = loaded.lint(preset).found;
        found.iter().map(|one| one.code.id).collect::<Vec<_>>()
    };
    assert!(!found(Preset::Strict).contains(&"GG307"));
    let idle = spec(&text(
        "# gateway-gen: allow(GG204) the default is fine\n",
        "",
    ));
    let ids: Vec<_> = idle
        .lint(Preset::Recommended)
        .found
        .iter()
        .map(|one| one.code.id)
        .collect();
    assert!(!ids.contains(&"GG904"), "{ids:?}");
}

#[test]
fn a_comment_on_the_first_line_speaks_for_what_the_spec_lacks() {
    let with = text(
        "# gateway-gen: allow(transport/no-tls) runs behind a terminator\n",
        "",
    );
    let found = spec(&with).lint(Preset::Recommended).found;
    assert_eq!(
        found.iter().map(|one| one.code.id).collect::<Vec<_>>(),
        ["GG201"]
    );
}
