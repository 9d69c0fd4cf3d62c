//! Engines that a run can start on this machine: each takes a gateway, listens on loopback and is stopped again.

mod nginx;
mod serve;

pub use nginx::Nginx;
pub use serve::Serve;

use std::net::SocketAddr;
use std::process::Child;

use crate::ir::Gateway;
use crate::report::Loss;

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

/// A running engine. Dropping it stops it.
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    process: Option<Child>,
    // Its files; removed when it is stopped.
    _folder: Option<tempfile::TempDir>,
    serve: Option<crate::serve::Running>,
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
            // SIGTERM by process id: engines stop their workers on it, which they would not on SIGKILL.
            let _ = std::process::Command::new("kill")
                .arg(process.id().to_string())
                .status();
            let _ = process.wait();
        }
    }
}
