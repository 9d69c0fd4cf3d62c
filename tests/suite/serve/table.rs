//! The table of requests that every engine answers alike, sent to serve.

use super::commands::{Program, program};
use crate::cases;
use crate::support::echo::Echo;

#[test]
fn every_request_of_the_table_is_answered_as_the_language_says() {
    let echo = Echo::start();
    let home = tempfile::tempdir().unwrap();
    let mut serve = program();
    serve.arg("serve").arg(cases::folder().join("gateway.yaml"));
    serve.args([
        "--listen",
        "127.0.0.1:0",
        "--console",
        "off",
        "--no-reload",
        "--secrets-file",
    ]);
    serve
        .arg(cases::folder().join("dev.secrets"))
        .env("XDG_CONFIG_HOME", home.path());
    serve.envs(cases::variables(&echo, "1.22"));
    let (_serve, address) = Program::start(serve);
    let failures = cases::failures(address, &echo);
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        cases::table().len(),
        failures.join("\n")
    );
}
