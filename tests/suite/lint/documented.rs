//! The examples in the rules' own docs are what the rules do.

use gateway_gen::lint::{Mends, rules};
use gateway_gen::report::Severity;
use gateway_gen::spec::Preset;

use super::{Folder, blocks, load};

#[test]
fn every_flagged_example_gives_one_finding_and_every_accepted_one_none() {
    let mut wrong = Vec::new();
    for rule in rules::ALL {
        let page = rule.code.page;
        for (info, wanted) in [("yaml,flagged", 1), ("yaml,accepted", 0)] {
            let examples = blocks(page, info);
            assert!(!examples.is_empty(), "{rule:?} has no example `{info}`");
            for example in examples {
                let folder = Folder::new(&example);
                match load(&folder.spec()) {
                    Err(why) => wrong.push(format!("{rule:?} {info}: {why}")),
                    Ok(loaded) => {
                        let found = loaded.lint(Preset::Strict).found;
                        let of_rule = found.iter().filter(|one| one.code.id == rule.code.id);
                        let count = of_rule.count();
                        if count != wanted {
                            wrong.push(format!("{rule:?} {info}: {count} findings\n{example}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_says_why_and_what_the_targets_do() {
    for rule in rules::ALL {
        let page = rule.code.page;
        assert!(page.starts_with(&format!("# {} {}\n\n", rule.code.id, rule.code.name)));
        assert!(page.contains("\n## Why\n"), "{rule:?}");
        assert!(page.contains("\n## On the targets\n"), "{rule:?}");
        assert!(
            rule.summary().ends_with('.'),
            "{rule:?}: {}",
            rule.summary()
        );
    }
}

#[test]
fn ids_and_names_are_used_once_and_the_list_is_in_order() {
    let ids: Vec<&str> = rules::ALL.iter().map(|rule| rule.code.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let names: std::collections::HashSet<&str> =
        rules::ALL.iter().map(|rule| rule.code.name).collect();
    assert_eq!(names.len(), ids.len());
}

#[test]
fn the_readme_lists_every_rule() {
    let mut table = String::from(
        "| rule | name | severity | sure | preset | fix | what it finds |\n|---|---|---|---|---|---|---|\n",
    );
    for rule in rules::ALL {
        let severity = match rule.severity {
            Severity::Error => "error",
            Severity::Warn => "warn",
            Severity::Info => "info",
        };
        let preset = match rule.preset {
            Preset::Recommended => "recommended",
            Preset::Strict => "strict",
        };
        let fix = match rule.mends {
            Mends::Safely => "`--fix`",
            Mends::BySuggestion => "suggested",
            Mends::Nothing => "",
        };
        let (id, name) = (rule.code.id, rule.code.name);
        table.push_str(&format!(
            "| {id} | {name} | {severity} | {} | {preset} | {fix} | {} |\n",
            rule.confidence.name(),
            rule.summary()
        ));
    }
    crate::generated::block("README.md", "rules", &table);
}
