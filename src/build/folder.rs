//! Files -> the output folder: staged beside it, then put in place; what others put there stays where it is.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::exchange::exchange;
use super::manifest::{Manifest, REPORT, ROOTS};

/// An output folder and what earlier builds wrote into it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    manifest: Manifest,
}

/// What a build wants to be there: path below the folder to content.
pub type Plan = BTreeMap<String, Vec<u8>>;

/// A difference between the folder and what would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not there.
    Missing(String),
    /// Other content.
    Different(String),
    /// Written by an earlier build and not wanted any more.
    LeftOver(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "`{path}` is missing"),
            Self::Different(path) => write!(f, "`{path}` is not what would be written"),
            Self::LeftOver(path) => write!(f, "`{path}` is left over from an earlier build"),
        }
    }
}

impl Folder {
    /// Looks at the folder, which need not exist.
    ///
    /// # Errors
    /// It is not a folder, its report can't be read, or the report is not one of ours.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => bail!("`{shown}` is not a folder"),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("can't look into `{shown}`")),
        }
        let report = path.join(REPORT);
        let manifest = match plain(&report)? {
            None => Manifest::default(),
            Some(text) => match Manifest::parse(&text) {
                Some(manifest) => manifest,
                None => bail!(
                    "`{}` was not written by gateway-gen: choose another folder with `--output`",
                    report.display()
                ),
            },
        };
        Ok(Self {
            path: path.to_owned(),
            manifest,
        })
    }

    /// What earlier builds wrote.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What would change if `plan` were written for `targets`.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn compare(&self, plan: &Plan, targets: &[&str]) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for (path, content) in plan {
            match plain(&self.path.join(path))? {
                None => changes.push(Change::Missing(path.clone())),
                Some(found) if found != *content => changes.push(Change::Different(path.clone())),
                Some(_) => {}
            }
        }
        for path in self.manifest.only_of(targets) {
            if !plan.contains_key(path) && plain(&self.path.join(path))?.is_some() {
                changes.push(Change::LeftOver(path.to_owned()));
            }
        }
        Ok(changes)
    }

    /// Writes `plan` for `targets`: their files of earlier builds go, all others stay.
    ///
    /// # Errors
    /// The folder can't be written, or a file that is not ours lies where one of ours would go. Then nothing was changed.
    pub fn write(&self, plan: &Plan, targets: &[&str]) -> Result<()> {
        let shown = self.path.display();
        self.refuse_foreign(plan)?;
        fs::create_dir_all(&self.path)
            .with_context(|| format!("can't make the folder `{shown}`"))?;
        // Within the folder, because beside it may be another file system.
        let stage = tempfile::Builder::new()
            .prefix(".gateway-gen-")
            .tempdir_in(&self.path)
            .with_context(|| format!("can't write into `{shown}`"))?;
        for (path, content) in plan {
            put(&stage.path().join(path), content)
                .with_context(|| format!("can't write `{path}` into `{shown}`"))?;
        }
        let gone: Vec<&str> = self.manifest.only_of(targets).collect();
        for root in ROOTS {
            let touched = |path: &str| path.split('/').next() == Some(root);
            if !plan.keys().any(|path| touched(path)) && !gone.iter().any(|path| touched(path)) {
                continue;
            }
            if let Err(error) = self.swap(stage.path(), root, &gone) {
                // It may hold files of others by now.
                let kept = stage.keep();
                return Err(error).with_context(|| {
                    format!(
                        "can't put `{shown}/{root}` in place; what was there is in `{}`",
                        kept.display()
                    )
                });
            }
        }
        // Last, so that an interrupted build leaves the report of files that are still there.
        if plan.contains_key(REPORT) {
            fs::rename(stage.path().join(REPORT), self.path.join(REPORT))
                .with_context(|| format!("can't put `{shown}/{REPORT}` in place"))?;
        }
        Ok(())
    }

    /// Puts the staged `root` in the place of the present one, with all in it that we neither wrote nor replace.
    fn swap(&self, stage: &Path, root: &str, gone: &[&str]) -> io::Result<()> {
        let (new, old) = (stage.join(root), self.path.join(root));
        if fs::symlink_metadata(&old).is_err() {
            return fs::rename(&new, &old);
        }
        fs::create_dir_all(&new)?;
        exchange(&new, &old)?;
        carry(&new, &old, root, &|path| gone.contains(&path))?;
        // Empty when the target failed and nobody else put anything there.
        let _ = fs::remove_dir(&old);
        Ok(())
    }

    /// A file that we did not write is never replaced, nor anything behind a symbolic link.
    fn refuse_foreign(&self, plan: &Plan) -> Result<()> {
        for path in plan.keys().filter(|path| path.as_str() != REPORT) {
            let mut at = self.path.clone();
            let steps: Vec<&str> = path.split('/').collect();
            for (depth, step) in steps.iter().enumerate() {
                at.push(step);
                let Ok(found) = fs::symlink_metadata(&at) else {
                    break;
                };
                let last = depth + 1 == steps.len();
                if found.is_symlink() || found.is_dir() == last {
                    bail!(
                        "`{}` is in the way: only plain files and folders that build wrote are replaced; move it, or choose another folder with `--output`",
                        at.display()
                    );
                }
                if last && !self.manifest.wrote(path) {
                    bail!(
                        "`{}` was not written by build: move it, or choose another folder with `--output`",
                        at.display()
                    );
                }
            }
        }
        Ok(())
    }
}

/// Moves what is in `old` and not in `new` over to `new`, unless it is `ours`.
fn carry(old: &Path, new: &Path, below: &str, ours: &dyn Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(old)? {
        let entry = entry?;
        let name = entry.file_name();
        let path = format!("{below}/{}", name.to_string_lossy());
        let (from, to) = (old.join(&name), new.join(&name));
        let folder = entry.file_type()?.is_dir();
        match (folder, fs::symlink_metadata(&to).is_ok()) {
            (true, true) => carry(&from, &to, &path, ours)?,
            (true, false) if holds(&from, &path, ours)? => {
                fs::create_dir(&to)?;
                carry(&from, &to, &path, ours)?;
                // Empty when all in it was ours.
                let _ = fs::remove_dir(&to);
            }
            (false, false) if ours(&path) => {}
            (_, false) => fs::rename(&from, &to)?,
            (false, true) => {}
        }
    }
    Ok(())
}

/// Whether one of our files is in the folder.
fn holds(folder: &Path, below: &str, ours: &dyn Fn(&str) -> bool) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if ours(&path) || (entry.file_type()?.is_dir() && holds(&entry.path(), &path, ours)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

/// A plain file's content; `None` where there is none, or something else.
fn plain(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => fs::read(path)
            .map(Some)
            .with_context(|| format!("can't read `{}`", path.display())),
        _ => Ok(None),
    }
}
