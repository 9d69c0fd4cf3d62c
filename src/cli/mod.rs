//! ARGUMENTS IN, EXIT CODE OUT: one file a command.

mod arguments;
mod build;
mod check;
mod completions;
mod diff;
mod diff_loss;
mod diff_revision;
mod diff_show;
mod diff_side;
mod exit;
mod explain;
mod explain_request;
mod init;
mod last_resort;
mod lint;
mod lint_fix;
mod load;
mod man;
mod mock;
mod output;
pub mod schema;
mod secrets;
mod serve;
mod serve_table;
mod spec_path;
pub mod targets;
mod token;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use exit::Exit;

/// One neutral gateway spec, compiled to AWS API Gateway, Kong and NGINX, with every loss declared.
#[derive(Debug, Parser)]
#[command(name = "gateway-gen", version, max_term_width = 100, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colours in what is said to people: when it goes to a terminal, always, or never.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: output::Colour,
}

const AFTER: &str = "\
Exit codes: 0 clean; 1 findings, a difference or a failed probe; 2 usage, input or internal error.

Examples:
  gateway-gen init shop                      a first spec with comments
  gateway-gen check                          all mistakes of ./gateway.yaml at once
  gateway-gen build -t nginx -o dist         what nginx needs, in dist/nginx
  gateway-gen serve --mock                   the gateway on this machine, with echo services
  gateway-gen explain rate-window            what a loss, an error or a rule means";

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Build(build::Arguments),
    Lint(lint::Arguments),
    Diff(diff::Arguments),
    Schema(schema::Arguments),
    Serve(serve::Arguments),
    Mock(mock::Arguments),
    Token(token::Arguments),
    Explain(explain::Arguments),
    Targets(targets::Arguments),
    Init(init::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Verify(verify::Arguments),
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    last_resort::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    cli.color.apply();
    let done = match cli.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Build(arguments) => build::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Mock(arguments) => mock::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Targets(arguments) => targets::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, &mut Cli::command()),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, Cli::command()),
    };
    done.unwrap_or_else(|error| Exit::from_error(&error)).into()
}

/// Help and version are what was asked for; anything else is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's choice.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Failed.into()
    } else {
        Exit::Clean.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_text_has_examples() {
        for command in Cli::command().get_subcommands() {
            let after = command.get_after_help().map(ToString::to_string);
            assert!(
                after.is_some_and(|text| text.contains("Examples:")),
                "`{}` has no examples",
                command.get_name()
            );
        }
    }
}
