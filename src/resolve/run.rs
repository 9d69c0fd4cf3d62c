//! One resolving: what it reads, what it has found so far, and how it points at the spec.

use std::cell::{Cell, RefCell};

use super::Options;
use crate::report::{Code, Diagnostic, Place, Severity};
use crate::source::{Document, Pointer, Span, nearest};
use crate::spec::Spec;

/// What every section's resolver is given.
pub(super) struct Run<'a> {
    pub spec: &'a Spec,
    pub document: &'a Document,
    pub options: &'a Options<'a>,
    pub found: RefCell<Vec<Diagnostic>>,
    pub unreadable: Cell<bool>,
}

/// A text for a message: control characters escaped, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 100;
    let mut shown = String::new();
    for c in text.chars().take(MOST) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

/// What is wrong with a text, and with which part of it.
pub(super) struct Wrong<'t> {
    pub message: String,
    pub help: String,
    pub part: Option<&'t str>,
}

impl<'t> Wrong<'t> {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            part: None,
        }
    }

    pub fn at(mut self, part: &'t str) -> Self {
        self.part = Some(part);
        self
    }
}

impl Run<'_> {
    /// Reports what is wrong with a part of the text that stands at `place`.
    pub fn wrong(&self, code: Code, place: Place, whole: &str, wrong: Wrong<'_>) {
        let place = match wrong.part {
            Some(part) => self.part_of(place, whole, part),
            None => place,
        };
        self.say(Diagnostic::error(code, place, wrong.message).help(wrong.help));
    }

    pub fn say(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// An error at a value, with its remedy.
    pub fn error(&self, code: Code, at: &Pointer, message: String, help: &str) {
        self.say(Diagnostic::error(code, Place::value(at.clone()), message).help(help));
    }

    /// An error at a key, with its remedy.
    pub fn error_key(&self, code: Code, at: &Pointer, message: String, help: &str) {
        self.say(Diagnostic::error(code, Place::key(at.clone()), message).help(help));
    }

    pub fn has_errors(&self) -> bool {
        let found = self.found.borrow();
        found.iter().any(|d| d.severity == Severity::Error)
    }

    /// The part of a scalar (or of a key) that `wrong`, a slice of `whole`, takes; all of it where the text is written
    /// with escapes, so that bytes do not correspond.
    pub fn part_of(&self, place: Place, whole: &str, wrong: &str) -> Place {
        let Place::Node { pointer, .. } = &place else {
            return place;
        };
        let start = (wrong.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let Some(span) = self
            .document
            .locate(&place)
            .filter(|_| start <= whole.len())
        else {
            return place;
        };
        let text = self.document.sources().slice(span);
        let Some(quote) = text.find(whole).filter(|at| *at <= 1 && !wrong.is_empty()) else {
            return place;
        };
        let (Ok(from), Ok(length)) = (u32::try_from(quote + start), u32::try_from(wrong.len()))
        else {
            return place;
        };
        let start = span.start + from;
        Place::Text {
            pointer: pointer.clone(),
            span: Span {
                start,
                end: start + length,
                ..span
            },
        }
    }

    /// Whether the text has a key (perhaps misspelt) that the decoded spec lacks: its mistake was reported, so its
    /// absence is not another one.
    pub fn was_written(&self, at: &Pointer, key: &str) -> bool {
        !self.options.complete
            && (self.document.has(&at.key(key))
                || self
                    .document
                    .keys(at)
                    .any(|written| nearest(written, [key]).is_some()))
    }

    /// The item of a list that has this text.
    pub fn spec_index(&self, list: &Pointer, text: &str) -> Pointer {
        let mut items = (0..).map(|index| list.index(index));
        items
            .find(|item| self.document.text(item).is_none_or(|found| found == text))
            .unwrap_or_else(|| list.clone())
    }

    /// Reports a name that nothing defines, unless its definition was left out because of a mistake of its own.
    pub fn unknown(&self, code: Code, place: Place, kind: &str, name: &str, section: &str) {
        let section_at = Pointer::root().key(section);
        if self.document.has(&section_at.key(name)) {
            return;
        }
        let known: Vec<&str> = self.document.keys(&section_at).collect();
        let message = format!("there is no {kind} `{name}`");
        let help = match (nearest(name, known.iter().copied()), known.len()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, 0) => format!("define it under `{section}`"),
            (None, 1..=8) => {
                let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                format!("`{section}` has {}; or define it there", known.join(", "))
            }
            (None, _) => format!("define it under `{section}`"),
        };
        self.say(Diagnostic::error(code, place, message).help(help));
    }
}
