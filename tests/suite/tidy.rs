//! What a reader relies on and the compiler does not check: sizes of files, first lines, edges between folders, words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::generated::root;

const MOST_LINES: usize = 400;

/// Every file with that ending below a folder of the repository, by its path from the root.
fn files(below: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if entry.file_type().unwrap().is_dir() {
                if name != "target" && name != "corpus" && name != "artifacts" {
                    walk(&entry.path(), out);
                }
            } else {
                out.push(entry.path());
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join(below), &mut paths);
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .map(|path| {
            let name = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).unwrap_or_default())
        })
        .collect()
}

fn sources() -> Vec<(String, String)> {
    let folders = ["src", "tests", "benches", "fuzz"];
    let sources: Vec<_> = folders
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect();
    assert!(sources.len() > 100, "only {} files", sources.len());
    sources
}

#[track_caller]
fn none(found: Vec<String>, what: &str) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn no_file_is_longer_than_can_be_held_in_mind() {
    let sources = sources().into_iter();
    let long = sources.filter(|(_, text)| text.lines().count() > MOST_LINES);
    let long = long.map(|(name, text)| format!("{name}: {} lines", text.lines().count()));
    none(long.collect(), "files of more than 400 lines");
}

#[test]
fn every_file_starts_with_a_sentence_on_what_it_is() {
    let sources = sources().into_iter();
    let bare = sources.filter(|(_, text)| {
        let first = text.lines().next().unwrap_or_default();
        let sentence = first.strip_prefix("//! ").unwrap_or_default();
        sentence.split(' ').count() < 2 || !sentence.ends_with(['.', ':'])
    });
    none(
        bare.map(|(name, _)| name).collect(),
        "files without a first sentence",
    );
}

/// The rows of the table of folders in ARCHITECTURE.md: folder to what it may import.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once("| folder | stage | may import |").unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        };
        let folder = names(cells[1]).pop_first().unwrap();
        (folder, names(cells[3]))
    })
    .collect()
}

#[test]
fn every_dependency_is_justified() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, table) = architecture.split_once("## Dependencies").unwrap();
    let cells = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let known: BTreeSet<&str> = cells.flat_map(|cell| cell.split(", ")).collect();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    let (dependencies, _) = dependencies.split_once("[[test]]").unwrap();
    let named = dependencies
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0));
    let missing = named.filter(|name| !known.contains(name));
    none(
        missing.map(str::to_owned).collect(),
        "dependencies without a line in ARCHITECTURE.md",
    );
}

/// The folder of `src/FOLDER/..`; none for files of `src` itself.
fn folder(name: &str) -> Option<&str> {
    let (folder, _) = name.strip_prefix("src/")?.split_once('/')?;
    Some(folder)
}

#[test]
fn folders_import_only_what_the_architecture_lets_them() {
    let edges = edges();
    let mut wrong = Vec::new();
    for (name, text) in files("src", ".rs") {
        let Some(folder) = folder(&name) else {
            continue;
        };
        let Some(allowed) = edges.get(folder) else {
            wrong.push(format!(
                "{name}: `{folder}` is not in the table of ARCHITECTURE.md"
            ));
            continue;
        };
        // A stage's own tests may start from a spec.
        let shipped = text.split("#[cfg(test)]").next().unwrap();
        for import in shipped.split("crate::").skip(1) {
            let end = import
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(import.len());
            let other = &import[..end];
            let is_folder = edges.contains_key(other);
            if is_folder && other != folder && !allowed.contains(other) {
                wrong.push(format!("{name} imports `{other}`"));
            }
        }
    }
    wrong.dedup();
    none(wrong, "imports against the order of the folders");
}

#[test]
fn a_target_imports_no_other_target() {
    let ids = ["aws", "kong", "nginx"];
    let mut wrong = Vec::new();
    for id in ids {
        for (name, text) in files(&format!("src/targets/{id}"), ".rs") {
            for other in ids.iter().filter(|other| **other != id) {
                if text.contains(&format!("targets::{other}"))
                    || text.contains(&format!("super::super::{other}"))
                {
                    wrong.push(format!("{name} imports `{other}`"));
                }
            }
        }
    }
    none(wrong, "imports between targets");
}

/// Where a target may be named outside its folder, and why.
const MAY_NAME_TARGETS: [(&str, &str); 13] = [
    (
        "src/spec/",
        "the spec's settings, raw fragments and addresses of each target",
    ),
    ("src/resolve/", "the same, resolved"),
    ("src/ir/", "the same, as the gateway holds them"),
    ("src/targets/mod.rs", "the list of targets"),
    (
        "src/targets/kong/",
        "Kong runs inside nginx and hands settings on to it",
    ),
    ("src/build/manifest.rs", "the names of the output's folders"),
    ("src/cli/", "help texts with examples"),
    ("src/verify/", "starts engines to ask them"),
    ("src/diff/", "names of sides"),
    ("src/lint/", "examples in the pages of rules"),
    ("src/import/", "reads each engine's files"),
    ("src/source/pages/", "examples in pages"),
    ("src/build/pages/", "examples in pages"),
];

#[test]
fn targets_are_named_in_their_own_folder_alone() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", ".rs") {
        if MAY_NAME_TARGETS
            .iter()
            .any(|(place, _)| name.starts_with(place))
        {
            continue;
        }
        for id in ["aws", "kong", "nginx"] {
            let own = name.starts_with(&format!("src/targets/{id}"));
            let words = text.split(|c: char| !c.is_alphanumeric());
            // `aws_lc_rs` is a library.
            let text = text.replace("aws_lc_rs", "").replace("aws-lc-rs", "");
            let named = words.clone().any(|word| word == id)
                && text
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| word == id);
            if named && !own {
                wrong.push(format!("{name} names `{id}`"));
            }
        }
    }
    none(wrong, "targets named elsewhere");
}

#[test]
fn names_say_what_a_thing_is() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let stem = name.rsplit('/').next().unwrap().trim_end_matches(".rs");
        let parents = name.split('/').chain([stem]);
        for banned in [
            "util",
            "utils",
            "helper",
            "helpers",
            "common",
            "misc",
            &banned_words()[0],
        ] {
            if parents.clone().any(|part| part == banned) {
                wrong.push(format!("{name} is called `{banned}`"));
            }
            let module = format!("mod {banned}");
            if text.lines().any(|line| {
                line.trim_start()
                    .trim_start_matches("pub ")
                    .starts_with(&format!("{module};"))
            }) {
                wrong.push(format!("{name} has `{module}`"));
            }
        }
    }
    none(wrong, "names that say nothing");
}

/// Words that have no place in the product, put together here so that this file does not hold them.
fn banned_words() -> Vec<String> {
    [
        ("back", "end"),
        ("TO", "DO:"),
        ("FIX", "ME"),
        ("XX", "X:"),
        ("/wo", "rk/"),
        ("dbg", "!("),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect()
}

#[test]
fn words_that_have_no_place_here_do_not_occur() {
    let mut wrong = Vec::new();
    let mut texts = sources();
    for (folder, ending) in [
        ("examples", ".yaml"),
        ("templates", ""),
        ("src", ".md"),
        (".ci", ""),
        ("schemas", ".json"),
    ] {
        texts.extend(files(folder, ending));
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ] {
        texts.push((
            name.to_owned(),
            fs::read_to_string(root().join(name)).unwrap(),
        ));
    }
    for (name, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let at = number + 1;
            let lower = line.to_lowercase();
            for word in banned_words() {
                if line.contains(&word) || (word == banned_words()[0] && lower.contains(&word)) {
                    wrong.push(format!("{name}:{at} says `{word}`"));
                }
            }
            // Pictographs; arrows, signs and box drawing are below them.
            if line
                .chars()
                .any(|c| ('\u{1f300}'..='\u{1faff}').contains(&c))
            {
                wrong.push(format!("{name}:{at} has a pictograph"));
            }
        }
    }
    none(wrong, "words that have no place here");
}

#[test]
fn nothing_ignores_a_test_or_hides_a_warning_of_the_whole_crate() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for line in text.lines().map(str::trim) {
            if line.starts_with("#[ignore")
                || line.starts_with("#![allow(warnings")
                || line.starts_with("#![allow(dead_code")
            {
                wrong.push(format!("{name}: {line}"));
            }
        }
    }
    none(wrong, "attributes that hide something");
}
