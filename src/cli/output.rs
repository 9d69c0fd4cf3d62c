//! Text -> stdout, stderr or a file: data and messages apart, colours where they are wanted, a closed pipe no error.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context, Result};

use crate::report::human::Style;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

impl Colour {
    /// Makes it hold for this process.
    pub fn apply(self) {
        CHOSEN.store(self as u8, Ordering::Relaxed);
    }
}

/// Whether what goes to stderr is coloured.
#[must_use]
pub fn coloured() -> bool {
    match CHOSEN.load(Ordering::Relaxed) {
        1 => true,
        2 => false,
        _ => {
            // https://no-color.org: set and not empty.
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            !refused && io::stderr().is_terminal()
        }
    }
}

/// How words for people look on stderr.
#[must_use]
pub fn style() -> Style {
    Style {
        color: coloured(),
        ..Style::default()
    }
}

/// Writes data to stdout.
///
/// # Errors
/// stdout can't be written; a closed pipe is seen as success by [`super::exit::Exit::from_error`].
pub fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_ref())?;
    stdout.flush()?;
    Ok(())
}

/// Writes a message to stderr. When that is closed there is nobody left to tell.
pub fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

/// Writes a whole file at once, or nothing; what is not a plain file (`/dev/stdout`, a pipe) is written through.
///
/// # Errors
/// The file can't be written.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let failed = || format!("can't write `{}`", path.display());
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::write(path, content).with_context(failed);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .permissions(permissions(path))
        .tempfile_in(folder)
        .with_context(failed)?;
    file.write_all(content).with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

/// Those of the file that is replaced, or what any new file gets.
fn permissions(path: &Path) -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).map_or_else(
        |_| fs::Permissions::from_mode(0o666),
        |found| found.permissions(),
    )
}
