//! A panic -> a kind message and exit code 2: a mistake of the program is not the user's.

use std::panic;

use super::output;

/// Replaces the standard panic message; a backtrace is still to be had with `RUST_BACKTRACE=1`.
pub fn install() {
    let standard = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            standard(info);
        }
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let what = info.payload_as_str().unwrap_or("no message");
        output::say(&format!(
            "internal error: {what}{place}\n\
             help: this is a mistake in gateway-gen {}, not in your spec; please report it with this line. Nothing was written.\n",
            env!("CARGO_PKG_VERSION")
        ));
        // Threads of the runtime may panic without ending the process: a half-working gateway helps nobody.
        std::process::exit(2);
    }));
}
