//! What the Kong target says that Kong does otherwise.

/// The losses that a spec has on Kong, as `build` says them.
fn losses(spec: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.yaml");
    std::fs::write(&file, spec).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_gateway-gen"))
        .arg("build")
        .arg(&file)
        .args(["-t", "kong", "--format", "json", "-o"])
        .arg(folder.path().join("dist"))
        .output()
        .unwrap();
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[test]
fn trap_a_placeholder_is_a_working_secret_and_a_counter_is_one_of_its_route() {
    let auth = "auth:\n  t: { jwt: { issuer: \"https://i/\", keys: { secret: \"secret://s\" }, algorithms: [HS256] } }\n  k: { api_key: { header: X-Key } }\n  q: { api_key: { query: key } }\n";
    let spec = |route: &str, kong: &str| {
        losses(&format!(
            "version: 1\nname: traps\n{auth}services: {{ s: \"http://s:80\" }}\nroutes:\n  {route}\n{kong}"
        ))
    };
    let without = "targets: { kong: { functions: false } }\n";
    assert!(spec("GET /a: { to: s, auth: t }", without).contains("secret-placeholder"));
    assert!(!spec("GET /a: { to: s, auth: t }", "").contains("secret-placeholder"));
    assert!(spec("GET /a: { to: s, auth: { all: [t, k] } }", "").contains("secret-placeholder"));
    assert!(spec("GET /a: { to: s, auth: { any: [q, k] } }", "").contains("key-place"));
    assert!(
        spec(
            "/a: { to: s, auth: none, limit: { rate: 5/s, per: client_ip } }",
            ""
        )
        .contains("limit-methods")
    );
    assert!(
        !spec(
            "GET /a: { to: s, auth: none, limit: { rate: 5/s, per: client_ip } }",
            ""
        )
        .contains("limit-methods")
    );
}
