//! A spec changes on disk -> the new one is in force, or the old one stays.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use notify::{RecursiveMode, Watcher};

use super::options::Options;
use super::prepare::prepare;
use super::worker::Shared;
use super::{Loaded, Loader, say};

/// Editors write a file in several steps; they are waited for.
const SETTLED: Duration = Duration::from_millis(80);

/// Watches until the process ends. Folders are watched, not files: a file that is replaced by renaming is another file.
pub fn watch(shared: Arc<Shared>, options: Options, mut load: Loader, files: Vec<PathBuf>) {
    std::thread::spawn(move || {
        let (tell, told) = channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a file is an event too, and a reload reads them all.
            if event.is_ok_and(|event| !event.kind.is_access()) {
                let _ = tell.send(());
            }
        });
        let Ok(mut watcher) = watcher else {
            say("changes of the spec cannot be watched on this system");
            return;
        };
        let mut files = files;
        let mut watched = BTreeSet::new();
        follow(&mut watcher, &mut watched, &files);
        let mut seen = contents(&files);
        loop {
            // The pause bounds how long a missed event can matter.
            match told.recv_timeout(Duration::from_secs(2)) {
                Ok(()) => while told.recv_timeout(SETTLED).is_ok() {},
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = contents(&files);
            if now == seen {
                continue;
            }
            seen = now;
            match load() {
                Loaded::Ready(ready) => {
                    files = ready.files.clone();
                    follow(&mut watcher, &mut watched, &files);
                    seen = contents(&files);
                    match prepare(ready.gateway, &options, Some(&shared.live())) {
                        Ok(live) => {
                            shared.replace(live);
                            say("reloaded");
                        }
                        Err(error) => say(&format!("the old spec stays in force: {error}")),
                    }
                }
                Loaded::Wrong => say("the old spec stays in force"),
            }
        }
    });
}

fn follow(watcher: &mut impl Watcher, watched: &mut BTreeSet<PathBuf>, files: &[PathBuf]) {
    for folder in files.iter().filter_map(|file| file.parent()) {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        if watched.insert(folder.to_owned()) {
            // A folder that cannot be watched is still looked at every two seconds.
            let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
        }
    }
}

fn contents(files: &[PathBuf]) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    for file in files {
        all.insert(file.clone(), std::fs::read(file).ok());
        // A new file that an `include: [routes/*.yaml]` would take changes its folder's listing.
        if let Some(folder) = file.parent() {
            let mut names: Vec<_> = std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.file_name()))
                .filter(|name| {
                    Path::new(name)
                        .extension()
                        .is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
                })
                .collect();
            names.sort();
            let listing = names
                .iter()
                .flat_map(|n| n.as_encoded_bytes().iter().chain(b"\n"))
                .copied()
                .collect();
            all.insert(folder.join("*"), Some(listing));
        }
    }
    all
}
