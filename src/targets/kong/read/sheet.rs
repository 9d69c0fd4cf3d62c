//! TEXT -> VALUE: a declarative file with the places of what it says, and what of it is left over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::{Place, Severity, Spot};
use crate::source::{Document, Input, Pointer, ReadOptions, read};
use crate::targets::{Artefact, Leftover, Unreadable};

/// The file and what was found in it.
pub(in crate::targets::kong) struct Sheet {
    document: Document,
    /// Where pointers of the gateway stand in the file.
    pub places: BTreeMap<String, Spot>,
    /// What is not understood.
    pub leftovers: Vec<Leftover>,
}

impl Sheet {
    /// Opens the first artefact.
    pub fn open(artefacts: &[Artefact]) -> Result<Self, Unreadable> {
        let wrong = |message: String| Unreadable {
            spot: None,
            message,
        };
        let first = artefacts
            .first()
            .ok_or_else(|| wrong("there is no file".to_owned()))?;
        let text = String::from_utf8(first.content.clone())
            .map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
        let options = ReadOptions {
            input: Input::Text {
                name: first.path.clone(),
                text,
            },
            env: None,
            variables: &|_| None,
            services: Vec::new(),
        };
        let document = match read(&options) {
            Ok(document) => document,
            Err(failure) => {
                let last = failure.diagnostics.last();
                let message = last.map_or_else(
                    || "it is not YAML".to_owned(),
                    |found| found.message.clone(),
                );
                return Err(wrong(message));
            }
        };
        let sheet = Self {
            document,
            places: BTreeMap::new(),
            leftovers: Vec::new(),
        };
        let mut errors = sheet.document.diagnostics().iter();
        match errors.find(|found| found.severity == Severity::Error) {
            Some(found) => Err(Unreadable {
                spot: sheet.at(&found.place),
                message: found.message.clone(),
            }),
            None => Ok(sheet),
        }
    }

    /// The whole of it, which must be a declarative file.
    pub fn root(&self) -> Result<Value, Unreadable> {
        let value = self.document.decode::<Value>().value.unwrap_or_default();
        if value.get("_format_version").is_none() {
            let message = "it is no declarative file: `_format_version` is missing".to_owned();
            return Err(Unreadable {
                spot: None,
                message,
            });
        }
        Ok(value)
    }

    fn at(&self, place: &Place) -> Option<Spot> {
        let span = self.document.locate(place)?;
        let sources = self.document.sources();
        let (start, _) = sources.positions(span)?;
        Some(Spot {
            file: sources.get(span.file)?.name().to_owned(),
            line: start.line,
            column: start.column,
        })
    }

    /// Says where a pointer of the gateway stands; the first time counts.
    pub fn mark(&mut self, own: &Pointer, at: &Pointer) {
        if let Some(spot) = self.at(&Place::value(at.clone())) {
            self.places.entry(own.as_str().to_owned()).or_insert(spot);
        }
    }

    /// Something is not understood.
    pub fn leftover(&mut self, at: &Pointer, what: &str) {
        let spot = self.at(&Place::value(at.clone()));
        self.leftovers.push(Leftover {
            spot,
            text: what.to_owned(),
        });
    }

    /// Keys that nobody reads.
    pub fn unknown(&mut self, at: &Pointer, value: &Value, known: &[&str]) {
        // These say nothing about behaviour.
        const NOTES: [&str; 5] = ["id", "tags", "created_at", "updated_at", "instance_name"];
        for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
            if !known.contains(&key.as_str()) && !NOTES.contains(&key.as_str()) {
                self.leftover(&at.key(key), &format!("`{key}`"));
            }
        }
    }
}
