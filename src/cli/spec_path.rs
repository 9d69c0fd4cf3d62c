//! SPEC as given, or the nearest `gateway.yaml` up to the repository's root -> what to read.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::source::Input;

/// The name looked for.
const NAME: &str = "gateway.yaml";

/// What SPEC means: a path, `-` for stdin, or the nearest spec.
///
/// # Errors
/// No spec is found, or stdin can't be read.
pub fn input(given: Option<&Path>) -> Result<Input> {
    match given {
        Some(path) if path == Path::new("-") => stdin(),
        Some(path) if path.is_dir() => Ok(Input::File(path.join(NAME))),
        Some(path) => Ok(Input::File(path.to_owned())),
        None => {
            let here = std::env::current_dir().context("can't tell the current folder")?;
            lookup(&here).map(Input::File)
        }
    }
}

fn stdin() -> Result<Input> {
    Input::from_reader("<stdin>", std::io::stdin().lock()).context("can't read stdin")
}

/// The nearest spec, relative to `here` so that reports show short paths.
fn lookup(here: &Path) -> Result<PathBuf> {
    let mut shown = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(NAME).is_file() {
            return Ok(shown.join(NAME));
        }
        // Above the repository lies what belongs to somebody else.
        if folder.join(".git").exists() {
            break;
        }
        shown.push("..");
    }
    bail!(
        "no `{NAME}` here or in a folder above, up to the repository's root; name one, or make one with `gateway-gen init`"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_lookup_stops_at_the_repository() {
        let outside = tempfile::tempdir().unwrap();
        let repository = outside.path().join("repository");
        let deep = repository.join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir(repository.join(".git")).unwrap();
        std::fs::write(outside.path().join(NAME), "").unwrap();
        assert!(lookup(&deep).is_err());
        std::fs::write(repository.join(NAME), "").unwrap();
        assert_eq!(lookup(&deep).unwrap(), Path::new("../../gateway.yaml"));
        assert_eq!(lookup(&repository).unwrap(), Path::new("gateway.yaml"));
    }
}
