//! A real Kong Gateway with the emitted declarative configuration, in a prefix of its own.

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

/// What a run has no use for, and what would listen beside the gateway.
const OFF: [&str; 5] = [
    "KONG_ADMIN_LISTEN",
    "KONG_ADMIN_GUI_LISTEN",
    "KONG_STATUS_LISTEN",
    "KONG_ANONYMOUS_REPORTS",
    "KONG_DATABASE",
];

/// A Kong found on this machine.
pub struct Kong {
    /// The program.
    pub program: PathBuf,
    /// The spec's settings.
    pub settings: Targets,
    /// Where the files of each start are left, for looking at them; nowhere by default.
    pub keep: Option<PathBuf>,
}

fn target() -> anyhow::Result<&'static Target> {
    by_id("kong").context("this build has no such target")
}

impl Launcher for Kong {
    fn name(&self) -> &'static str {
        "kong"
    }

    fn losses(&self, gateway: &Gateway) -> Vec<Loss> {
        target()
            .map(|target| account(target, gateway, &self.settings).losses)
            .unwrap_or_default()
    }

    fn start(&self, gateway: &Gateway) -> anyhow::Result<Started> {
        let folder = write_files(target()?, gateway, &self.settings, self.keep.as_ref())?;
        let port = gateway
            .listen
            .http
            .context("the gateway listens on no port")?;
        let files = folder.path().join("kong");
        let prefix = folder.path().join("prefix");
        let log = std::fs::File::create(folder.path().join("stderr"))?;
        // Variables win over kong.conf, which stays as it was emitted.
        let process = Command::new(&self.program)
            .arg("start")
            .arg("-c")
            .arg("kong.conf")
            .current_dir(&files)
            .env("KONG_PREFIX", &prefix)
            .env("KONG_PROXY_LISTEN", format!("127.0.0.1:{port}"))
            .env("KONG_DECLARATIVE_CONFIG", files.join("kong.yaml"))
            .env("KONG_NGINX_DAEMON", "off")
            .env("KONG_NGINX_WORKER_PROCESSES", "1")
            .envs(OFF.map(|name| (name, "off")))
            .stdout(Stdio::null())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut started = Started {
            address,
            process: Some(process),
            _folder: None,
            serve: None,
            master: Some(prefix.join("pids/nginx.pid")),
        };
        if let Err(error) = Runner::wait_until_up(address, Duration::from_secs(30)) {
            let said = std::fs::read_to_string(folder.path().join("stderr")).unwrap_or_default();
            bail!(
                "kong does not answer ({error}): {}",
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
