//! `build [SPEC]`: artefacts of every target that keeps enough of the spec, and what each one loses.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::load::{Loaded, load};
use super::output;
use crate::build::{self, Folder, Outcome, codes, files, report_text, summary};
use crate::report::{Diagnostic, Place, Report, Severity};
use crate::source::{Pointer, nearest};
use crate::targets::{TARGETS, Target, by_id};

/// Write what each target needs, and say what each one keeps, approximates or loses.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A target with an error is not written and what an earlier build left of it is removed; the others are written.
A mistake in the spec itself writes and removes nothing. Files that build did not write are never touched.
Exit codes: 0 all targets written; 1 a mistake, a loss that is not accepted, or a difference (--check); 2 otherwise.

Examples:
  gateway-gen build                                        what `targets` names, into dist/
  gateway-gen build -t nginx -o out --secrets inline --secrets-file dev.secrets
  gateway-gen build -t kong --stdout | deck gateway validate -
  gateway-gen build --check                                in CI: is dist/ what would be written?
  gateway-gen build --service users=http://127.0.0.1:3000  point a service elsewhere")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Which targets, separated by commas; by default the keys of `targets` in the spec, or all.
    #[arg(short, long = "targets", value_name = "TARGETS", value_delimiter = ',')]
    targets: Vec<String>,
    /// The folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "dist")]
    output: PathBuf,
    /// Print the main artefact of one target and write nothing.
    #[arg(long, conflicts_with_all = ["output", "check"])]
    stdout: bool,
    /// Write nothing; exit with 1 when the folder is not what would be written.
    #[arg(long)]
    check: bool,
    /// Whether a loss that is not accepted is a warning where it can be, or always an error.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    loss: LossLevel,
    /// Leave secrets to each target by name, or write their texts into the artefacts.
    #[arg(long, value_name = "HOW", default_value = "reference")]
    secrets: SecretsArgument,
    #[command(flatten)]
    formats: FormatArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum LossLevel {
    /// Approximate losses are warnings.
    Warn,
    /// Every loss that is not accepted is an error.
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SecretsArgument {
    /// By name.
    Reference,
    /// As text, from --secrets-file or variables.
    Inline,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(arguments.stdout)?;
    let named = named(&arguments.targets)?;
    let inline = arguments.secrets == SecretsArgument::Inline;
    let loaded = match load(&arguments.spec, inline)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("build", &arguments.formats),
    };
    let mut report = loaded.report("build");
    let (Some(gateway), Some(spec)) = (&loaded.gateway, &loaded.spec) else {
        arguments.formats.print(&report, &loaded.locator(), "")?;
        return Ok(loaded.exit());
    };
    let targets = named.unwrap_or_else(|| wanted(&loaded));
    if arguments.stdout && targets.len() != 1 {
        bail!("`--stdout` prints one target: name it with `-t`");
    }
    let deny = arguments.loss == LossLevel::Deny;
    let mut outcomes: Vec<Outcome> = targets
        .iter()
        .map(|target| build::build(target, gateway, &spec.targets, deny))
        .collect();
    for outcome in &outcomes {
        report
            .diagnostics
            .extend(outcome.diagnostics.iter().cloned());
        report
            .losses
            .extend(outcome.accounting.losses.iter().cloned());
    }
    let exit = finish(arguments, &loaded, &mut outcomes, report);
    // The process ends here: giving back every node of a large spec would take a tenth of the run.
    std::mem::forget((loaded, outcomes));
    exit
}

/// Prints, compares or writes, and says what came of it.
fn finish(
    arguments: &Arguments,
    loaded: &Loaded,
    outcomes: &mut [Outcome],
    mut report: Report,
) -> Result<Exit> {
    let ids: Vec<&str> = outcomes.iter().map(|outcome| outcome.target.id).collect();
    let mut exit = loaded.exit();
    if outcomes.iter().any(|outcome| outcome.emitted.is_none()) {
        exit = exit.max(Exit::Findings);
    }
    let mut files = files(outcomes)?;
    report.artefacts = files.artefacts;
    if arguments.stdout {
        let emitted = outcomes.iter().find_map(|outcome| outcome.emitted.as_ref());
        let main = emitted.and_then(|emitted| emitted.artefacts.first());
        if let Some(content) = main.and_then(|main| files.plan.get(&main.path)) {
            output::print(content)?;
        }
    } else {
        let folder = Folder::open(&arguments.output)?;
        let text = report_text(&report, &loaded.locator(), &folder, &ids);
        files
            .plan
            .insert(build::REPORT.to_owned(), text.into_bytes());
        if arguments.check {
            for change in folder.compare(&files.plan, &ids)? {
                let message = format!("{change} in `{}`", arguments.output.display());
                let found = Diagnostic::error(codes::OUT_OF_DATE, Place::Nowhere, message);
                report.diagnostics.push(found);
                exit = exit.max(Exit::Findings);
            }
        } else {
            folder.write(&files.plan, &ids)?;
        }
    }
    let written = (!arguments.stdout && !arguments.check).then_some(arguments.output.as_path());
    let deny = arguments.loss == LossLevel::Deny;
    let words = summary(outcomes, &loaded.locator(), deny, written);
    let people = for_people(&report);
    let formats = &arguments.formats;
    formats.print_for(&report, &people, &loaded.locator(), &words)?;
    let errors = report.diagnostics.iter();
    if errors
        .clone()
        .any(|found| found.severity == Severity::Error)
    {
        exit = exit.max(Exit::Findings);
    }
    Ok(exit)
}

/// The report without what the summary says in its own words: losses and notes.
fn for_people(report: &Report) -> Report {
    let mut people = report.clone();
    people.losses.clear();
    people
        .diagnostics
        .retain(|found| found.code != codes::TO_DO);
    people
}

/// The targets that `-t` names; none: left to the spec.
fn named(ids: &[String]) -> Result<Option<Vec<&'static Target>>> {
    let mut targets: Vec<&'static Target> = Vec::new();
    for id in ids {
        let Some(target) = by_id(id) else {
            let known: Vec<&str> = TARGETS.iter().map(|target| target.id).collect();
            match nearest(id, known.iter().copied()) {
                Some(near) => bail!("`{id}` is not a target: did you mean `{near}`?"),
                None => bail!("`{id}` is not a target: there are {}", known.join(", ")),
            }
        };
        if !targets.iter().any(|one| one.id == target.id) {
            targets.push(target);
        }
    }
    Ok((!ids.is_empty()).then_some(targets))
}

/// The targets that the spec names; none: all.
fn wanted(loaded: &Loaded) -> Vec<&'static Target> {
    let at = Pointer::root().key("targets");
    let named: Vec<&str> = loaded.document.keys(&at).collect();
    let all = TARGETS.iter();
    let chosen: Vec<_> = all
        .clone()
        .filter(|target| named.contains(&target.id))
        .collect();
    if chosen.is_empty() {
        all.collect()
    } else {
        chosen
    }
}
