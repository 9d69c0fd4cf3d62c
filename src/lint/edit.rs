//! An intended change of the spec -> edits of its text that keep comments, order and style.

use serde_json::Value;

use crate::report::{Edit, Place};
use crate::source::{Document, Pointer, Span};

/// Makes edits. Each function answers `None` where the text does not allow a plain edit (an alias, a
/// comment in the way, a map put together from several files); the finding then has no fix.
#[derive(Clone, Copy)]
pub struct Editor<'d> {
    document: &'d Document,
}

/// How a map is written.
enum Style {
    /// One entry a line, indented by so many spaces.
    Block { indent: usize },
    /// In braces; the entries stand on lines of their own with this text before them, or on one line.
    Flow { lines: Option<String>, json: bool },
}

impl<'d> Editor<'d> {
    /// For this text.
    #[must_use]
    pub fn new(document: &'d Document) -> Self {
        Self { document }
    }

    /// Makes the node at `pointer` be `value`, creating the maps around it where they are missing.
    #[must_use]
    pub fn set(&self, pointer: &Pointer, value: &Value) -> Option<Vec<Edit>> {
        if self.document.has(pointer) {
            return self.replace(pointer, value);
        }
        let mut around = pointer.parent()?;
        let mut steps: Vec<String> = pointer.steps().collect();
        let mut key = steps.pop()?;
        let mut value = value.clone();
        while !self.document.has(&around) {
            value = Value::Object([(key, value)].into_iter().collect());
            key = steps.pop()?;
            around = around.parent()?;
        }
        self.insert(&around, &key, &value)
    }

    /// Replaces the value at `pointer`.
    #[must_use]
    pub fn replace(&self, pointer: &Pointer, value: &Value) -> Option<Vec<Edit>> {
        let span = self.own_value(pointer)?;
        // What a variable fills in is decided elsewhere.
        if self.slice(span).contains("${env:") {
            return None;
        }
        let json = self.slice(span).starts_with('"') && self.is_json(pointer);
        let text = print(value, json);
        Some(vec![Edit { span, text }])
    }

    /// Puts a new entry behind the last one of the map at `map`.
    #[must_use]
    pub fn insert(&self, map: &Pointer, key: &str, value: &Value) -> Option<Vec<Edit>> {
        let whole = self.value(map)?;
        let text = self.slice(whole);
        let is_flow = text.starts_with('{');
        let Some(last) = self.document.keys(map).last() else {
            // An empty map in braces, or nothing that is a map.
            let at = at(whole, whole.start + 1);
            let inner = text.strip_prefix('{')?.strip_suffix('}')?.trim();
            let entry = format!(" {}: {} ", print_key(key, false), print(value, false));
            return inner.is_empty().then(|| {
                vec![Edit {
                    span: at,
                    text: entry,
                }]
            });
        };
        match self.style(map, whole, is_flow)? {
            Style::Block { indent } => {
                let end = self.line_end(whole);
                let indent = " ".repeat(indent);
                let text = format!(
                    "\n{indent}{}: {}",
                    print_key(key, false),
                    print(value, false)
                );
                Some(vec![Edit {
                    span: at(whole, end),
                    text,
                }])
            }
            Style::Flow { lines, json } => {
                let last = self.own_value(&map.key(last))?;
                let inside =
                    last.file == whole.file && last.start > whole.start && last.end < whole.end;
                let before = lines.map_or_else(|| ", ".to_owned(), |indent| format!(",\n{indent}"));
                let text = format!("{before}{}: {}", print_key(key, json), print(value, json));
                inside.then(|| {
                    vec![Edit {
                        span: at(whole, last.end),
                        text,
                    }]
                })
            }
        }
    }

    /// Takes the entry at `pointer` away, and the map around it when nothing is left in it.
    #[must_use]
    pub fn remove(&self, pointer: &Pointer) -> Option<Vec<Edit>> {
        let map = pointer.parent()?;
        let whole = self.value(&map)?;
        let key = self.key(pointer)?;
        let value = self.own_value(pointer)?;
        let name = pointer.steps().last()?;
        let names: Vec<&str> = self.document.keys(&map).collect();
        let index = names.iter().position(|other| *other == name)?;
        if self.slice(whole).starts_with('{') {
            return self.remove_flow(&map, whole, &names, index);
        }
        let beside = |name: &&str| {
            self.key(&map.key(name))
                .is_some_and(|other| other.file == key.file && other.start != key.start)
        };
        if !names.iter().any(beside) {
            return (whole.file == key.file && map != Pointer::root())
                .then(|| self.remove(&map))
                .flatten();
        }
        let text = self.text(key)?;
        let start = text[..key.start as usize]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        if !text[start..key.start as usize].trim().is_empty() {
            let next = self.key(&map.key(names.get(index + 1)?))?;
            return Some(vec![cut(key, key.start, next.start)]);
        }
        let end = self.line_end(value) as usize;
        let end = if text[end..].starts_with('\n') {
            end + 1
        } else {
            end
        };
        Some(vec![cut(key, offset(start), offset(end))])
    }

    fn remove_flow(
        &self,
        map: &Pointer,
        whole: Span,
        names: &[&str],
        index: usize,
    ) -> Option<Vec<Edit>> {
        let pointer = map.key(names[index]);
        let (key, value) = (self.key(&pointer)?, self.own_value(&pointer)?);
        let edit = if names.len() == 1 {
            cut(whole, whole.start + 1, whole.end - 1)
        } else if let Some(next) = names.get(index + 1) {
            cut(whole, key.start, self.key(&map.key(next))?.start)
        } else {
            let before = self.own_value(&map.key(names[index - 1]))?;
            cut(whole, before.end, value.end)
        };
        // A comment in the removed text would be lost.
        let part = |start: u32, end: u32| {
            self.slice(Span {
                start,
                end: end.max(start),
                ..key
            })
        };
        let before = part(edit.span.start, key.start);
        let behind = part(value.end, edit.span.end);
        let lost = before.contains('#') || behind.contains('#');
        (edit.span.start < edit.span.end && !lost).then(|| vec![edit])
    }

    /// Takes one item of a list of scalars in brackets away; the whole entry where it was the only one.
    #[must_use]
    pub fn remove_item(&self, list: &Pointer, index: usize) -> Option<Vec<Edit>> {
        let whole = self.value(list)?;
        let item = |n: usize| {
            let pointer = list.index(n);
            self.document.has(&pointer).then(|| self.value(&pointer))?
        };
        let this = item(index)?;
        match (item(index + 1), index.checked_sub(1).and_then(item)) {
            (None, None) => self.remove(list),
            _ if !self.slice(whole).starts_with('[') => {
                let text = self.text(this)?;
                let start = text[..this.start as usize]
                    .rfind('\n')
                    .map_or(0, |end| end + 1);
                let dash = text[start..this.start as usize].trim() == "-";
                let end = self.line_end(this) as usize;
                let end = if text[end..].starts_with('\n') {
                    end + 1
                } else {
                    end
                };
                dash.then(|| vec![cut(this, offset(start), offset(end))])
            }
            (Some(next), _) => Some(vec![cut(this, this.start, next.start)]),
            (None, Some(before)) => Some(vec![cut(this, before.end, this.end)]),
        }
    }

    fn style(&self, map: &Pointer, whole: Span, is_flow: bool) -> Option<Style> {
        let first = self.document.keys(map).next()?;
        let key = self.key(&map.key(first))?;
        if key.file != whole.file || key.start < whole.start || key.end > whole.end {
            return None;
        }
        let text = self.text(whole)?;
        let line = text[..key.start as usize]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let before = &text[line..key.start as usize];
        if !is_flow {
            // A value that an alias shares starts elsewhere; its map must begin with its own first key.
            let indent = before.chars().count();
            return (key.start == whole.start).then_some(Style::Block { indent });
        }
        let own_line = before.trim().is_empty() && line > whole.start as usize;
        Some(Style::Flow {
            lines: own_line.then(|| before.to_owned()),
            json: self.slice(key).starts_with('"'),
        })
    }

    /// Whether the map around is written as JSON.
    fn is_json(&self, pointer: &Pointer) -> bool {
        self.key(pointer)
            .is_some_and(|key| self.slice(key).starts_with('"'))
    }

    fn key(&self, pointer: &Pointer) -> Option<Span> {
        self.document
            .has(pointer)
            .then(|| self.document.locate(&Place::key(pointer.clone())))?
    }

    fn value(&self, pointer: &Pointer) -> Option<Span> {
        self.document
            .has(pointer)
            .then(|| self.document.locate(&Place::value(pointer.clone())))?
    }

    /// The value's bytes, if they stand behind its own key and not where an alias points.
    fn own_value(&self, pointer: &Pointer) -> Option<Span> {
        let (key, value) = (self.key(pointer)?, self.value(pointer)?);
        if key == value {
            return Some(value);
        }
        let between = Span {
            start: key.end,
            end: value.start,
            ..key
        };
        let own = key.file == value.file
            && key.end <= value.start
            && !self.slice(between).contains(['*', '&', ',', '\n'])
            || self.is_block_value(key, value);
        own.then_some(value)
    }

    /// A map or list that starts on a line below its key.
    fn is_block_value(&self, key: Span, value: Span) -> bool {
        let between = Span {
            start: key.end,
            end: value.start,
            ..key
        };
        let between = self.slice(between);
        let first = between.lines().next().unwrap_or_default();
        let first = first.split('#').next().unwrap_or_default();
        key.file == value.file && key.end <= value.start && first.trim() == ":" && {
            between
                .lines()
                .skip(1)
                .all(|line| matches!(line.trim().chars().next(), None | Some('#' | '-')))
        }
    }

    fn slice(&self, span: Span) -> &'d str {
        self.document.sources().slice(span)
    }

    fn text(&self, span: Span) -> Option<&'d str> {
        self.document
            .sources()
            .get(span.file)
            .map(|source| source.text())
    }

    /// The end of the line on which the node ends, before its line break.
    fn line_end(&self, node: Span) -> u32 {
        let text = self.text(node).unwrap_or_default();
        let from = node.end as usize;
        let rest = text.get(from..).unwrap_or_default();
        let line = rest.find('\n').unwrap_or(rest.len());
        let line = if rest[..line].ends_with('\r') {
            line - 1
        } else {
            line
        };
        offset(from + line)
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn at(within: Span, offset: u32) -> Span {
    Span {
        start: offset,
        end: offset,
        ..within
    }
}

fn cut(within: Span, start: u32, end: u32) -> Edit {
    Edit {
        span: Span {
            start,
            end,
            ..within
        },
        text: String::new(),
    }
}

fn print_key(key: &str, json: bool) -> String {
    print(&Value::String(key.to_owned()), json)
}

/// A value on one line, as YAML in flow style or as JSON.
fn print(value: &Value, json: bool) -> String {
    match value {
        _ if json => value.to_string(),
        Value::String(text) if is_plain(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| print(item, json)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", print_key(key, json), print(value, json)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// Whether YAML reads the text as this very string without quotes, in any style and version.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && text.parse::<f64>().is_err()
        && !text.starts_with("0x")
        && !text.starts_with("0o")
        && !text.ends_with('-')
}
