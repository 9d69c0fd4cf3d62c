//! `mock [SPEC]`: echo upstreams, one a service.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Result, anyhow};

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::load::load;
use super::output;
use crate::serve::mock::echo;

/// Run echo upstreams, one for each service of a spec.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each answers with JSON: method, path, query, headers and the body's length. A request tells it to misbehave by headers or
query parameters: X-Mock-Status: 503 (or ?mock-status=503), X-Mock-Delay: 500 (milliseconds), X-Mock-Size: 100000 (bytes),
X-Mock-Body: TEXT, X-Mock-Reset: before or during.

Examples:
  gateway-gen mock                      services of ./gateway.yaml on free ports, printed
  gateway-gen mock --base-port 3000     on 3000, 3001, ... in the spec's order")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// The first service's port; the others follow.
    #[arg(long, value_name = "N")]
    base_port: Option<u16>,
    /// The address to listen on.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    #[command(flatten)]
    formats: FormatArguments,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(true)?;
    let loaded = match load(&arguments.spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("mock", &arguments.formats),
    };
    let Some(gateway) = &loaded.gateway else {
        arguments
            .formats
            .print(&loaded.report("mock"), &loaded.locator(), "")?;
        return Ok(loaded.exit());
    };
    for (number, service) in gateway.services.keys().enumerate() {
        let port = match arguments.base_port {
            None => 0,
            Some(base) => u16::try_from(number)
                .ok()
                .and_then(|number| base.checked_add(number))
                .ok_or_else(|| anyhow!("there are more services than ports from {base} on"))?,
        };
        let address = SocketAddr::new(arguments.address, port);
        let port = echo(address, service).map_err(|error| anyhow!(error))?;
        output::print(format!(
            "{service} http://{}\n",
            SocketAddr::new(arguments.address, port)
        ))?;
    }
    loop {
        std::thread::park();
    }
}
