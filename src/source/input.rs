//! Bytes from a file or stdin -> text: size, encoding and byte order marks.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::sources::{Sources, offset};
use super::{FileId, Pointer, Span, codes};
use crate::report::{Code, Diagnostic, Place};

/// All files of a spec together may have so many bytes.
pub const MAX_BYTES: usize = 256 << 20;

/// Where the spec comes from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Text that was read elsewhere, such as stdin; files it names are relative to the current folder.
    Text {
        /// What to call it in reports.
        name: String,
        /// The text.
        text: String,
    },
    /// Bytes that were read elsewhere and need not be text, such as stdin.
    Bytes {
        /// What to call them in reports.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// Reads from stdin or another stream, stopping at the cap.
    ///
    /// # Errors
    /// The stream can't be read.
    pub fn from_reader(name: &str, reader: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(Self::Bytes {
            name: name.to_owned(),
            bytes,
        })
    }
}

/// Reads a file into `sources`, stopping at the cap.
///
/// # Errors
/// It can't be opened or read, is too big, or is not UTF-8 text.
pub(super) fn load(
    sources: &mut Sources,
    edited: &HashMap<PathBuf, String>,
    path: &Path,
    place: &Place,
) -> Result<FileId, Box<Diagnostic>> {
    if let Some(text) = edited.get(path) {
        let room = MAX_BYTES.saturating_sub(sources.total_bytes());
        let bytes = text.clone().into_bytes();
        return add(
            sources,
            path.display().to_string(),
            Some(path.to_owned()),
            bytes,
            room,
        );
    }
    let unreadable = |error: io::Error| {
        let message = format!("can't read `{}`: {}", path.display(), reason(&error));
        Box::new(Diagnostic::error(codes::UNREADABLE, place.clone(), message))
    };
    let room = MAX_BYTES.saturating_sub(sources.total_bytes());
    let file = File::open(path).map_err(unreadable)?;
    let name = path.display().to_string();
    // A file that says it is too big is not read at all; pipes and growing files are cut off.
    let size = file.metadata().map_err(unreadable)?.len();
    if size > room as u64 {
        return Err(too_big(sources, name, Some(path.to_owned())));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(room as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    add(sources, name, Some(path.to_owned()), bytes, room)
}

fn too_big(sources: &mut Sources, name: String, path: Option<PathBuf>) -> Box<Diagnostic> {
    let message = format!("`{name}` is too big: a spec and all it includes may have 256 MB");
    let file = sources.add(name, path, String::new());
    Box::new(at(file, 0, 0, codes::TOO_BIG, message))
}

/// Adds text that is in memory already.
///
/// # Errors
/// It is too big or not UTF-8 text.
pub(super) fn add(
    sources: &mut Sources,
    name: String,
    path: Option<PathBuf>,
    bytes: Vec<u8>,
    room: usize,
) -> Result<FileId, Box<Diagnostic>> {
    if bytes.len() > room {
        return Err(too_big(sources, name, path));
    }
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, _, ..] | [_, 0, _, 0, ..] =
        bytes.as_slice()
    {
        let file = sources.add(name.clone(), path, String::new());
        let message = format!("`{name}` is UTF-16 or UTF-32, not UTF-8");
        return Err(Box::new(
            at(file, 0, 0, codes::ENCODING, message).help("save it as UTF-8"),
        ));
    }
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            let file = sources.add(name, path, text);
            nul(sources, file).map_or(Ok(file), Err)
        }
        Err(error) => {
            let start = error.utf8_error().valid_up_to();
            let byte = error.as_bytes()[start];
            // The replacement keeps everything before the bad byte where it was.
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let file = sources.add(name, path, text);
            let line = sources
                .get(file)
                .map_or(1, |source| source.position(offset(start)).line);
            let message = format!("not UTF-8: byte 0x{byte:02x} at offset {start}, line {line}");
            Err(Box::new(
                at(
                    file,
                    start,
                    start + '\u{fffd}'.len_utf8(),
                    codes::ENCODING,
                    message,
                )
                .help("save the file as UTF-8"),
            ))
        }
    }
}

fn nul(sources: &Sources, file: FileId) -> Option<Box<Diagnostic>> {
    let text = sources.get(file)?.text();
    let start = text.bytes().position(|byte| byte == 0)?;
    let message = format!("a NUL byte at offset {start}");
    Some(Box::new(
        at(file, start, start + 1, codes::ENCODING, message)
            .help("a spec is text: is this the right file?"),
    ))
}

fn at(file: FileId, start: usize, end: usize, code: Code, message: String) -> Diagnostic {
    let span = Span {
        file,
        start: offset(start),
        end: offset(end),
    };
    Diagnostic::error(
        code,
        Place::Text {
            pointer: Pointer::root(),
            span,
        },
        message,
    )
}

/// The system's reason without its number.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_lowercase()
        }
    }
}
