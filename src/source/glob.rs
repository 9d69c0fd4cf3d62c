//! Include pattern -> files: `*` and `?` within a name, `**` over folders; sorted, so every machine agrees.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders below each other that `**` looks into.
const MAX_FOLDERS: usize = 16;

/// Whether the pattern has a wildcard at all.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// The files under `folder` that match, in the order of their paths.
pub(super) fn files(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let steps: Vec<&str> = pattern
        .split('/')
        .filter(|step| !step.is_empty() && *step != ".")
        .collect();
    let start = if pattern.starts_with('/') {
        Path::new("/")
    } else {
        folder
    };
    let mut found = Vec::new();
    walk(start, &steps, 0, &mut found);
    found.sort();
    found.dedup();
    found
}

fn walk(folder: &Path, steps: &[&str], depth: usize, found: &mut Vec<PathBuf>) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    if *step == "**" {
        walk(folder, rest, depth, found);
        if depth < MAX_FOLDERS {
            // A link to a folder above would never end.
            let below = names(folder)
                .into_iter()
                .filter(|name| folder.join(name).is_dir());
            for name in below.filter(|name| !folder.join(name).is_symlink()) {
                walk(&folder.join(name), steps, depth + 1, found);
            }
        }
        return;
    }
    let next: Vec<PathBuf> = if is_pattern(step) {
        names(folder)
            .into_iter()
            .filter(|name| matches(step, name))
            .map(|name| folder.join(name))
            .collect()
    } else {
        vec![folder.join(step)]
    };
    for path in next {
        if !rest.is_empty() {
            walk(&path, rest, depth, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// Whether a name fits a pattern of `*`, `?` and literals.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on after a star that took one character too few.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    n = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{files, matches};

    #[test]
    fn stars_match_any_run_of_characters_of_one_name() {
        assert!(matches("*.yaml", "a.yaml"));
        assert!(matches("a*b*c", "axxbyyc"));
        assert!(matches("?.json", "ä.json"));
        assert!(!matches("*.yaml", "a.yml"));
        assert!(!matches("a*b", "ac"));
    }

    #[test]
    fn double_stars_look_into_folders_and_hidden_files_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("x/y")).unwrap();
        for name in [
            "x/b.yaml",
            "x/y/a.yaml",
            ".hidden.yaml",
            "x/.c.yaml",
            "x/d.json",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = files(folder.path(), "**/*.yaml");
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap())
            .collect();
        assert_eq!(
            names,
            [
                std::path::Path::new("x/b.yaml"),
                std::path::Path::new("x/y/a.yaml")
            ]
        );
    }
}
