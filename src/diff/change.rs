//! Change: one difference between two gateways, and the collector that gathers them.

use std::fmt::Display;

use serde_json::Value;

use super::kind::Kind;
use crate::report::{self, Spot};
use crate::source::Pointer;

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The gateway as a whole.
    Gateway,
    /// A route by key (the left's where both have it).
    Route(String),
    /// A service by name.
    Service(String),
    /// A scheme by name.
    Scheme(String),
    /// A consumer by name.
    Consumer(String),
    /// A plan by name.
    Plan(String),
}

impl Subject {
    /// `route GET /a`, `service orders`, `gateway`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Gateway => "gateway".to_owned(),
            Self::Route(key) => format!("route {key}"),
            Self::Service(name) => format!("service {name}"),
            Self::Scheme(name) => format!("auth {name}"),
            Self::Consumer(name) => format!("consumer {name}"),
            Self::Plan(name) => format!("plan {name}"),
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// Which kind.
    pub kind: Kind,
    /// The key of the language, such as `limit.burst`.
    pub field: String,
    /// The left value in the language's units; none where there is none.
    pub left: Option<Value>,
    /// The right value.
    pub right: Option<Value>,
    /// Where the left stands.
    pub left_at: Option<Pointer>,
    /// Where the right stands.
    pub right_at: Option<Pointer>,
    /// The declared loss that explains it, where one does.
    pub loss: Option<String>,
}

impl Change {
    /// As reports hold it, with the places that both sides find.
    pub fn record(
        &self,
        left: impl FnOnce(&Pointer) -> Option<Spot>,
        right: impl FnOnce(&Pointer) -> Option<Spot>,
    ) -> report::Change {
        report::Change {
            route: match &self.subject {
                Subject::Route(key) => Some(key.clone()),
                _ => None,
            },
            subject: self.subject.title(),
            kind: self.kind.id.to_owned(),
            field: self.field.clone(),
            left: self.left.clone().unwrap_or(Value::Null),
            right: self.right.clone().unwrap_or(Value::Null),
            class: self.kind.class.name().to_owned(),
            loss: self.loss.clone(),
            left_at: self.left_at.as_ref().and_then(left),
            right_at: self.right_at.as_ref().and_then(right),
        }
    }
}

/// Gathers the changes of one subject.
pub(super) struct Collector<'c> {
    changes: &'c mut Vec<Change>,
    subject: Subject,
    at: (Option<Pointer>, Option<Pointer>),
}

impl<'c> Collector<'c> {
    pub(super) fn new(changes: &'c mut Vec<Change>, subject: Subject) -> Self {
        Self {
            changes,
            subject,
            at: (None, None),
        }
    }

    /// Where the next changes stand, on either side.
    pub(super) fn at(&mut self, left: Option<&Pointer>, right: Option<&Pointer>) -> &mut Self {
        self.at = (left.cloned(), right.cloned());
        self
    }

    /// A change from `left` to `right`.
    pub(super) fn say(
        &mut self,
        kind: Kind,
        field: &str,
        left: Option<Value>,
        right: Option<Value>,
    ) {
        // Two files of one name, two passwords: what they are called does not tell them apart.
        let right = match right {
            Some(Value::String(name)) if left.as_ref() == Some(&Value::String(name.clone())) => {
                Some(text(&format!("{name} (other content)")))
            }
            right => right,
        };
        self.changes.push(Change {
            subject: self.subject.clone(),
            kind,
            field: field.to_owned(),
            left,
            right,
            left_at: self.at.0.clone(),
            right_at: self.at.1.clone(),
            loss: None,
        });
    }

    /// A change of text, where there is one.
    pub(super) fn text<T: Display + PartialEq>(
        &mut self,
        kind: Kind,
        field: &str,
        left: &T,
        right: &T,
    ) {
        if left != right {
            self.say(kind, field, Some(text(left)), Some(text(right)));
        }
    }

    /// A change of an ordered value: one kind for less, one for more.
    pub(super) fn order<T: Display + PartialOrd>(
        &mut self,
        less: Kind,
        more: Kind,
        field: &str,
        left: &T,
        right: &T,
    ) {
        if right < left {
            self.say(less, field, Some(text(left)), Some(text(right)));
        } else if right > left {
            self.say(more, field, Some(text(left)), Some(text(right)));
        }
    }

    /// A switch: one kind for off, one for on.
    pub(super) fn switch(&mut self, off: Kind, on: Kind, field: &str, left: bool, right: bool) {
        match (left, right) {
            (true, false) => self.say(off, field, Some(true.into()), Some(false.into())),
            (false, true) => self.say(on, field, Some(false.into()), Some(true.into())),
            _ => {}
        }
    }

    /// A switch whose two positions have names in the language.
    pub(super) fn named_switch(
        &mut self,
        off: (Kind, &str),
        on: (Kind, &str),
        field: &str,
        left: bool,
        right: bool,
    ) {
        if left != right {
            let name = |on_now| Some(text(&if on_now { on.1 } else { off.1 }));
            let kind = if right { on.0 } else { off.0 };
            self.say(kind, field, name(left), name(right));
        }
    }

    /// Members of a set that one side lacks; order does not count.
    pub(super) fn set<T: Display + PartialEq>(
        &mut self,
        removed: Kind,
        added: Kind,
        field: &str,
        left: &[T],
        right: &[T],
    ) {
        for item in left.iter().filter(|item| !right.contains(item)) {
            self.say(removed, field, Some(text(item)), None);
        }
        for item in right.iter().filter(|item| !left.contains(item)) {
            self.say(added, field, None, Some(text(item)));
        }
    }
}

/// A value as the language writes it.
pub(super) fn text(value: &impl Display) -> Value {
    Value::String(value.to_string())
}

/// A list as the language writes it.
pub(super) fn list<T: Display>(values: &[T]) -> Value {
    Value::Array(values.iter().map(text).collect())
}
