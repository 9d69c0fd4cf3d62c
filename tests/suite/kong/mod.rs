//! The Kong target against its schemas, its traps, a model of its sandbox and a model of its router.

mod emitted;
mod functions;
mod losses;
mod mutants;
mod router;
mod rules;
mod schema;
mod traps;

use std::path::{Path, PathBuf};
use std::process::Command;

use gateway_gen::ir::Gateway;
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::{Spec, Targets};
use gateway_gen::targets::Context;
use gateway_gen::targets::kong::lower::{Lowered, lower};
use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a spec for Kong into a folder of its own; `None` where the target was refused.
fn build(spec: &Path) -> Option<tempfile::TempDir> {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-gen"));
    command
        .arg("build")
        .arg(spec)
        .args(["-t", "kong", "-o"])
        .arg(out.path());
    for (name, value) in [
        ("UPSTREAM", "http://127.0.0.1:9"),
        ("BASE", "http://127.0.0.1:9"),
    ] {
        command.env(name, value);
    }
    command.output().unwrap();
    out.path().join("kong/kong.yaml").exists().then_some(out)
}

/// A document as an independent reader of YAML sees it.
fn yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn gateway(text: &str) -> Result<Gateway, String> {
    let options = ReadOptions {
        input: Input::Text {
            name: "gateway.yaml".into(),
            text: text.into(),
        },
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let document = read(&options).map_err(|error| format!("{error:?}"))?;
    let decoded = document.decode::<Spec>();
    let spec = decoded
        .value
        .ok_or_else(|| format!("{:#?}", decoded.diagnostics))?;
    let files = |path: &Path| std::fs::read(root().join("examples/jwt").join(path));
    let resolved = resolve(
        &spec,
        &document,
        &Options {
            secrets: Secrets::Reference,
            files: &files,
            complete: true,
        },
    );
    resolved
        .gateway
        .ok_or_else(|| format!("{:#?}", resolved.diagnostics))
}

/// A gateway's document, without any route closed.
fn lowered(gateway: &Gateway, settings: &Targets) -> Lowered {
    let closed = std::collections::BTreeSet::new();
    lower(
        gateway,
        &Context {
            settings,
            closed: &closed,
        },
    )
}

fn document(text: &str) -> Value {
    let gateway = gateway(text).unwrap();
    serde_json::to_value(lowered(&gateway, &Targets::default()).document).unwrap()
}
