//! `diff` as scripts see it: sides, exit codes, formats, revisions.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cli::{exits, run, run_in, stderr, stdout};

const LEFT: &str = "version: 1
name: t
services: { a: \"http://a:3000\" }
routes:
  GET /x: { to: a, auth: none, limit: { rate: 10/s, burst: 9, per: client_ip } }
";

fn pair(folder: &Path, from: &str, to: &str) {
    fs::write(folder.join("left.yaml"), LEFT).unwrap();
    fs::write(folder.join("right.yaml"), LEFT.replace(from, to)).unwrap();
}

#[test]
fn a_spec_does_not_differ_from_itself() {
    let shop = "examples/shop/gateway.yaml";
    let output = run(&["diff", "spec", "spec", "--spec", shop]);
    exits(&output, 0);
    assert_eq!(stdout(&output), "no difference\n");
    exits(&run(&["diff", shop, shop, "--only", "cosmetic"]), 0);
}

#[test]
fn differences_stand_in_columns_with_their_places() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "rate: 10/s, burst: 9", "rate: 5/s, burst: 99");
    let output = run_in(dir.path(), &["diff", "left.yaml", "right.yaml"]);
    exits(&output, 1);
    let text = stdout(&output);
    let (table, rest) = text.split_once("\n\n").unwrap();
    assert_eq!(
        table,
        "route GET /x
  breaking     limit.rate   10/s -> 5/s  left.yaml:5:32 -> right.yaml:5:32
  operational  limit.burst  9 -> 99      left.yaml:5:32 -> right.yaml:5:32"
    );
    assert!(
        rest.starts_with("GET /x: limit 10/s burst 9, sent 10 times at once\n  curl "),
        "{text}"
    );
    assert!(
        rest.contains("\n  left:  429 ") && rest.contains("\n  right: reaches a /x"),
        "{text}"
    );
    assert!(
        rest.ends_with("\n2 differences: 1 breaking, 1 operational\n"),
        "{text}"
    );
    assert_eq!(stderr(&output), "");
}

#[test]
fn only_one_class_is_shown_and_decides_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "rate: 10/s", "rate: 5/s");
    let only = |class| {
        run_in(
            dir.path(),
            &["diff", "left.yaml", "right.yaml", "--only", class],
        )
    };
    exits(&only("breaking"), 1);
    exits(&only("weakens-security"), 0);
    exits(&only("weird"), 2);
}

#[test]
fn documents_hold_every_change() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "rate: 10/s", "rate: 5/s");
    let formatted = |format| {
        let output = run_in(
            dir.path(),
            &["diff", "left.yaml", "right.yaml", "--format", format],
        );
        exits(&output, 1);
        stdout(&output)
    };
    let json: serde_json::Value = serde_json::from_str(&formatted("json")).unwrap();
    assert_eq!(
        json["changes"],
        serde_json::json!([{
            "route": "GET /x", "subject": "route GET /x", "kind": "limit-lowered", "field": "limit.rate",
            "left": "10/s", "right": "5/s", "class": "breaking", "loss": null,
            "left_at": { "file": "left.yaml", "line": 5, "column": 32 },
            "right_at": { "file": "right.yaml", "line": 5, "column": 32 },
        }])
    );
    assert!(
        formatted("markdown").contains(
            "| `route GET /x` | `limit.rate` | `10/s` → `5/s` | breaking, limit-lowered |"
        )
    );
    assert_eq!(
        formatted("github"),
        "::warning file=right.yaml,line=5,col=32,title=breaking limit-lowered::route GET /x: limit.rate: \"10/s\" -> \"5/s\"\n"
    );
}

#[test]
fn a_side_that_is_nothing_or_mistaken_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "to: a", "to: b");
    let against = |side| run_in(dir.path(), &["diff", "left.yaml", side]);
    exits(&against("right.yaml"), 1);
    exits(&against("missing.yaml"), 2);
    exits(&against("ngnix"), 2);
    assert!(stderr(&against("ngnix")).contains("did you mean `nginx`"));
    exits(&against("git:"), 2);
    exits(&against("nginx:"), 2);
    exits(&against("git:main"), 2);
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@t.example"];
    let done = Command::new("git")
        .current_dir(folder)
        .args(identity)
        .args(arguments)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn a_revision_is_read_with_its_includes_and_nothing_of_the_repository_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("gateway");
    fs::create_dir(&at).unwrap();
    let spec = LEFT.replace("version: 1\n", "version: 1\ninclude: [more.yaml]\n");
    fs::write(at.join("gateway.yaml"), spec).unwrap();
    let more = "routes: { GET /more: { to: a, auth: none } }\n";
    fs::write(at.join("more.yaml"), more).unwrap();
    git(dir.path(), &["init", "-q", "-b", "main"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "one"]);
    let same = run_in(&at, &["diff", "git:main", "spec"]);
    exits(&same, 0);
    fs::write(at.join("more.yaml"), more.replace("/more", "/other")).unwrap();
    let index = fs::read(dir.path().join(".git/index")).unwrap();
    for side in [
        "git:main",
        "git:HEAD:gateway/gateway.yaml",
        "git:main:./gateway.yaml",
    ] {
        let output = run_in(&at, &["diff", side, "spec"]);
        exits(&output, 1);
        let text = stdout(&output);
        assert!(text.contains("routes  GET /more -> -"), "{text}");
        assert!(text.contains(":gateway/more.yaml:1:"), "{text}");
    }
    exits(&run_in(&at, &["diff", "git:--help", "spec"]), 2);
    exits(&run_in(&at, &["diff", "git:main:other.yaml", "spec"]), 2);
    assert_eq!(fs::read(dir.path().join(".git/index")).unwrap(), index);
    assert!(
        fs::read_to_string(at.join("more.yaml"))
            .unwrap()
            .contains("/other")
    );
}
