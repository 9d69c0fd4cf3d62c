//! Golden pairs: a base spec and a merge patch for each side give exactly these changes, in both directions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use gateway_gen::diff::{Change, compare, kind};
use gateway_gen::ir::Gateway;
use serde::Deserialize;
use serde_json::Value;

use super::spec;
use crate::generated::{self, root};

/// One file of pairs.
#[derive(Deserialize)]
struct File {
    base: Value,
    pairs: indexmap::IndexMap<String, Pair>,
}

/// A merge patch for either side; none: the base.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    #[serde(default)]
    left: Value,
    #[serde(default)]
    right: Value,
}

fn line(change: &Change) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    format!(
        "{} {} {}: {}: {} -> {}",
        change.kind.class.name(),
        change.kind.id,
        change.subject.title(),
        change.field,
        shown(&change.left),
        shown(&change.right)
    )
}

fn files() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("tests/cases/diff")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    names
}

fn sides(file: &File, name: &str, pair: &Pair) -> (Gateway, Gateway) {
    let side = |patch: &Value| {
        let mut spec = file.base.clone();
        if !patch.is_null() {
            spec::merge(&mut spec, patch);
        }
        spec::of_value(&spec).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"))
    };
    (side(&pair.left), side(&pair.right))
}

/// What each pair of a file gives, in both directions, and the ids of its kinds.
fn golden(path: &str, seen: &mut BTreeSet<&'static str>) -> String {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let file: File = serde_yaml::from_str(&text).unwrap();
    let mut out = String::new();
    for (name, pair) in &file.pairs {
        let (left, right) = sides(&file, name, pair);
        let _ = writeln!(out, "{name}");
        for (way, changes) in [
            ("there", compare(&left, &right)),
            ("back", compare(&right, &left)),
        ] {
            let lines: Vec<String> = changes.iter().map(line).collect();
            let none = lines.is_empty();
            assert_eq!(
                none,
                name.contains("same") || name.contains("no difference"),
                "{name}: the name says it: {lines:#?}"
            );
            if none {
                let _ = writeln!(out, "  {way}: no difference");
            }
            for line in lines {
                let _ = writeln!(out, "  {way}: {line}");
            }
            seen.extend(changes.iter().map(|change| change.kind.id));
        }
    }
    out
}

#[test]
fn every_pair_gives_exactly_its_changes_and_every_kind_has_a_pair() {
    let mut seen = BTreeSet::new();
    for name in files() {
        let path = format!("tests/cases/diff/{name}");
        let found = golden(&path, &mut seen);
        generated::file(&path.replace(".yaml", ".txt"), &found);
    }
    let all = kind::ALL.iter().map(|kind| kind.id);
    let missing: Vec<&str> = all.filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "no pair for {missing:?}");
}
