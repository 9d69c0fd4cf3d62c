//! Files that are made from code: compared with what the code says now, rewritten by `UPDATE=1 cargo test`.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// Holds a whole file against what it should be.
pub fn file(path: &str, wanted: &str) {
    let at = root().join(path);
    if updating() {
        std::fs::write(&at, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&at).unwrap_or_default();
    assert!(
        found == wanted,
        "`{path}` is out of date: run `UPDATE=1 cargo test`"
    );
}

/// Holds the lines between `<!-- NAME -->` and `<!-- /NAME -->` of a Markdown file against what they should be.
pub fn block(path: &str, name: &str, wanted: &str) {
    let at = root().join(path);
    let text = std::fs::read_to_string(&at).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text
        .find(&open)
        .unwrap_or_else(|| panic!("`{path}` has no `{}`", open.trim()))
        + open.len();
    let end = start
        + text[start..]
            .find(&close)
            .unwrap_or_else(|| panic!("`{path}` has no `{close}`"));
    let new = format!("{}{}\n{}", &text[..start], wanted.trim_end(), &text[end..]);
    if updating() {
        std::fs::write(&at, &new).unwrap();
        return;
    }
    assert!(
        text == new,
        "`{name}` in `{path}` is out of date: run `UPDATE=1 cargo test`"
    );
}

/// The spec of every example, in the order of their names.
pub fn examples() -> Vec<PathBuf> {
    let mut specs: Vec<PathBuf> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("gateway.yaml"))
        .filter(|spec| spec.is_file())
        .collect();
    specs.sort();
    assert!(specs.len() > 20, "only {} examples", specs.len());
    specs
}
