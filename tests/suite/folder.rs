//! The output folder: replaced as a whole, with all that others put there left where it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gateway_gen::build::{Change, Folder, Plan, REPORT};

/// A plan whose report lists its files, as a build's does.
fn plan(files: &[(&str, &str)]) -> Plan {
    let mut plan: Plan = BTreeMap::new();
    let mut listed = Vec::new();
    for (path, content) in files {
        plan.insert((*path).to_owned(), content.as_bytes().to_vec());
        let target = path.split('/').next().unwrap();
        listed.push(serde_json::json!({ "target": target, "path": path, "bytes": content.len(), "sha256": "" }));
    }
    let report = serde_json::json!({ "tool": { "name": "gateway-gen" }, "artefacts": listed });
    plan.insert(REPORT.to_owned(), report.to_string().into_bytes());
    plan
}

fn write(dir: &Path, files: &[(&str, &str)], targets: &[&str]) {
    Folder::open(dir)
        .unwrap()
        .write(&plan(files), targets)
        .unwrap();
}

/// Every file below a folder with its content.
fn tree(dir: &Path) -> BTreeMap<String, String> {
    fn walk(dir: &Path, below: &str, out: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), out);
            } else if name != REPORT {
                out.insert(name, fs::read_to_string(entry.path()).unwrap_or_default());
            }
        }
    }
    let mut out = BTreeMap::new();
    walk(dir, "", &mut out);
    out
}

fn names(dir: &Path) -> Vec<String> {
    tree(dir).into_keys().collect()
}

#[test]
fn a_second_build_replaces_what_the_first_wrote_and_leaves_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let dist = dir.path().join("deep/dist");
    write(
        &dist,
        &[("nginx/nginx.conf", "1"), ("nginx/njs/a.js", "1")],
        &["nginx"],
    );
    write(
        &dist,
        &[("nginx/nginx.conf", "2"), ("nginx/b/c", "2")],
        &["nginx"],
    );
    assert_eq!(names(&dist), ["nginx/b/c", "nginx/nginx.conf"]);
    assert_eq!(tree(&dist)["nginx/nginx.conf"], "2");
}

#[test]
fn what_others_put_into_the_folder_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let dist = dir.path();
    fs::create_dir_all(dist.join("notes")).unwrap();
    fs::write(dist.join("notes/mine.txt"), "mine").unwrap();
    write(
        dist,
        &[("nginx/nginx.conf", "1"), ("nginx/njs/a.js", "1")],
        &["nginx"],
    );
    // A running engine keeps its own files beside its configuration.
    fs::create_dir_all(dist.join("nginx/logs")).unwrap();
    fs::write(dist.join("nginx/logs/access.log"), "log").unwrap();
    fs::write(dist.join("nginx/njs/own.js"), "own").unwrap();
    write(dist, &[("nginx/nginx.conf", "2")], &["nginx"]);
    let kept = [
        "nginx/logs/access.log",
        "nginx/nginx.conf",
        "nginx/njs/own.js",
        "notes/mine.txt",
    ];
    assert_eq!(names(dist), kept);
    // The target fails: what the build wrote goes, the rest stays.
    write(dist, &[], &["nginx"]);
    assert_eq!(
        names(dist),
        [
            "nginx/logs/access.log",
            "nginx/njs/own.js",
            "notes/mine.txt"
        ]
    );
}

#[test]
fn a_failed_target_leaves_no_folder_and_other_targets_stay() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[("nginx/nginx.conf", "1"), ("kong/kong.yaml", "1")],
        &["nginx", "kong"],
    );
    write(dir.path(), &[("nginx/nginx.conf", "2")], &["nginx", "kong"]);
    assert_eq!(names(dir.path()), ["nginx/nginx.conf"]);
    assert!(!dir.path().join("kong").exists());
}

#[test]
fn files_that_build_did_not_write_are_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("nginx")).unwrap();
    fs::write(dir.path().join("nginx/nginx.conf"), "by hand").unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let error = folder.write(
        &plan(&[("nginx/nginx.conf", "1"), ("kong/kong.yaml", "1")]),
        &["nginx", "kong"],
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("was not written by build")
    );
    assert_eq!(tree(dir.path())["nginx/nginx.conf"], "by hand");
    assert_eq!(
        names(dir.path()),
        ["nginx/nginx.conf"],
        "nothing else was written either"
    );
}

#[test]
fn a_report_of_another_program_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(REPORT), "{\"tests\": 5}").unwrap();
    let error = Folder::open(dir.path()).unwrap_err();
    assert!(error.to_string().contains("was not written by gateway-gen"));
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_neither_followed_nor_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (dist, outside) = (dir.path().join("dist"), dir.path().join("outside"));
    fs::create_dir_all(&dist).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("nginx.conf"), "outside").unwrap();
    std::os::unix::fs::symlink(&outside, dist.join("nginx")).unwrap();
    let folder = Folder::open(&dist).unwrap();
    let error = folder
        .write(&plan(&[("nginx/nginx.conf", "1")]), &["nginx"])
        .unwrap_err();
    assert!(error.to_string().contains("is in the way"), "{error:#}");
    assert_eq!(
        fs::read_to_string(outside.join("nginx.conf")).unwrap(),
        "outside"
    );

    fs::remove_file(dist.join("nginx")).unwrap();
    write(&dist, &[("nginx/nginx.conf", "1")], &["nginx"]);
    std::os::unix::fs::symlink(&outside, dist.join("nginx/logs")).unwrap();
    write(&dist, &[("nginx/nginx.conf", "2")], &["nginx"]);
    assert!(
        fs::symlink_metadata(dist.join("nginx/logs"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(
        fs::read_to_string(outside.join("nginx.conf")).unwrap(),
        "outside"
    );
}

#[test]
fn a_report_that_was_tampered_with_removes_nothing_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let dist = dir.path().join("dist");
    fs::create_dir_all(&dist).unwrap();
    fs::write(dir.path().join("precious"), "here").unwrap();
    let listed = serde_json::json!([{ "target": "nginx", "path": "nginx/../../precious", "bytes": 1, "sha256": "" }]);
    let report = serde_json::json!({ "tool": { "name": "gateway-gen" }, "artefacts": listed });
    fs::write(dist.join(REPORT), report.to_string()).unwrap();
    write(&dist, &[], &["nginx"]);
    assert!(dir.path().join("precious").exists());
}

#[test]
fn a_comparison_names_each_difference() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[("nginx/a", "1"), ("nginx/b", "1"), ("nginx/c", "1")],
        &["nginx"],
    );
    let folder = Folder::open(dir.path()).unwrap();
    let same = plan(&[("nginx/a", "1"), ("nginx/b", "1"), ("nginx/c", "1")]);
    assert_eq!(folder.compare(&same, &["nginx"]).unwrap(), []);
    let mut other = plan(&[("nginx/a", "1"), ("nginx/b", "2"), ("nginx/d", "1")]);
    other.remove(REPORT);
    let path = |name: &str| format!("nginx/{name}");
    let wanted = [
        Change::Different(path("b")),
        Change::Missing(path("d")),
        Change::LeftOver(path("c")),
    ];
    assert_eq!(folder.compare(&other, &["nginx"]).unwrap(), wanted);
}

#[test]
fn a_folder_that_can_not_be_written_keeps_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(Folder::open(&file).is_err());
    let below = Folder::open(&file.join("dist"))
        .and_then(|folder| folder.write(&plan(&[("nginx/a", "1")]), &["nginx"]));
    assert!(below.is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "x");
}

#[test]
fn nothing_temporary_is_left() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &[("nginx/a", "1")], &["nginx"]);
    write(dir.path(), &[("nginx/a", "2")], &["nginx"]);
    let found: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(found, Vec::<String>::new());
}
