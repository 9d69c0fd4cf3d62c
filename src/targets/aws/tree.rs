//! PATTERNS -> PATHS: a tree in which every path has one most specific pattern, so that no rule of AWS's own has to break a tie.

use std::collections::BTreeSet;

use super::document::Refused;
use super::document::path::{GREEDY, PathId, PathPart, Paths};
use crate::ir::{Pattern, Segment};

/// A path of the API and the pattern that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path.
    pub path: PathId,
    /// The pattern's place in the list that the tree was made of.
    pub pattern: usize,
}

/// What a tree has become too big for: patterns that cross one another multiply.
const MOST_PATHS: usize = 5000;

// How far into a pattern a path has come. A pattern that ends in `*` stays at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    pattern: usize,
    at: usize,
}

struct Builder<'p> {
    patterns: &'p [&'p Pattern],
    paths: Paths,
    places: Vec<Place>,
}

/// Lays out patterns, which stand in order of precedence.
///
/// # Errors
/// A segment that API Gateway cannot hold, with the pattern's place in the list, or too many paths.
pub fn lay_out(patterns: &[&Pattern]) -> Result<(Paths, Vec<Place>), (usize, Refused)> {
    let mut builder = Builder {
        patterns,
        paths: Paths::default(),
        places: Vec::new(),
    };
    let start: Vec<_> = (0..patterns.len())
        .map(|pattern| State { pattern, at: 0 })
        .collect();
    builder.visit(Paths::ROOT, &start)?;
    Ok((builder.paths, builder.places))
}

impl Builder<'_> {
    fn next(&self, state: State) -> Option<&Segment> {
        self.patterns[state.pattern].segments.get(state.at)
    }

    fn in_rest(&self, state: State) -> bool {
        self.patterns[state.pattern].rest && self.next(state).is_none()
    }

    fn place(&mut self, path: PathId, states: impl Iterator<Item = State>) {
        // The list stands in order of precedence, so the first is the most specific.
        let best = states.map(|state| state.pattern).min();
        self.places
            .extend(best.map(|pattern| Place { path, pattern }));
    }

    fn child(
        &mut self,
        parent: PathId,
        part: Result<PathPart, Refused>,
        of: usize,
    ) -> Result<PathId, (usize, Refused)> {
        if self.paths.count() > MOST_PATHS {
            let why = "patterns that cross one another need more than 5000 paths on AWS";
            return Err((of, Refused(why.into())));
        }
        part.and_then(|part| self.paths.add(parent, part))
            .map_err(|why| (of, why))
    }

    fn visit(&mut self, path: PathId, states: &[State]) -> Result<(), (usize, Refused)> {
        let ended: Vec<_> = states
            .iter()
            .copied()
            .filter(|state| self.next(*state).is_none())
            .collect();
        self.place(path, ended.into_iter());
        let mut literals: BTreeSet<(String, usize)> = BTreeSet::new();
        for state in states {
            if let Some(Segment::Literal(text)) = self.next(*state)
                && !literals.iter().any(|(known, _)| known == text)
            {
                literals.insert((text.clone(), state.pattern));
            }
        }
        for (literal, of) in literals {
            let child = self.child(path, PathPart::literal(&literal), of)?;
            let below = self.below(states, Some(&literal));
            self.visit(child, &below)?;
        }
        let param = states.iter().find_map(|state| match self.next(*state) {
            Some(Segment::Param(name)) => Some((name.clone(), state.pattern)),
            _ => None,
        });
        if let Some((name, of)) = param {
            let part = PathPart::variable(&self.free_name(path, &name));
            let child = self.child(path, part, of)?;
            let below = self.below(states, None);
            return self.visit(child, &below);
        }
        let rest = self.below(states, None);
        if let Some(first) = rest.first().copied() {
            let child = self.child(path, Ok(PathPart::Greedy), first.pattern)?;
            self.place(child, rest.into_iter());
        }
        Ok(())
    }

    /// The states after one more segment: this literal, or anything else.
    fn below(&self, states: &[State], literal: Option<&str>) -> Vec<State> {
        let step = |state: &State| {
            let advances = match self.next(*state) {
                Some(Segment::Literal(text)) => Some(text.as_str()) == literal,
                Some(Segment::Param(_)) => true,
                None => return self.in_rest(*state).then_some(*state),
            };
            advances.then_some(State {
                at: state.at + 1,
                ..*state
            })
        };
        states.iter().filter_map(step).collect()
    }

    // Two patterns may use one name at different depths; one path may not.
    fn free_name(&self, parent: PathId, name: &str) -> String {
        let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = name.chars().map(clean).collect();
        let taken = self.paths.variables(parent);
        let mut free = name.clone();
        let mut number = 2;
        while taken.contains(&free.as_str()) || free == GREEDY {
            free = format!("{name}{number}");
            number += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let (text, rest) = match text.strip_suffix("/*") {
            Some(front) => (front, true),
            None => (text, false),
        };
        let segment = |part: &str| match part.strip_prefix('{') {
            Some(name) => Segment::Param(name.trim_end_matches('}').to_owned()),
            None => Segment::Literal(part.to_owned()),
        };
        let segments = text.split('/').filter(|part| !part.is_empty());
        Pattern {
            segments: segments.map(segment).collect(),
            rest,
        }
    }

    fn laid_out(patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<_> = patterns.iter().map(|text| pattern(text)).collect();
        let refs: Vec<_> = patterns.iter().collect();
        let (paths, places) = lay_out(&refs).unwrap();
        places
            .iter()
            .map(|place| format!("{} <- {}", paths.text(place.path), refs[place.pattern]))
            .collect()
    }

    #[test]
    fn a_rest_pattern_is_a_path_and_all_below_it() {
        assert_eq!(laid_out(&["/a/*"]), ["/a <- /a/*", "/a/{proxy+} <- /a/*"]);
    }

    #[test]
    fn a_parameter_beside_a_rest_covers_the_rest_below_it() {
        assert_eq!(
            laid_out(&["/a/{id}", "/a/*"]),
            [
                "/a <- /a/*",
                "/a/{id} <- /a/{id}",
                "/a/{id}/{proxy+} <- /a/*"
            ]
        );
    }

    #[test]
    fn a_literal_that_a_parameter_would_take_goes_on_for_both() {
        assert_eq!(
            laid_out(&["/a/b/{y}", "/a/{x}/c"]),
            [
                "/a/b/c <- /a/b/{y}",
                "/a/b/{y} <- /a/b/{y}",
                "/a/{x}/c <- /a/{x}/c"
            ]
        );
    }

    #[test]
    fn one_name_at_two_depths_is_told_apart() {
        assert_eq!(
            laid_out(&["/a/{id}/b/{id}", "/a/{id}/{b}"]),
            [
                "/a/{id}/b <- /a/{id}/{b}",
                "/a/{id}/b/{id2} <- /a/{id}/b/{id}",
                "/a/{id}/{b} <- /a/{id}/{b}"
            ]
        );
    }

    #[test]
    fn a_segment_that_aws_cannot_hold_is_refused_with_its_pattern() {
        let patterns = [pattern("/ok"), pattern("/a/b%20c")];
        let refs: Vec<_> = patterns.iter().collect();
        assert_eq!(lay_out(&refs).unwrap_err().0, 1);
    }
}
