//! Reading: what an artefact says in the terms of the language, and what of it nobody understands.

use std::collections::BTreeMap;

use crate::ir::Gateway;
use crate::report::Spot;
use crate::source::Pointer;

/// What `read` found.
#[derive(Clone, Debug)]
pub struct Reading {
    /// What the engine does when it runs the artefact; pointers name places of [`Reading::places`].
    pub gateway: Gateway,
    /// What is not understood, in the order of the artefact.
    pub leftovers: Vec<Leftover>,
    /// Where things stand in the artefact.
    pub places: BTreeMap<String, Spot>,
    /// Fields (as changes name them, with all below) of which these artefacts say nothing either way.
    pub silent: Vec<&'static str>,
}

/// A piece of an artefact that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Where.
    pub spot: Option<Spot>,
    /// What, in the artefact's own words, shortened.
    pub text: String,
}

/// Why an artefact can't be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where.
    pub spot: Option<Spot>,
    /// Why.
    pub message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.spot {
            Some(spot) => write!(
                f,
                "{}:{}:{}: {}",
                spot.file, spot.line, spot.column, self.message
            ),
            None => f.write_str(&self.message),
        }
    }
}

impl Reading {
    /// Where a pointer of the gateway, or the nearest one around it, stands.
    #[must_use]
    pub fn spot(&self, pointer: &Pointer) -> Option<Spot> {
        let mut at = Some(pointer.clone());
        while let Some(pointer) = at {
            if let Some(spot) = self.places.get(pointer.as_str()) {
                return Some(spot.clone());
            }
            at = pointer.parent();
        }
        None
    }
}
