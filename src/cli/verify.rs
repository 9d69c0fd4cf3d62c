//! `verify [SPEC]`: asks a running gateway everything the spec promises, and says what came out otherwise.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::load::{load, load_with};
use super::output;
use crate::ir::Gateway;
use crate::report::{Loss, Probe, Verdict};
use crate::serve::development;
use crate::spec::Targets;
use crate::targets::{Target, account, by_id};
use crate::verify::bypass::bypass;
use crate::verify::engines::{Kong, Launcher, Nginx, Serve};
use crate::verify::rig::secret_value;
use crate::verify::run::{self, Finding, Verified, verify};
use crate::verify::url::{Place, verify_url};

/// How often a run tries to get past the guards: a second's worth.
const ATTEMPTS: usize = 1000;

/// Ask an engine everything the spec promises; a declared loss explains a difference, nothing else does.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --engine, the engine is found on this machine, started on loopback with services pointed at echo upstreams, and stopped
again. With --url, a gateway that runs already is asked; its services must be those of `gateway-gen mock`, which say what
reached them. What can't be asked there (limits, gathers, credentials that nobody knows) is skipped and says why. Secrets come
from --secrets-file or the environment; `serve` must run with --dev-keys for its tokens.

Exit codes: 0 all as promised or explained by a declared loss; 1 a probe failed; 2 the spec or the engine can't be used.

Examples:
  gateway-gen verify --engine nginx                      the spec of this folder on the nginx of this machine
  gateway-gen verify shop/gateway.yaml --engine nginx --format junit=probes.xml
  gateway-gen verify --engine nginx --seed 7             the same probes in another order
  gateway-gen verify --url http://127.0.0.1:8080 --as nginx --secrets-file dev.secrets")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// The engine to start: serve, nginx or kong.
    #[arg(
        long,
        value_name = "ENGINE",
        required_unless_present = "url",
        conflicts_with = "url"
    )]
    engine: Option<String>,
    /// A gateway that runs already, in plain HTTP.
    #[arg(long, value_name = "URL", requires = "target")]
    url: Option<String>,
    /// What runs there: serve, aws, kong or nginx; its declared losses explain differences.
    #[arg(long = "as", value_name = "TARGET", requires = "url")]
    target: Option<String>,
    /// Its program, where it is not the one on the PATH.
    #[arg(long, value_name = "FILE", requires = "engine")]
    program: Option<PathBuf>,
    /// Leave the files of every start in this folder, to look at them.
    #[arg(long, value_name = "DIR", requires = "engine")]
    keep: Option<PathBuf>,
    /// Orders the probes; the same number gives the same order.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    formats: FormatArguments,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(false)?;
    let running = arguments.running()?;
    let development = match &running {
        Some(running) if running.serve => Some(development::key().map_err(|error| anyhow!(error))?),
        _ => None,
    };
    let missing = |name: &str| match &development {
        Some(key) => development::secret(key, name),
        None => secret_value(name),
    };
    let loaded = match &running {
        Some(_) => load_with(&arguments.spec, &missing)?,
        None => load(&arguments.spec, false)?,
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("verify", &arguments.formats),
    };
    let mut report = loaded.report("verify");
    let Some(gateway) = &loaded.gateway else {
        arguments.formats.print(&report, &loaded.locator(), "")?;
        return Ok(loaded.exit());
    };
    let settings = loaded
        .spec
        .as_ref()
        .map(|spec| spec.targets.clone())
        .unwrap_or_default();
    let shown = std::io::stderr().is_terminal() && arguments.formats.tells_people();
    let mut progress = |done: usize, total: usize| {
        if shown && (done.is_multiple_of(50) || done == total) {
            output::say(&format!("\r{done} of {total} probes"));
            if done == total {
                output::say("\n");
            }
        }
    };
    let (name, verified) = match &running {
        Some(running) => {
            let losses = running.losses(gateway, &settings);
            let seed = arguments.seed;
            let place = &running.place;
            let verified = verify_url(gateway, place, &losses, development, seed, &mut progress)?;
            (running.name.as_str(), verified)
        }
        None => {
            let launcher = launcher(arguments, settings)?;
            let mut verified = verify(gateway, launcher.as_ref(), arguments.seed, &mut progress)?;
            let attempts = bypass(gateway, launcher.as_ref(), arguments.seed, ATTEMPTS)?;
            verified.findings.extend(attempts);
            (launcher.name(), verified)
        }
    };
    report.probes = Some(
        verified
            .findings
            .iter()
            .map(|finding| record(finding, gateway))
            .collect(),
    );
    arguments.formats.print(&report, &loaded.locator(), "")?;
    if arguments.formats.tells_people() {
        let base = match &arguments.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://127.0.0.1:{}", gateway.listen.http.unwrap_or(8080)),
        };
        output::say(&summary(&verified, &base, name));
    }
    Ok(if verified.count(run::Verdict::Failed) > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

/// A gateway that runs already.
struct Running {
    name: String,
    serve: bool,
    place: Place,
    target: Option<&'static Target>,
}

impl Arguments {
    fn running(&self) -> Result<Option<Running>> {
        let (Some(url), Some(name)) = (&self.url, &self.target) else {
            return Ok(None);
        };
        let serve = name == "serve";
        let target = by_id(name);
        if target.is_none() && !serve {
            bail!(
                "`{name}` is nothing that a spec is built for: write `serve`, `aws`, `kong` or `nginx`"
            );
        }
        Ok(Some(Running {
            name: name.clone(),
            serve,
            place: Place::of(url)?,
            target,
        }))
    }
}

impl Running {
    fn losses(&self, gateway: &Gateway, settings: &Targets) -> Vec<Loss> {
        self.target
            .map(|target| account(target, gateway, settings).losses)
            .unwrap_or_default()
    }
}

fn launcher(arguments: &Arguments, settings: Targets) -> Result<Box<dyn Launcher>> {
    match arguments.engine.as_deref().unwrap_or_default() {
        "serve" => Ok(Box::new(Serve)),
        "nginx" => {
            let program = match &arguments.program {
                Some(program) => program.clone(),
                None => on_path("nginx")
                    .context("nginx not found: install it, or name it with --program")?,
            };
            Ok(Box::new(Nginx {
                program,
                settings,
                keep: arguments.keep.clone(),
            }))
        }
        "kong" => {
            let program = match &arguments.program {
                Some(program) => program.clone(),
                None => on_path("kong")
                    .context("kong not found: install it, or name it with --program")?,
            };
            Ok(Box::new(Kong {
                program,
                settings,
                keep: arguments.keep.clone(),
            }))
        }
        other => {
            bail!(
                "`{other}` is not an engine that can be started here: write `serve`, `nginx` or `kong`"
            )
        }
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let beside = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
    std::env::split_paths(&path)
        .chain(beside)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn record(finding: &Finding, gateway: &Gateway) -> Probe {
    let outcome = &finding.outcome;
    let differences = serde_json::to_value(&outcome.differences).unwrap_or_default();
    let expected = outcome.expected.as_ref().map(
        |expected| serde_json::json!({ "statuses": expected.statuses, "reason": expected.reason }),
    );
    let observed = outcome.observed.as_ref().map(|observed| {
        serde_json::json!({ "status": observed.status, "received": observed.received, "differences": differences.clone() })
    });
    let observed = match finding.why {
        Some(why) => Some(serde_json::json!({ "reason": why })),
        None => observed,
    };
    Probe {
        name: outcome.probe.name.clone(),
        route: outcome
            .probe
            .route
            .and_then(|id| gateway.routes.get(id.0))
            .map(|route| route.key.clone()),
        request: serde_json::to_value(&outcome.request).unwrap_or_default(),
        expected: expected.unwrap_or_default(),
        observed: observed.unwrap_or_else(|| serde_json::json!({ "differences": differences })),
        verdict: match finding.verdict {
            run::Verdict::Passed => Verdict::Passed,
            run::Verdict::Failed => Verdict::Failed,
            run::Verdict::Explained => Verdict::Explained,
            run::Verdict::Skipped => Verdict::Skipped,
        },
        loss: finding.loss.map(str::to_owned),
    }
}

/// What came out, by class; every failure with a line that repeats it.
fn summary(verified: &Verified, base: &str, engine: &str) -> String {
    let mut text = String::new();
    let failed = verified
        .findings
        .iter()
        .filter(|finding| finding.verdict == run::Verdict::Failed);
    for finding in failed.clone().take(50) {
        text.push_str(&format!("failed: {}\n", finding.outcome.probe.name));
        for difference in finding.outcome.differences.iter().take(4) {
            text.push_str(&format!(
                "  {}: expected {}, got {}\n",
                difference.aspect, difference.expected, difference.observed
            ));
        }
        if let Some(request) = &finding.outcome.request {
            text.push_str(&format!("  {}\n", request.curl(base)));
        }
    }
    let more = failed.count().saturating_sub(50);
    if more > 0 {
        text.push_str(&format!("and {more} more\n"));
    }
    let mut classes: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for finding in &verified.findings {
        let counts = classes
            .entry(finding.outcome.probe.class.name())
            .or_default();
        counts[finding.verdict as usize] += 1;
    }
    text.push_str(&format!(
        "{:<12} {:>7} {:>7} {:>9} {:>7}\n",
        engine, "passed", "failed", "explained", "skipped"
    ));
    for (class, [passed, failed, explained, skipped]) in classes {
        text.push_str(&format!(
            "{class:<12} {passed:>7} {failed:>7} {explained:>9} {skipped:>7}\n"
        ));
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why in verified.findings.iter().filter_map(|finding| finding.why) {
        *reasons.entry(why).or_default() += 1;
    }
    for (why, count) in reasons {
        text.push_str(&format!("{count} skipped: {why}\n"));
    }
    if !verified.unseen.is_empty() {
        text.push_str(&format!(
            "declared losses that no probe showed: {}\n",
            verified.unseen.join(", ")
        ));
    }
    text
}
