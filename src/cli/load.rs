//! Arguments -> gateway: reads, decodes and resolves a spec, and keeps all that was found on the way.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Result;

use super::arguments::SpecArguments;
use super::exit::Exit;
use super::secrets::Secrets;
use crate::ir::Gateway;
use crate::report::{Diagnostic, Locator, Report, Severity};
use crate::resolve::{self, resolve};
use crate::source::{Document, Failure, Input, ReadOptions, read_edited};
use crate::spec::Spec;

/// A spec that could be read, with its mistakes.
#[derive(Debug)]
pub struct Loaded {
    /// As the user named it.
    pub name: String,
    /// Its text.
    pub document: Document,
    /// Without what could not be decoded; `None` when nothing whole was left.
    pub spec: Option<Spec>,
    /// Present exactly when there is no error.
    pub gateway: Option<Gateway>,
    /// All that was found.
    pub diagnostics: Vec<Diagnostic>,
    /// A file that the spec names can't be read.
    unreadable: bool,
}

/// A spec that could not be read.
#[derive(Debug)]
pub struct Unread {
    /// As the user named it.
    pub name: String,
    /// Why.
    pub failure: Box<Failure>,
}

/// Loads a spec; `inline` puts the texts of secrets into it.
///
/// # Errors
/// The arguments are wrong: no spec is found, or the file of secrets can't be read.
pub fn load(arguments: &SpecArguments, inline: bool) -> Result<Result<Loaded, Unread>> {
    load_edited(arguments, inline, &HashMap::new())
}

/// Loads a spec as it would be with these texts in place of the files of that path.
///
/// # Errors
/// As [`load`].
pub fn load_edited(
    arguments: &SpecArguments,
    inline: bool,
    edited: &HashMap<PathBuf, String>,
) -> Result<Result<Loaded, Unread>> {
    let input = arguments.input()?;
    let secrets = Secrets::load(arguments.options.secrets_file.as_deref())?;
    let known = |name: &str| secrets.get(name);
    let secrets = match inline {
        true => resolve::Secrets::Inline(&known),
        false => resolve::Secrets::Reference,
    };
    Ok(load_input(input, arguments, secrets, edited))
}

/// Loads a spec; `missing` gives the text of a secret that is known nowhere.
///
/// # Errors
/// The arguments are wrong: no spec is found, or the file of secrets can't be read.
pub fn load_with(
    arguments: &SpecArguments,
    missing: &dyn Fn(&str) -> String,
) -> Result<Result<Loaded, Unread>> {
    let input = arguments.input()?;
    let secrets = Secrets::load(arguments.options.secrets_file.as_deref())?;
    let known = |name: &str| secrets.get(name).or_else(|| Some(missing(name)));
    Ok(load_input(
        input,
        arguments,
        resolve::Secrets::Inline(&known),
        &HashMap::new(),
    ))
}

fn load_input(
    input: Input,
    arguments: &SpecArguments,
    secrets: resolve::Secrets<'_>,
    edited: &HashMap<PathBuf, String>,
) -> Result<Loaded, Unread> {
    let name = match &input {
        Input::File(path) => path.display().to_string(),
        Input::Text { name, .. } | Input::Bytes { name, .. } => name.clone(),
    };
    let options = ReadOptions {
        input,
        env: arguments.options.env.clone(),
        variables: &|name| std::env::var(name).ok(),
        services: arguments.options.services.clone(),
    };
    let document = match read_edited(&options, edited) {
        Ok(document) => document,
        Err(failure) => return Err(Unread { name, failure }),
    };
    let mut diagnostics = document.diagnostics().to_vec();
    let decoded = document.decode::<Spec>();
    diagnostics.extend(decoded.diagnostics);
    let options = resolve::Options {
        secrets,
        files: &|path| std::fs::read(path),
        complete: !has_errors(&diagnostics),
    };
    let resolved = decoded
        .value
        .as_ref()
        .map(|spec| resolve(spec, &document, &options));
    let (mut gateway, mut unreadable) = (None, false);
    if let Some(resolved) = resolved {
        diagnostics.extend(resolved.diagnostics);
        (gateway, unreadable) = (resolved.gateway, resolved.unreadable);
    }
    Ok(Loaded {
        name,
        gateway: gateway.filter(|_| !has_errors(&diagnostics)),
        spec: decoded.value,
        document,
        diagnostics,
        unreadable,
    })
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error)
}

impl Loaded {
    /// What the spec alone comes to.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match (self.unreadable, has_errors(&self.diagnostics)) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::Findings,
            (false, false) => Exit::Clean,
        }
    }

    /// A report that holds all that was found so far.
    #[must_use]
    pub fn report(&self, command: &'static str) -> Report {
        Report {
            command,
            spec: self.name.clone(),
            diagnostics: self.diagnostics.clone(),
            ..Report::default()
        }
    }

    /// Where its places stand.
    #[must_use]
    pub fn locator(&self) -> Locator<'_> {
        Locator::from(&self.document)
    }
}

impl Unread {
    /// Says why.
    ///
    /// # Errors
    /// The report can't be written.
    pub fn print(
        self,
        command: &'static str,
        formats: &super::arguments::FormatArguments,
    ) -> Result<Exit> {
        let locator = Locator::from(self.failure.as_ref());
        let report = Report {
            command,
            spec: self.name,
            diagnostics: self.failure.diagnostics.clone(),
            ..Report::default()
        };
        formats.print(&report, &locator, "")?;
        Ok(Exit::Failed)
    }
}
