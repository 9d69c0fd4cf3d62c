//! `diff LEFT RIGHT`: how two gateways differ, whether specs, revisions, targets or files that are deployed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;

use super::arguments::{FormatArguments, SpecArguments, SpecOptions};
use super::diff_show::{human, leftovers, requests, summary};
use super::diff_side::{Loading, Side, View};
use super::exit::Exit;
use super::output;
use crate::diff::align::{match_names, simplify};
use crate::diff::{Change, Class, compare};
use crate::report::{self, Report};
use crate::verify::contrast::{Contrast, contrast};
use crate::verify::identity::Clock;

/// Say how two gateways differ, and what that means for clients, for security and for operation.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A side is `spec`, a target (what the spec becomes there, read back from what is emitted), TARGET:FILE (a deployed file),
a path of a spec, or git:REF[:PATH] (the spec as it was, with its includes).

Exit codes: 0 no difference; 1 differences, or mistakes in a spec; 2 a side can't be read.

Examples:
  gateway-gen diff git:main spec                            what this branch changes
  gateway-gen diff git:v1.0 spec --only weakens-security    does anything pass that was refused before?
  gateway-gen diff git:main spec --format markdown          for a comment on a pull request
  gateway-gen diff old.yaml new.yaml --only breaking
  gateway-gen diff spec kong:live.yaml                      what was edited by hand since")]
pub struct Arguments {
    /// What was.
    left: String,
    /// What is.
    right: String,
    /// The spec that `spec`, targets and git: mean. By default the nearest gateway.yaml.
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    options: SpecOptions,
    /// Only changes of this class.
    #[arg(long, value_name = "CLASS")]
    only: Option<OnlyClass>,
    #[command(flatten)]
    formats: FormatArguments,
}

/// A class by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OnlyClass {
    /// A client that worked before may be refused or answered otherwise.
    Breaking,
    /// Something that was refused before may pass.
    WeakensSecurity,
    /// Running the gateway differs.
    Operational,
    /// Nothing behaves otherwise.
    Cosmetic,
}

impl From<OnlyClass> for Class {
    fn from(only: OnlyClass) -> Self {
        match only {
            OnlyClass::Breaking => Self::Breaking,
            OnlyClass::WeakensSecurity => Self::WeakensSecurity,
            OnlyClass::Operational => Self::Operational,
            OnlyClass::Cosmetic => Self::Cosmetic,
        }
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(false)?;
    let (left, right) = (
        Side::parse(&arguments.left)?,
        Side::parse(&arguments.right)?,
    );
    let spec = SpecArguments {
        spec: arguments.spec.clone(),
        options: arguments.options.clone(),
    };
    let mut views = Vec::new();
    for side in [&left, &right] {
        match side.load(&spec)? {
            Loading::Loaded(view) => views.push(*view),
            Loading::Mistaken(report, document) => {
                arguments.formats.print(&report, &document.locator(), "")?;
                return Ok(Exit::Findings.max(document.exit()));
            }
            Loading::Unread(unread) => return unread.print("diff", &arguments.formats),
        }
    }
    let [left, right] = views.as_mut_slice() else {
        return Ok(Exit::Failed);
    };
    align(left, right);
    finish(arguments, left, right)
}

/// Makes two sides comparable when at least one was read from an artefact, which does not hold everything.
fn align(left: &mut View, right: &mut View) {
    let targets: Vec<_> = [left.target, right.target].into_iter().flatten().collect();
    if targets.is_empty() {
        return;
    }
    let elsewhere = left.is_silent("gather") || right.is_silent("gather");
    for target in targets {
        simplify(&mut left.gateway, target.id, elsewhere);
        simplify(&mut right.gateway, target.id, elsewhere);
    }
    if left.target.is_some() && right.target.is_none() {
        match_names(&right.gateway, &mut left.gateway);
    } else {
        match_names(&left.gateway, &mut right.gateway);
    }
}

/// The differences that both sides can show, each with the loss that explains it.
fn changes(left: &View, right: &View) -> Vec<Change> {
    let mut changes = compare(&left.gateway, &right.gateway);
    changes.retain(|change| !left.is_silent(&change.field) && !right.is_silent(&change.field));
    for change in &mut changes {
        let found = [left, right].into_iter().find_map(|view| {
            let id = view.declared.as_ref()?.explain(change)?;
            Some(format!("{} {id}", view.target?.id))
        });
        change.loss = found;
    }
    changes
}

fn finish(arguments: &Arguments, left: &View, right: &View) -> Result<Exit> {
    let only = arguments.only.map(Class::from);
    let changes: Vec<_> = changes(left, right)
        .into_iter()
        .filter(|change| only.is_none_or(|only| change.kind.class == only))
        .map(|change| change.record(|at| left.spot(at), |at| right.spot(at)))
        .collect();
    let names = format!("{} {}", arguments.left, arguments.right);
    let mut report = Report {
        command: "diff",
        spec: names,
        changes: Some(changes),
        ..Report::default()
    };
    let changes = report.changes.clone().unwrap_or_default();
    let changes = changes.as_slice();
    // What nobody understands may be a difference: it is never called clean.
    let unread = left.leftovers().len() + right.leftovers().len();
    let exit = if changes.is_empty() && unread == 0 {
        Exit::Clean
    } else {
        Exit::Findings
    };
    let (shown, unshown) = contrasts(left, right, changes);
    let words = format!(
        "{}{}{unshown}{}{}{}",
        human(changes),
        requests(&shown),
        leftovers(left.leftovers(), "left"),
        leftovers(right.leftovers(), "right"),
        summary(changes, unread)
    );
    report.probes = (!shown.is_empty()).then(|| shown.iter().map(probe).collect());
    arguments.formats.print_data(&report, &words)?;
    if !arguments.formats.tells_people() && unread > 0 {
        output::say(&leftovers(left.leftovers(), "left"));
        output::say(&leftovers(right.leftovers(), "right"));
    }
    Ok(exit)
}

/// So many routes are asked about; a request for each of ten thousand would help nobody.
const ASKED: usize = 20;

/// Requests that show what differs at routes, and why there are none where there are none.
fn contrasts(left: &View, right: &View, changes: &[report::Change]) -> (Vec<Contrast>, String) {
    let behaves = changes.iter().filter(|change| change.class != "cosmetic");
    let routes = behaves.filter_map(|change| change.route.clone());
    let routes: BTreeSet<String> = routes
        .collect::<BTreeSet<_>>()
        .into_iter()
        .take(ASKED)
        .collect();
    if routes.is_empty() {
        return (Vec::new(), String::new());
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let clock = Clock {
        now: now.map(|time| time.as_secs()).unwrap_or_default(),
    };
    match contrast(&left.gateway, &right.gateway, &routes, clock) {
        Ok(found) => (found, String::new()),
        Err(why) => (Vec::new(), format!("\nno requests to show it: {why}\n")),
    }
}

fn probe(contrast: &Contrast) -> report::Probe {
    report::Probe {
        name: contrast.name.clone(),
        route: Some(contrast.route.clone()),
        request: serde_json::json!({ "send": contrast.request, "times": contrast.times }),
        expected: serde_json::json!({ "left": contrast.left }),
        observed: serde_json::json!({ "right": contrast.right }),
        verdict: report::Verdict::Failed,
        loss: None,
    }
}
