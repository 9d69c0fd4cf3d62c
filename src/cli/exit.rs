//! What a run came to -> exit code, the same for every command.

use std::io;
use std::process::ExitCode;

use super::output;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to complain about.
    Clean,
    /// Findings at or above the threshold, a difference, or failed probes.
    Findings,
    /// Wrong usage, input that can't be read, or a mistake of the program itself.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failed => Self::from(2),
        }
    }
}

impl Exit {
    /// Says what went wrong. A reader that closed our pipe had enough: that is success.
    pub fn from_error(error: &anyhow::Error) -> Self {
        let closed = error.chain().any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
        });
        if closed {
            return Self::Clean;
        }
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        output::say(&format!("error: {}\n", causes.join(": ")));
        Self::Failed
    }
}
