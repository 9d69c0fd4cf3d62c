//! The project's own proxy, in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::{Launcher, Started};
use crate::ir::{AccessLog, Gateway};
use crate::report::Loss;
use crate::serve::{Options, Ready, start};

/// `serve` as it would run the spec.
pub struct Serve;

impl Launcher for Serve {
    fn name(&self) -> &'static str {
        "serve"
    }

    fn losses(&self, _: &Gateway) -> Vec<Loss> {
        Vec::new()
    }

    fn start(&self, gateway: &Gateway) -> anyhow::Result<Started> {
        let mut gateway = gateway.clone();
        // Standard output is the report's.
        gateway.access_log.value = AccessLog::None;
        let options = Options {
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            workers: Some(1),
            drain: Duration::from_millis(200),
            ..Options::default()
        };
        let running = start(
            Ready {
                gateway,
                files: Vec::new(),
            },
            &options,
            None,
        )
        .map_err(|error| anyhow!(error))?;
        let address = running.http.context("the gateway listens on no port")?;
        Ok(Started {
            address,
            process: None,
            _folder: None,
            serve: Some(running),
            master: None,
        })
    }
}
