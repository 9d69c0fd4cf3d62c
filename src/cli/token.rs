//! `token SCHEME`: a development token that `serve --dev-keys` accepts.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};

use super::arguments::{SpecArguments, SpecOptions};
use super::exit::Exit;
use super::load::load;
use super::output;
use crate::ir::units::Millis;
use crate::ir::{Jwt, SchemeKind};
use crate::serve::{Clock, development};
use crate::source::nearest;

/// Make a token for a scheme, signed with this user's development key.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Issuer and audience come from the scheme, `sub` is `developer` unless given. Only `serve --dev-keys` of the same user accepts it.

Examples:
  gateway-gen token customers
  gateway-gen token customers --claim sub=alice --claim scope='orders:read orders:write' --expires 10m
  gateway-gen token customers --claim 'roles=[\"a\",\"b\"]'     a value that is JSON is taken as such")]
pub struct Arguments {
    /// The scheme's name in the spec.
    scheme: String,
    /// A claim; may be repeated.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
    /// How long it is valid.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    expires: Millis,
    /// The spec.
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    options: SpecOptions,
}

fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value = match serde_json::from_str(value) {
        Ok(json) => json,
        Err(_) => Value::String(value.to_owned()),
    };
    Ok((name.to_owned(), value))
}

pub(super) fn duration(text: &str) -> Result<Millis, String> {
    let said = |error: String| {
        error
            .split(crate::ir::units::HELP)
            .collect::<Vec<_>>()
            .join(": ")
    };
    text.parse().map_err(said)
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit> {
    let spec = SpecArguments {
        spec: arguments.spec.clone(),
        options: arguments.options.clone(),
    };
    let formats = super::arguments::FormatArguments::default();
    let loaded = match load(&spec, false)? {
        Ok(loaded) => loaded,
        Err(unread) => return unread.print("token", &formats),
    };
    let Some(gateway) = &loaded.gateway else {
        formats.print(&loaded.report("token"), &loaded.locator(), "")?;
        return Ok(loaded.exit());
    };
    let name = arguments.scheme.as_str();
    let Some(scheme) = gateway.schemes.get(name) else {
        match nearest(name, gateway.schemes.keys().map(String::as_str)) {
            Some(near) => bail!("there is no scheme `{name}`: did you mean `{near}`?"),
            None => bail!("there is no scheme `{name}`"),
        }
    };
    let SchemeKind::Jwt(jwt) = &scheme.kind else {
        bail!("scheme `{name}` is not one of tokens");
    };
    let key = development::key().map_err(|error| anyhow!(error))?;
    let now = Clock::default().now().seconds();
    let claims = claims(jwt, now, arguments).context("the token's time does not fit")?;
    output::print(format!("{}\n", development::token(&key, &claims)))?;
    Ok(Exit::Clean)
}

fn claims(jwt: &Jwt, now: u64, arguments: &Arguments) -> Option<Map<String, Value>> {
    let mut claims = Map::new();
    if let Some(issuer) = &jwt.issuer {
        claims.insert("iss".into(), issuer.as_str().into());
    }
    if let Some(audience) = jwt.audience.first() {
        let name = if jwt.cognito.is_some() {
            "client_id"
        } else {
            "aud"
        };
        claims.insert(name.into(), audience.as_str().into());
    }
    claims.insert("sub".into(), "developer".into());
    claims.insert("iat".into(), now.into());
    claims.insert(
        "exp".into(),
        now.checked_add(arguments.expires.0.div_ceil(1000))?.into(),
    );
    for (name, value) in &arguments.claims {
        claims.insert(name.clone(), value.clone());
    }
    Some(claims)
}
