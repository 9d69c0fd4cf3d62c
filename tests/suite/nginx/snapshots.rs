//! What is made of every example, as files under `snapshots/nginx`; `UPDATE=1` rewrites them.

use std::collections::BTreeMap;
use std::path::Path;

use super::try_build;
use crate::generated::root;

fn contents(folder: &Path, below: &str, out: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            contents(&entry.path(), &format!("{name}/"), out);
        } else {
            out.insert(
                name,
                String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned(),
            );
        }
    }
}

#[test]
fn the_artefact_of_every_example_is_the_one_checked_in() {
    let update = std::env::var_os("UPDATE").is_some();
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let example = entry.unwrap().file_name().to_string_lossy().into_owned();
        let spec = root().join("examples").join(&example).join("gateway.yaml");
        let snapshot = root().join("snapshots/nginx").join(&example);
        let (mut made, mut kept) = (BTreeMap::new(), BTreeMap::new());
        if let Some(folder) = try_build(&spec, false) {
            contents(&folder.path().join("nginx"), "", &mut made);
        }
        contents(&snapshot, "", &mut kept);
        if !update {
            let differing: Vec<&String> = made
                .keys()
                .chain(kept.keys())
                .filter(|name| made.get(*name) != kept.get(*name))
                .collect();
            assert!(
                differing.is_empty(),
                "{example}: {differing:?} differ from {}; UPDATE=1 rewrites them",
                snapshot.display()
            );
            continue;
        }
        let _ = std::fs::remove_dir_all(&snapshot);
        for (name, content) in made {
            let path = snapshot.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
}
