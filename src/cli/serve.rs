//! `serve [SPEC]`: the spec as a real proxy on this machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};

use super::arguments::{FormatArguments, SpecArguments};
use super::exit::Exit;
use super::load::{Loaded, load_with};
use super::{output, serve_table};
use crate::ir::units::Millis;
use crate::ir::{File, Gateway, KeyMaterial, Keys, SchemeKind, Secret};
use crate::serve::{self, Options, Ready, development};

const CONSOLE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8099);

/// Run the spec as a proxy on this machine, with all that it asks for.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
It listens on the spec's ports until SIGTERM or Ctrl-C and then lets requests end. A change of the spec takes effect when
it is saved; one with a mistake prints it and the old spec stays. Ports, `counters` and `--` arguments change at the next start.
Secrets come from --secrets-file or from variables such as ACME_KEY; a missing one gets a development value.
The access log goes to stdout, everything else to stderr.

Examples:
  gateway-gen serve --mock --dev-keys            try the spec: echo services, tokens from `gateway-gen token`
  gateway-gen serve --listen 127.0.0.1:8080      on this machine only
  gateway-gen serve --clock-offset 27d           see next month's quota
  gateway-gen serve --service users=http://localhost:3000 --console off")]
pub struct Arguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Listen for plain HTTP here instead of on the spec's port; port 0 is any free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Let an echo service stand in for every service and authorizer.
    #[arg(long)]
    mock: bool,
    /// Accept tokens made by `gateway-gen token` for every scheme of tokens. Never where strangers can call.
    #[arg(long)]
    dev_keys: bool,
    /// Where the console listens, or `off`.
    #[arg(long, value_name = "ADDR|off", default_value = "127.0.0.1:8099")]
    console: Console,
    /// Do not follow changes of the spec.
    #[arg(long)]
    no_reload: bool,
    /// Live so far ahead of the machine's clock (`27d`), or behind it (`-1h`).
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "0s",
        allow_hyphen_values = true
    )]
    clock_offset: Offset,
    /// Worker threads; by default one a core.
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    #[command(flatten)]
    formats: FormatArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Console(Option<SocketAddr>);

impl FromStr for Console {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self(None)),
            _ => text
                .parse()
                .map(|address| Self(Some(address)))
                .map_err(|_| "write an address such as 127.0.0.1:8099, or `off`".into()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offset(i64);

impl FromStr for Offset {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (sign, number) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let millis: Millis = number.parse().map_err(|error: String| {
            error
                .split(crate::ir::units::HELP)
                .collect::<Vec<_>>()
                .join(": ")
        })?;
        let millis = i64::try_from(millis.0).map_err(|_| "it is too long".to_owned())?;
        Ok(Self(sign * millis))
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    arguments.formats.check(true)?;
    let development = Development::new()?;
    let first = match read(arguments, &development)? {
        Ok(ready) => ready,
        Err(exit) => return Ok(exit),
    };
    let talks = arguments.formats.tells_people();
    let options = Options {
        listen: arguments.listen,
        mock: arguments.mock,
        development_key: arguments.dev_keys.then(|| development.key.to_vec()),
        console: arguments.console.0.filter(|_| talks).map(free),
        clock_offset: arguments.clock_offset.0,
        workers: arguments.workers,
        ..Options::default()
    };
    let gateway = talks.then(|| first.gateway.clone());
    let follows = !arguments.no_reload && !first.files.is_empty();
    let loader = follows.then(|| -> serve::Loader {
        let (arguments, development) = (arguments.clone(), development.clone());
        Box::new(move || match read(&arguments, &development) {
            Ok(Ok(ready)) => serve::Loaded::Ready(Box::new(ready)),
            Ok(Err(_)) => serve::Loaded::Wrong,
            Err(error) => {
                output::say(&format!("error: {error:#}\n"));
                serve::Loaded::Wrong
            }
        })
    });
    let running = serve::start(first, &options, loader).map_err(|error| anyhow!(error))?;
    if let Some(gateway) = gateway {
        let table = serve_table::Table {
            gateway: &gateway,
            http: running.http,
            https: running.https,
            console: running.console.filter(|_| options.console.is_some()),
            development: &development.given(),
            dev_keys: arguments.dev_keys,
            mock: arguments.mock,
        };
        output::say(&table.text());
    }
    running.until_signal();
    Ok(Exit::Clean)
}

// The default port may be another serve's: then any will do. One that was asked for must be had.
fn free(address: SocketAddr) -> SocketAddr {
    if address == CONSOLE && std::net::TcpListener::bind(address).is_err() {
        return SocketAddr::new(address.ip(), 0);
    }
    address
}

/// Secrets that nobody gave, with their development values.
#[derive(Clone)]
struct Development {
    key: Arc<[u8]>,
    given: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Development {
    fn new() -> Result<Self> {
        let key = development::key().map_err(|error| anyhow!(error))?;
        Ok(Self {
            key: key.into(),
            given: Arc::default(),
        })
    }

    fn give(&self, name: &str) -> String {
        let value = development::secret(&self.key, name);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.insert(name.to_owned(), value.clone());
        value
    }

    fn given(&self) -> BTreeMap<String, String> {
        self.given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Reads the spec and says what is wrong with it.
fn read(arguments: &Arguments, development: &Development) -> Result<Result<Ready, Exit>> {
    let missing = RefCell::new(Vec::new());
    let give = |name: &str| {
        missing.borrow_mut().push(name.to_owned());
        development.give(name)
    };
    let loaded = match load_with(&arguments.spec, &give)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("serve", &arguments.formats).map(Err),
    };
    let report = loaded.report("serve");
    if !report.diagnostics.is_empty() {
        arguments.formats.print(&report, &loaded.locator(), "")?;
    }
    let files = files(&loaded);
    let exit = loaded.exit();
    let Some(mut gateway) = loaded.gateway else {
        return Ok(Err(exit));
    };
    forget_made_up_keys(&mut gateway, &missing.borrow());
    Ok(Ok(Ready { gateway, files }))
}

// A development value is no private key: without one, a certificate is made.
fn forget_made_up_keys(gateway: &mut Gateway, missing: &[String]) {
    let made_up = |key: &KeyMaterial| match key {
        KeyMaterial::Secret(
            Secret::Known {
                name: Some(name), ..
            }
            | Secret::Reference(name),
        ) => missing.contains(name),
        KeyMaterial::Secret(Secret::Known { name: None, .. }) | KeyMaterial::File(_) => false,
    };
    if let Some(tls) = &mut gateway.tls
        && tls.value.key.as_ref().is_some_and(made_up)
    {
        tls.value.key = None;
    }
    for service in gateway.services.values_mut() {
        if let Some(tls) = &mut service.tls
            && tls
                .value
                .client
                .as_ref()
                .is_some_and(|(_, key)| made_up(key))
        {
            tls.value.client = None;
        }
    }
}

/// Files with what was read from them.
fn files(loaded: &Loaded) -> Vec<(PathBuf, Vec<u8>)> {
    let read = loaded.document.sources().iter();
    let mut files: Vec<(PathBuf, Vec<u8>)> = read
        .filter_map(|(_, source)| Some((source.path()?.into(), source.text().into())))
        .collect();
    if let Some(gateway) = &loaded.gateway {
        let folders: Vec<PathBuf> = files
            .iter()
            .filter_map(|(file, _)| file.parent().map(PathBuf::from))
            .collect();
        for named in named_files(gateway) {
            // A name is relative to the file it stands in, whichever of them that is.
            let places = folders.iter().map(|folder| folder.join(&named.name));
            let place = places.into_iter().find(|place| place.is_file());
            files.extend(place.map(|place| (place, named.content.to_vec())));
        }
    }
    files
}

/// Certificates, keys and key sets.
fn named_files(gateway: &Gateway) -> Vec<&File> {
    let mut named = Vec::new();
    if let Some(tls) = &gateway.tls {
        named.extend(tls.certificate.as_ref());
        if let Some(KeyMaterial::File(file)) = &tls.key {
            named.push(file);
        }
    }
    for scheme in gateway.schemes.values() {
        if let SchemeKind::Jwt(jwt) = &scheme.kind
            && let Keys::JwksFile(file) | Keys::Pem(file) = &jwt.keys
        {
            named.push(file);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_offset_goes_both_ways() {
        assert_eq!("27d".parse::<Offset>().unwrap(), Offset(27 * 86_400_000));
        assert_eq!("-1h".parse::<Offset>().unwrap(), Offset(-3_600_000));
        assert!("soon".parse::<Offset>().is_err());
    }
}
