//! A real nginx with the emitted configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::{Launcher, Started, write_files};
use crate::ir::Gateway;
use crate::report::Loss;
use crate::spec::Targets;
use crate::targets::{Target, account, by_id};
use crate::verify::runner::Runner;

/// An nginx found on this machine.
pub struct Nginx {
    /// The program.
    pub program: PathBuf,
    /// The spec's settings, with the version and modules of that program.
    pub settings: Targets,
    /// Where the files of each start are left, for looking at them; nowhere by default.
    pub keep: Option<PathBuf>,
}

fn target() -> anyhow::Result<&'static Target> {
    by_id("nginx").context("this build has no such target")
}

impl Launcher for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn losses(&self, gateway: &Gateway) -> Vec<Loss> {
        target()
            .map(|target| account(target, gateway, &self.settings).losses)
            .unwrap_or_default()
    }

    fn start(&self, gateway: &Gateway) -> anyhow::Result<Started> {
        let folder = write_files(target()?, gateway, &self.settings, self.keep.as_ref())?;
        let prefix = folder.path().join("nginx");
        let log = std::fs::File::create(folder.path().join("stderr"))?;
        let process = Command::new(&self.program)
            .arg("-p")
            .arg(&prefix)
            .args(["-c", "nginx.conf", "-g", "daemon off;"])
            .stdout(Stdio::null())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let port = gateway
            .listen
            .http
            .context("the gateway listens on no port")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut started = Started {
            address,
            process: Some(process),
            _folder: None,
            serve: None,
            master: None,
        };
        if let Err(error) = Runner::wait_until_up(address, Duration::from_secs(10)) {
            let said = std::fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
            bail!(
                "nginx does not answer ({error}): {}",
                said.lines().take(5).collect::<Vec<_>>().join("; ")
            );
        }
        match &self.keep {
            Some(_) => drop(folder.keep()),
            None => started._folder = Some(folder),
        }
        Ok(started)
    }
}
