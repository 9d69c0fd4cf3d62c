//! A side of a comparison as it is written -> its gateway, with the places of what it says.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::arguments::SpecArguments;
use super::diff_loss::Declared;
use super::diff_revision::Checkout;
use super::load::{Loaded, Unread, load};
use crate::ir::Gateway;
use crate::report::{Place, Report, Severity, Spot};
use crate::source::{Pointer, nearest};
use crate::targets::{Artefact, Leftover, Reading, TARGETS, Target, by_id};

/// A side as the user names it.
#[derive(Clone, Debug)]
pub enum Side {
    /// The spec.
    Spec,
    /// What the spec becomes at a target.
    Target(&'static Target),
    /// An artefact of a target.
    Artefact(&'static Target, PathBuf),
    /// Another spec.
    File(PathBuf),
    /// A spec in a revision.
    Revision {
        /// A branch, tag or commit.
        reference: String,
        /// Relative to the repository's root; none: where the spec is now.
        path: Option<PathBuf>,
    },
}

/// A side that can be compared.
pub struct View {
    /// What it says.
    pub gateway: Gateway,
    /// The target whose artefact it was read from.
    pub target: Option<&'static Target>,
    /// What the target declares for the spec, where there is one.
    pub declared: Option<Declared>,
    places: Places,
}

/// Where a side's pointers stand.
enum Places {
    Spec {
        loaded: Box<Loaded>,
        // What is cut off the names of files, and what is put before them.
        renamed: Option<(PathBuf, String)>,
    },
    Artefact(Box<Reading>),
}

/// What loading a side came to.
pub enum Loading {
    /// It can be compared.
    Loaded(Box<View>),
    /// The spec has mistakes.
    Mistaken(Box<Report>, Box<Loaded>),
    /// The spec can't be read.
    Unread(Unread),
}

impl Side {
    /// From its text.
    ///
    /// # Errors
    /// It names nothing that can be compared.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "spec" {
            return Ok(Self::Spec);
        }
        if let Some(target) = by_id(text) {
            return Ok(Self::Target(target));
        }
        if let Some(revision) = text.strip_prefix("git:") {
            let (reference, path) = match revision.split_once(':') {
                Some((reference, path)) => (reference, Some(PathBuf::from(path))),
                None => (revision, None),
            };
            if reference.is_empty() || path.as_deref() == Some(Path::new("")) {
                bail!("`{text}` names no revision: write `git:REF` or `git:REF:PATH`");
            }
            return Ok(Self::Revision {
                reference: reference.to_owned(),
                path,
            });
        }
        if let Some((id, file)) = text.split_once(':')
            && let Some(target) = by_id(id)
        {
            if file.is_empty() {
                bail!("`{text}` names no file: write `{id}:FILE`");
            }
            return Ok(Self::Artefact(target, PathBuf::from(file)));
        }
        let path = PathBuf::from(text);
        if !path.exists() && !text.contains(['/', '.']) {
            let known = TARGETS.iter().map(|target| target.id).chain(["spec"]);
            match nearest(text, known) {
                Some(near) => bail!("`{text}` is not a side and no file: did you mean `{near}`?"),
                None => bail!(
                    "`{text}` is not a side and no file: write `spec`, a target, TARGET:FILE, a path of a spec or git:REF[:PATH]"
                ),
            }
        }
        Ok(Self::File(path))
    }

    /// Reads it; `spec` is what `spec`, targets and revisions mean.
    ///
    /// # Errors
    /// It can't be found or read back.
    pub fn load(&self, spec: &SpecArguments) -> Result<Loading> {
        match self {
            Self::Spec => load_spec(spec, None),
            Self::File(path) => {
                let spec = SpecArguments {
                    spec: Some(path.clone()),
                    options: spec.options.clone(),
                };
                load_spec(&spec, None)
            }
            Self::Revision { reference, path } => {
                let checkout = Checkout::new(reference, path.as_deref(), spec)?;
                let spec = SpecArguments {
                    spec: Some(checkout.spec.clone()),
                    options: spec.options.clone(),
                };
                load_spec(&spec, Some((checkout.folder(), format!("{reference}:"))))
            }
            Self::Target(target) => read_back(target, spec),
            Self::Artefact(target, path) => {
                let read = reader(target)?;
                let artefacts = deployed(path)?;
                let reading = read(&artefacts).map_err(|wrong| {
                    anyhow::anyhow!("can't read back `{}`: {wrong}", path.display())
                })?;
                let mut view = View::read(reading, target);
                // What the target declares is known only with the spec.
                if let Ok(Ok(loaded)) = load(spec, false)
                    && let (Some(gateway), Some(text)) = (&loaded.gateway, &loaded.spec)
                {
                    view.declared = Some(Declared::new(target, gateway, &text.targets));
                }
                Ok(Loading::Loaded(Box::new(view)))
            }
        }
    }
}

fn reader(
    target: &Target,
) -> Result<fn(&[Artefact]) -> Result<Reading, crate::targets::Unreadable>> {
    target.read.with_context(|| {
        format!(
            "what {} runs can't be read back yet: compare specs, or a target that can",
            target.title
        )
    })
}

fn load_spec(spec: &SpecArguments, renamed: Option<(PathBuf, String)>) -> Result<Loading> {
    let mut loaded = match load(spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return Ok(Loading::Unread(unread)),
    };
    Ok(match loaded.gateway.take() {
        Some(gateway) => Loading::Loaded(Box::new(View {
            gateway,
            target: None,
            declared: None,
            places: Places::Spec {
                loaded: Box::new(loaded),
                renamed,
            },
        })),
        None => Loading::Mistaken(Box::new(loaded.report("diff")), Box::new(loaded)),
    })
}

/// What the spec becomes at a target, from what would be written there.
fn read_back(target: &'static Target, spec: &SpecArguments) -> Result<Loading> {
    let read = reader(target)?;
    let loaded = match load(spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return Ok(Loading::Unread(unread)),
    };
    let (Some(gateway), Some(text)) = (&loaded.gateway, &loaded.spec) else {
        return Ok(Loading::Mistaken(
            Box::new(loaded.report("diff")),
            Box::new(loaded),
        ));
    };
    let outcome = crate::build::build(target, gateway, &text.targets, false);
    let Some(emitted) = outcome.emitted else {
        let mut report = loaded.report("diff");
        let errors = outcome.diagnostics.into_iter();
        report
            .diagnostics
            .extend(errors.filter(|found| found.severity == Severity::Error));
        report.losses = outcome.accounting.losses;
        return Ok(Loading::Mistaken(Box::new(report), Box::new(loaded)));
    };
    let reading = read(&emitted.artefacts).map_err(|wrong| {
        anyhow::anyhow!(
            "can't read back what is emitted for {}: {wrong}",
            target.title
        )
    })?;
    let mut view = View::read(reading, target);
    view.declared = Some(Declared::new(target, gateway, &text.targets));
    Ok(Loading::Loaded(Box::new(view)))
}

/// A deployed file, and the files beside it that it may name.
fn deployed(path: &Path) -> Result<Vec<Artefact>> {
    let read = |path: &Path| -> Result<Artefact> {
        let content =
            std::fs::read(path).with_context(|| format!("can't read `{}`", path.display()))?;
        Ok(Artefact {
            path: path.display().to_string(),
            content,
        })
    };
    let mut artefacts = vec![read(path)?];
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    let mut beside: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|other| other.file_name() != path.file_name() && other.is_file())
        .collect();
    beside.sort();
    // What can't be read beside it is missed only if the artefact names it.
    artefacts.extend(beside.iter().filter_map(|other| read(other).ok()));
    Ok(artefacts)
}

impl View {
    fn read(reading: Reading, target: &'static Target) -> Self {
        Self {
            gateway: reading.gateway.clone(),
            target: Some(target),
            declared: None,
            places: Places::Artefact(Box::new(reading)),
        }
    }

    /// What of the artefact is not understood.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        match &self.places {
            Places::Artefact(reading) => &reading.leftovers,
            Places::Spec { .. } => &[],
        }
    }

    /// Whether the artefact says nothing of a field, either way.
    #[must_use]
    pub fn is_silent(&self, field: &str) -> bool {
        match &self.places {
            Places::Artefact(reading) => reading.silent.iter().any(|silent| {
                field
                    .strip_prefix(silent)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            Places::Spec { .. } => false,
        }
    }

    /// Where something stands.
    #[must_use]
    pub fn spot(&self, pointer: &Pointer) -> Option<Spot> {
        match &self.places {
            Places::Artefact(reading) => reading.spot(pointer),
            Places::Spec { loaded, renamed } => {
                let locator = loaded.locator();
                let span = locator.locate(&Place::key(pointer.clone()))?;
                let (start, _) = locator.sources.positions(span)?;
                let file = locator.file(span);
                let file = match renamed {
                    Some((folder, before)) => {
                        let path = Path::new(file);
                        let inner = path.strip_prefix(folder).unwrap_or(path);
                        format!("{before}{}", inner.display())
                    }
                    None => file.to_owned(),
                };
                Some(Spot {
                    file,
                    line: start.line,
                    column: start.column,
                })
            }
        }
    }
}
