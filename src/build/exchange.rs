//! Two paths of one file system change places in one step where the system can do that.

use std::io;
use std::path::Path;

/// Puts `new` where `old` is, and `old` where `new` was; both exist.
///
/// # Errors
/// The system refuses one of the renames; then both are where they were.
pub fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    if at_once(new, old) {
        return Ok(());
    }
    let aside = new.with_extension("aside");
    std::fs::rename(old, &aside)?;
    if let Err(error) = std::fs::rename(new, old) {
        std::fs::rename(&aside, old)?;
        return Err(error);
    }
    std::fs::rename(&aside, new)
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn at_once(new: &Path, old: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    // Some file systems don't know the flag: the two renames of `exchange` are the way then.
    renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn at_once(_: &Path, _: &Path) -> bool {
    false
}
