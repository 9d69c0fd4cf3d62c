//! `completions SHELL`: a completion script on stdout.

use anyhow::Result;

use super::exit::Exit;
use super::output;

/// A completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen completions bash > /etc/bash_completion.d/gateway-gen
  gateway-gen completions zsh  > ~/.zfunc/_gateway-gen")]
pub struct Arguments {
    /// Which shell.
    shell: clap_complete::Shell,
}

/// Runs the command.
pub fn run(arguments: &Arguments, command: &mut clap::Command) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "gateway-gen", &mut script);
    output::print(script)?;
    Ok(Exit::Clean)
}
