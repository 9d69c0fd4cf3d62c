//! `lint [SPEC]`: what a reviewer would say about a spec, and what can be mended by machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::lint_fix;
use super::load::{Loaded, load};
use super::output;
use crate::lint::{self, Baseline, Findings, Item, Subject, rules};
use crate::report::{Diagnostic, Locator, Report, Severity, Suppressed};
use crate::spec::Preset;

/// Findings on a spec: what is risky, missing or does not belong into a gateway.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 nothing at or above --fail-on; 1 findings, or errors in the spec; 2 it can't be read.
A comment `# gateway-gen: allow(<rule>) <reason>` on or above a line allows a finding there.

Examples:
  gateway-gen lint                                     the nearest gateway.yaml
  gateway-gen lint --fix --dry-run                     what safe fixes would change, as a diff
  gateway-gen lint --preset strict --fail-on warn      every rule, warnings fail
  gateway-gen lint --checklist                         what is missing before production
  gateway-gen lint --baseline old.json                 only what is new since old.json was written")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Apply safe fixes to the spec's files.
    #[arg(long)]
    fix: bool,
    /// With --fix: print what would change as a diff and change nothing.
    #[arg(long, requires = "fix")]
    dry_run: bool,
    /// The lowest severity that fails.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
    /// Which rules are on; wins over the spec's own.
    #[arg(long, value_name = "PRESET")]
    preset: Option<PresetName>,
    /// Print the production checklist with a tick or the places that miss it.
    #[arg(long, conflicts_with_all = ["fix", "baseline"])]
    checklist: bool,
    /// A file with findings that are known and do not count.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found to the baseline file.
    #[arg(long, requires = "baseline", conflicts_with = "fix")]
    update_baseline: bool,
    #[command(flatten)]
    formats: FormatArguments,
}

/// What fails a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Error,
    Warn,
    Info,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum PresetName {
    Recommended,
    Strict,
}

impl FailOn {
    fn exit<'a>(self, found: impl IntoIterator<Item = &'a Diagnostic>) -> Exit {
        let least = match self {
            Self::Error => Severity::Error,
            Self::Warn => Severity::Warn,
            Self::Info => Severity::Info,
            Self::Never => return Exit::Clean,
        };
        match found.into_iter().any(|one| one.severity >= least) {
            true => Exit::Findings,
            false => Exit::Clean,
        }
    }
}

impl Arguments {
    fn preset(&self) -> Option<Preset> {
        self.preset.map(|name| match name {
            PresetName::Recommended => Preset::Recommended,
            PresetName::Strict => Preset::Strict,
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments
        .formats
        .check(arguments.checklist || arguments.dry_run)?;
    let loaded = match load(&arguments.spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("lint", &arguments.formats),
    };
    let Some(subject) = subject(&loaded) else {
        // Rules look at what a spec means; this one means nothing yet.
        let report = loaded.report("lint");
        arguments.formats.print(&report, &loaded.locator(), "")?;
        return Ok(loaded.exit());
    };
    if arguments.checklist {
        return checklist(arguments, &loaded, subject);
    }
    if arguments.fix {
        return fix(arguments, &loaded);
    }
    let findings = lint::lint(subject, arguments.preset());
    say(arguments, &loaded, findings, "")
}

/// What lint looks at, if the spec has no errors.
fn subject(loaded: &Loaded) -> Option<Subject<'_>> {
    Some(Subject {
        document: &loaded.document,
        spec: loaded.spec.as_ref()?,
        gateway: loaded.gateway.as_ref()?,
    })
}

/// Reports findings; `more` is for people.
fn say(arguments: &Arguments, loaded: &Loaded, findings: Findings, more: &str) -> Result<Exit> {
    let Findings { found, allowed } = findings;
    if arguments.update_baseline
        && let Some(path) = &arguments.baseline
    {
        output::write_file(path, Baseline::of(&found).print().as_bytes())?;
        let count = found.len();
        output::say(&format!("{}: holds {count} findings\n", path.display()));
        return Ok(Exit::Clean);
    }
    let (found, known) = match &arguments.baseline {
        Some(path) => baseline(path)?.split(found),
        None => (found, Vec::new()),
    };
    let mut report = Report {
        diagnostics: found,
        suppressed: allowed,
        ..empty(loaded)
    };
    let all_known = known.len();
    report
        .suppressed
        .extend(known.into_iter().map(|one| Suppressed {
            diagnostic: one,
            reason: "known, in the baseline".into(),
            in_source: false,
        }));
    let mut more = more.to_owned();
    if report.diagnostics.is_empty() {
        let rules = rules::ALL.len();
        more.push_str(&format!("{}: no findings (rules: {rules})\n", loaded.name));
    }
    if all_known > 0 {
        more.push_str(&format!("known findings in the baseline: {all_known}\n"));
    }
    arguments.formats.print(&report, &loaded.locator(), &more)?;
    Ok(arguments.fail_on.exit(&report.diagnostics))
}

fn empty(loaded: &Loaded) -> Report {
    Report {
        command: "lint",
        spec: loaded.name.clone(),
        ..Report::default()
    }
}

fn baseline(path: &Path) -> Result<Baseline> {
    let text = std::fs::read_to_string(path).with_context(|| {
        format!(
            "can't read the baseline `{}` (write it with `--update-baseline`)",
            path.display()
        )
    })?;
    match Baseline::parse(&text) {
        Ok(baseline) => Ok(baseline),
        Err(why) => bail!("`{}` is not a baseline: {why}", path.display()),
    }
}

fn fix(arguments: &Arguments, loaded: &Loaded) -> Result<Exit> {
    let fixed = lint_fix::fix(&arguments.spec, arguments.preset())?;
    let Some(fixed) = fixed else {
        bail!("`--fix` needs a spec that is a file");
    };
    if arguments.dry_run {
        output::print(lint_fix::diff(&fixed.changes))?;
        let subject = subject(loaded).context("the spec changed while it was read")?;
        let findings = lint::lint(subject, arguments.preset());
        let (would, left) = (fixed.applied, fixed.last.findings.len());
        output::say(&format!(
            "fixes that would be applied: {would}; findings left: {left}\n"
        ));
        return Ok(arguments.fail_on.exit(&findings.found));
    }
    lint_fix::write(&fixed.changes)?;
    let more = format!(
        "fixes applied: {} (files changed: {})\n",
        fixed.applied,
        fixed.changes.len()
    );
    let after = match load(&arguments.spec, false)? {
        Ok(after) => after,
        Err(unread) => return unread.print("lint", &arguments.formats),
    };
    let subject = subject(&after).context("the spec changed while it was mended")?;
    let findings = lint::lint(subject, arguments.preset());
    say(arguments, &after, findings, &more)
}

fn checklist(arguments: &Arguments, loaded: &Loaded, subject: Subject<'_>) -> Result<Exit> {
    let list = lint::checklist(subject);
    let locator = loaded.locator();
    let mut text = String::from("Production checklist\n");
    for (item, missing) in &list.production {
        text.push_str(&line(item, missing, &locator));
    }
    text.push_str("\nAnti-patterns\n");
    for (item, missing) in &list.anti_patterns {
        text.push_str(&line(item, missing, &locator));
    }
    output::print(text)?;
    let all = list.production.iter().chain(&list.anti_patterns);
    Ok(arguments.fail_on.exit(all.flat_map(|(_, missing)| missing)))
}

/// A tick, or the places that miss it.
fn line(item: &Item, missing: &[Diagnostic], locator: &Locator<'_>) -> String {
    let tick = if missing.is_empty() { 'x' } else { ' ' };
    let mut text = format!("  [{tick}] {}\n", item.title);
    for finding in missing {
        let place = locator
            .locate(&finding.place)
            .and_then(|span| {
                let (start, _) = locator.sources.positions(span)?;
                Some(format!(
                    "{}:{}:{}",
                    locator.file(span),
                    start.line,
                    start.column
                ))
            })
            .unwrap_or_default();
        text.push_str(&format!(
            "        {place} {} ({})\n",
            finding.message, finding.code.id
        ));
    }
    text
}
