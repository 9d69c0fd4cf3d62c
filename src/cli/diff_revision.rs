//! git:REF[:PATH] -> a folder with all files of that revision, in which the spec finds its includes.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::arguments::SpecArguments;
use crate::source::Input;

/// A revision's files; the folder goes when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    folder: TempDir,
    /// The spec in it.
    pub spec: PathBuf,
}

impl Checkout {
    /// The files of `reference` of the repository that holds the spec; `path` is relative to its root, and with a
    /// leading `./` to the current folder.
    ///
    /// # Errors
    /// There is no git, no repository, no such revision, or no such file in it.
    pub fn new(reference: &str, path: Option<&Path>, spec: &SpecArguments) -> Result<Self> {
        let (at, path) = place(path, spec)?;
        let root = PathBuf::from(git(&at, ["rev-parse", "--show-toplevel"])?);
        let prefix = git(&at, ["rev-parse", "--show-prefix"])?;
        let commit = format!("{reference}^{{commit}}");
        let commit = git(
            &at,
            [
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &commit,
            ],
        )
        .with_context(|| format!("`{reference}` is no revision of `{}`", root.display()))?;
        let folder = tempfile::tempdir().context("can't make a temporary folder")?;
        let files = folder.path().join("files");
        std::fs::create_dir(&files).context("can't make a temporary folder")?;
        // An index of its own: neither the user's index nor the work tree is touched.
        let index = folder.path().join("index");
        let run = |arguments: &[&OsStr]| {
            let mut command = command(&root);
            command.env("GIT_INDEX_FILE", &index).args(arguments);
            output(command)
        };
        run(&["read-tree".as_ref(), commit.as_ref()])?;
        let mut into = std::ffi::OsString::from("--prefix=");
        into.push(files.join(""));
        run(&["checkout-index".as_ref(), "--all".as_ref(), &into])?;
        let inside = match path {
            Relative::Root(path) => path,
            Relative::Here(path) => Path::new(&prefix).join(path),
        };
        if !stays_below(&inside) {
            bail!("`{}` is not in `{reference}`", inside.display());
        }
        let spec = files.join(&inside);
        let spec = if spec.is_dir() {
            spec.join("gateway.yaml")
        } else {
            spec
        };
        if !spec.is_file() {
            bail!("`{}` is not in `{reference}`", inside.display());
        }
        Ok(Self { folder, spec })
    }

    /// Where the files lie.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("files")
    }
}

/// Whether a path joined to a folder stays in it, whatever its `..`.
fn stays_below(path: &Path) -> bool {
    let mut depth = 0_usize;
    path.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).map(|less| depth = less).is_some(),
        Component::RootDir | Component::Prefix(_) => false,
    })
}

enum Relative {
    Root(PathBuf),
    Here(PathBuf),
}

/// Where to ask git, and which file is meant.
fn place(path: Option<&Path>, spec: &SpecArguments) -> Result<(PathBuf, Relative)> {
    let here = PathBuf::from(".");
    if let Some(path) = path {
        return Ok(match path.strip_prefix("./") {
            Ok(inner) => (here, Relative::Here(inner.to_owned())),
            Err(_) => (here, Relative::Root(path.to_owned())),
        });
    }
    match spec.input()? {
        Input::File(spec) => {
            let folder = spec
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let name = spec.file_name().context("the spec has no name")?;
            Ok((
                folder.map_or(here, Path::to_owned),
                Relative::Here(name.into()),
            ))
        }
        Input::Text { .. } | Input::Bytes { .. } => {
            bail!("a spec from stdin is in no revision: write `git:REF:PATH`")
        }
    }
}

fn command(at: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(at);
    command
}

fn git<'a>(at: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let mut command = command(at);
    command.args(arguments);
    output(command)
}

/// What it prints, without the line end.
fn output(mut command: Command) -> Result<String> {
    let done = command
        .output()
        .context("can't run `git`, which git: sides need")?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        bail!("git: {}", said.trim());
    }
    let text = String::from_utf8(done.stdout).context("git names a file that is not UTF-8")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_revision_stays_in_it() {
        for inside in ["gateway.yaml", "./a/b.yaml", "a/../b.yaml", ""] {
            assert!(stays_below(Path::new(inside)), "{inside}");
        }
        for outside in ["/etc/passwd", "../b.yaml", "a/../../b.yaml"] {
            assert!(!stays_below(Path::new(outside)), "{outside}");
        }
    }
}
