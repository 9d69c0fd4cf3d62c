//! Fixes of the documented examples: what is mended is gone, what is left still reads, and once is enough.

use std::collections::HashMap;

use gateway_gen::lint::{Mends, Rule, rules};
use gateway_gen::report::{Diagnostic, Edit};
use gateway_gen::spec::Preset;

use super::{Folder, Loaded, blocks, fix_all, load, load_edited};
use crate::cli::{exits, run_in, stdout};

/// Each rule's flagged examples that can be read here, with the findings of that rule.
fn flagged() -> impl Iterator<Item = (&'static Rule, Folder, Loaded, Vec<Diagnostic>)> {
    rules::ALL.iter().flat_map(|rule| {
        blocks(rule.code.page, "yaml,flagged")
            .into_iter()
            .map(|example| {
                let folder = Folder::new(&example);
                let loaded = load(&folder.spec()).expect("it resolves");
                let mut found = loaded.lint(Preset::Strict).found;
                found.retain(|one| one.code.id == rule.code.id);
                (*rule, folder, loaded, found)
            })
    })
}

#[test]
fn a_rule_offers_what_it_says_it_mends() {
    for (rule, folder, _, found) in flagged() {
        for finding in &found {
            let offered = match &finding.fix {
                None => Mends::Nothing,
                Some(fix) if fix.safe => Mends::Safely,
                Some(_) => Mends::BySuggestion,
            };
            assert_eq!(offered, rule.mends, "{rule:?}\n{}", folder.text());
            assert!(finding.help.is_some(), "{rule:?} gives no remedy");
        }
    }
}

#[test]
fn safe_fixes_mend_their_own_examples_and_once_is_enough() {
    let mut mended = 0;
    for (rule, folder, _, _) in flagged().filter(|(rule, ..)| rule.mends == Mends::Safely) {
        let done = fix_all(&folder.spec());
        assert_eq!(done.changes.len(), 1, "{rule:?}");
        let left = done
            .last
            .findings
            .iter()
            .any(|one| one.code.id == rule.code.id);
        assert!(
            !left,
            "{rule:?} is still there in\n{}",
            done.changes[0].after
        );
        std::fs::write(folder.spec(), &done.changes[0].after).unwrap();
        let again = fix_all(&folder.spec());
        assert!(again.changes.is_empty(), "{rule:?} changes its own result");
        mended += 1;
    }
    assert!(mended >= 9, "only {mended} rules mend safely");
}

#[test]
fn suggested_fixes_give_specs_without_the_finding() {
    let mut mended = 0;
    for (rule, folder, loaded, found) in
        flagged().filter(|(rule, ..)| rule.mends == Mends::BySuggestion)
    {
        let fix = found[0].fix.as_ref().expect("a suggestion");
        let text = apply(&folder.text(), &fix.edits);
        let edited = HashMap::from([(folder.spec(), text.clone())]);
        let after = load_edited(&folder.spec(), &edited);
        let after = after.unwrap_or_else(|why| panic!("{rule:?}: {why}\n{text}"));
        let left = after.lint(Preset::Strict).found;
        let left = left
            .iter()
            .filter(|one| one.code.id == rule.code.id)
            .count();
        assert_eq!(left, 0, "{rule:?} is still there in\n{text}");
        drop(loaded);
        mended += 1;
    }
    assert!(mended >= 10, "only {mended} rules suggest something");
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    }
    text
}

#[test]
fn after_fixing_the_program_checks_and_builds_as_before() {
    for (rule, folder, _, _) in flagged().filter(|(rule, ..)| rule.mends == Mends::Safely) {
        let built = run_in(folder.path(), &["build", "-t", "nginx", "-o", "before"])
            .status
            .code();
        let fixed = run_in(
            folder.path(),
            &["lint", "--fix", "--preset", "strict", "--format", "json"],
        );
        assert!(
            !stdout(&fixed).contains(&format!("\"{}\"", rule.code.id)),
            "{rule:?}\n{}",
            stdout(&fixed)
        );
        exits(&run_in(folder.path(), &["check"]), 0);
        let after = run_in(folder.path(), &["build", "-t", "nginx", "-o", "after"]);
        assert!(after.status.code() <= built, "{rule:?}");
        let text = folder.text();
        run_in(folder.path(), &["lint", "--fix", "--preset", "strict"]);
        assert_eq!(text, folder.text(), "{rule:?}");
    }
}

#[test]
fn a_dry_run_prints_a_diff_and_changes_nothing() {
    let spec = "version: 1\nname: shop\ngateway:\n  access_log: none # quiet\nservices: { a: \"http://a:1\" }\nroutes:\n  GET /a: { to: a, auth: none, limit: { rate: 1/s } }\n";
    let folder = Folder::new(spec);
    let run = run_in(folder.path(), &["lint", "--fix", "--dry-run"]);
    exits(&run, 0);
    let diff = stdout(&run);
    assert!(
        diff.contains("--- a/gateway.yaml\n+++ b/gateway.yaml\n"),
        "{diff}"
    );
    assert!(
        diff.contains("-  access_log: none # quiet\n+  access_log: json # quiet\n"),
        "{diff}"
    );
    assert_eq!(folder.text(), spec);
}
