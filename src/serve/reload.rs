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
pub fn watch(
    shared: Arc<Shared>,
    options: Options,
    mut load: Loader,
    files: Vec<(PathBuf, Vec<u8>)>,
) {
    // Listed before the thread runs: what appears from now on is news.
    let mut read = Read::new(files);
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
        let mut watched = BTreeSet::new();
        // What was last tried: a spec that cannot be read is not read again until it changes.
        let mut tried = None;
        loop {
            follow(&mut watcher, &mut watched, read.files());
            let now = read.on_disk();
            if now != read.contents && tried.as_ref() != Some(&now) {
                tried = Some(now);
                if let Some(files) = reload(&shared, &options, &mut load) {
                    read = Read::new(files);
                }
                continue;
            }
            // The pause bounds how long a missed event can matter.
            match told.recv_timeout(Duration::from_secs(2)) {
                Ok(()) => while told.recv_timeout(SETTLED).is_ok() {},
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// Puts the changed spec in force and gives what was read, or leaves the old one.
fn reload(
    shared: &Arc<Shared>,
    options: &Options,
    load: &mut Loader,
) -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let Loaded::Ready(ready) = load() else {
        say("the old spec stays in force");
        return None;
    };
    let super::Ready { gateway, files } = *ready;
    match prepare(gateway, options, Some(&shared.live())) {
        Ok(live) => {
            shared.replace(live);
            say("reloaded");
            Some(files)
        }
        Err(error) => {
            say(&format!("the old spec stays in force: {error}"));
            None
        }
    }
}

type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// What the spec in force was read from.
struct Read {
    contents: Contents,
}

impl Read {
    fn new(files: Vec<(PathBuf, Vec<u8>)>) -> Self {
        let mut contents = Contents::new();
        for (file, content) in files {
            if let Some((place, listing)) = listing(&file) {
                contents.insert(place, Some(listing));
            }
            contents.insert(file, Some(content));
        }
        Self { contents }
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let names = self.contents.keys().map(PathBuf::as_path);
        names.filter(|file| !file.ends_with("*"))
    }

    fn on_disk(&self) -> Contents {
        let mut all = Contents::new();
        for file in self.files() {
            // A byte order mark is no part of what was read.
            let read =
                std::fs::read(file)
                    .ok()
                    .map(|bytes| match bytes.strip_prefix(b"\xef\xbb\xbf") {
                        Some(text) => text.to_vec(),
                        None => bytes,
                    });
            all.insert(file.to_owned(), read);
            if let Some((place, listing)) = listing(file) {
                all.insert(place, Some(listing));
            }
        }
        all
    }
}

/// The names of specs in a file's folder: a new one may be what an `include: [routes/*.yaml]` takes.
fn listing(file: &Path) -> Option<(PathBuf, Vec<u8>)> {
    let folder = file.parent()?;
    let entries = std::fs::read_dir(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    });
    let is_spec = |name: &std::ffi::OsString| {
        let ending = Path::new(name).extension();
        ending.is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
    };
    let names = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut names: Vec<_> = names.filter(is_spec).collect();
    names.sort();
    let text = names
        .iter()
        .flat_map(|name| name.as_encoded_bytes().iter().chain(b"\n"));
    Some((folder.join("*"), text.copied().collect()))
}

fn follow<'f>(
    watcher: &mut impl Watcher,
    watched: &mut BTreeSet<PathBuf>,
    files: impl Iterator<Item = &'f Path>,
) {
    for folder in files.filter_map(Path::parent) {
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
