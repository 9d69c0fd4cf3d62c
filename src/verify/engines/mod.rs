//! Engines that a run can start on this machine: each takes a gateway, listens on loopback and is stopped again.

mod kong;
mod nginx;
mod serve;

pub use kong::Kong;
pub use nginx::Nginx;
pub use serve::Serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;

use crate::ir::Gateway;
use crate::report::Loss;
use crate::spec::Targets;
use crate::targets::{Context, Target, account};

/// Starts one engine.
pub trait Launcher {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it declares to keep otherwise for this gateway.
    fn losses(&self, gateway: &Gateway) -> Vec<Loss>;
    /// Runs the gateway until it is stopped.
    ///
    /// # Errors
    /// When the engine is not there, refuses its configuration or does not answer.
    fn start(&self, gateway: &Gateway) -> anyhow::Result<Started>;
}

/// Writes what a target emits into a new folder, in `keep` where it is to stay.
fn write_files(
    target: &Target,
    gateway: &Gateway,
    settings: &Targets,
    keep: Option<&PathBuf>,
) -> anyhow::Result<tempfile::TempDir> {
    let mut folder = tempfile::Builder::new();
    let prefix = format!("gateway-gen-{}-", target.id);
    folder.prefix(&prefix);
    let folder = match keep {
        Some(keep) => {
            std::fs::create_dir_all(keep)?;
            folder.tempdir_in(keep)?
        }
        None => folder.tempdir()?,
    };
    let accounting = account(target, gateway, settings);
    let emitted = (target.emit)(
        gateway,
        &Context {
            settings,
            closed: &accounting.closed,
        },
    );
    for artefact in &emitted.artefacts {
        let path = folder.path().join(&artefact.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &artefact.content)?;
    }
    Ok(folder)
}

/// A running engine. Dropping it stops it.
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    process: Option<Child>,
    // Its files; removed when it is stopped.
    _folder: Option<tempfile::TempDir>,
    serve: Option<crate::serve::Running>,
    /// Where an engine that is a child of what was started writes its process id.
    master: Option<PathBuf>,
}

impl Started {
    /// Stops it and waits until it is gone.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(running) = self.serve.take() {
            running.stop();
        }
        if let Some(process) = &mut self.process {
            let master = self
                .master
                .as_ref()
                .and_then(|file| std::fs::read_to_string(file).ok());
            if let Some(id) = master.and_then(|text| text.trim().parse::<u32>().ok()) {
                let _ = std::process::Command::new("kill")
                    .arg(id.to_string())
                    .status();
            }
            // SIGTERM by process id: engines stop their workers on it, which they would not on SIGKILL.
            let _ = std::process::Command::new("kill")
                .arg(process.id().to_string())
                .status();
            let _ = process.wait();
        }
    }
}
