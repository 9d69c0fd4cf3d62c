//! The sources of functions in `templates/aws`, run by Node as AWS runs them.

use std::process::Command;

use super::skip;
use crate::generated::root;

#[test]
fn the_functions_do_in_node_what_they_say() {
    let script = root().join("tests/suite/aws/functions.mjs");
    let run = Command::new("node")
        .arg("--test")
        .arg(script)
        .env("SOURCES", root().join("templates/aws"))
        .output();
    let Ok(run) = run else {
        skip("node not found");
        return;
    };
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    assert!(
        said.contains("# pass 1") || said.contains("pass 1"),
        "{said}"
    );
}
