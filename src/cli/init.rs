//! `init [DIR]`: a commented first spec, and the schema beside it for editors.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::exit::Exit;
use super::{output, schema};

const SPEC: &str = include_str!("../../templates/init/gateway.yaml");

/// A commented first spec that checks and builds clean, with the schema beside it for editors.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gateway-gen init                   gateway.yaml and gateway.schema.json here
  gateway-gen init shop              the same in the folder shop")]
pub struct Arguments {
    /// The folder; made if it is not there.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let dir = &arguments.dir;
    let files = [
        (dir.join("gateway.yaml"), SPEC.to_owned()),
        (dir.join("gateway.schema.json"), schema::gateway_text()),
    ];
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        bail!("`{}` is there already; nothing was written", path.display());
    }
    std::fs::create_dir_all(dir).with_context(|| format!("can't make `{}`", dir.display()))?;
    for (path, text) in &files {
        create(path, text)?;
        output::say(&format!("wrote {}\n", path.display()));
    }
    let spec = files[0].0.display();
    output::say(&format!("next: gateway-gen check {spec}\n"));
    Ok(Exit::Clean)
}

fn create(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("can't write `{}`", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)
}
