//! `man`: a manual page in roff on stdout.

use anyhow::{Result, bail};

use super::exit::Exit;
use super::output;

/// A manual page.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen man | man -l -
  gateway-gen man build > gateway-gen-build.1")]
pub struct Arguments {
    /// The page of one command instead of the program's.
    command: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, mut program: clap::Command) -> Result<Exit> {
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => {
                let title = format!("gateway-gen-{name}");
                command.clone().name(title)
            }
            None => bail!("there is no command `{name}`"),
        },
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff)?;
    output::print(roff)?;
    Ok(Exit::Clean)
}
