//! `check [SPEC]`: parse, decode and resolve, and say all mistakes at once.

use anyhow::Result;

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::load::load;
use super::output;

/// Parse, validate and resolve a spec; all mistakes at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 no error; 1 errors in the spec; 2 it can't be read.

Examples:
  gateway-gen check                                 the nearest gateway.yaml
  gateway-gen check shop/gateway.yaml --env prod    with the overlay gateway.prod.yaml
  gateway-gen check --format sarif=out.sarif        for a code host, and for people on stderr
  cat gateway.yaml | gateway-gen check -")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    #[command(flatten)]
    formats: FormatArguments,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(false)?;
    let loaded = match load(&arguments.spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("check", &arguments.formats),
    };
    let report = loaded.report("check");
    arguments.formats.print(&report, &loaded.locator(), "")?;
    if let Some(gateway) = &loaded.gateway
        && report.diagnostics.is_empty()
        && arguments.formats.tells_people()
    {
        output::say(&format!(
            "{}: no mistakes (routes: {}, services: {})\n",
            loaded.name,
            gateway.routes.len(),
            gateway.services.len()
        ));
    }
    let exit = loaded.exit();
    // The process ends here: giving back every node of a large spec would take a sixth of the run.
    std::mem::forget(loaded);
    Ok(exit)
}
