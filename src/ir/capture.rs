//! PATTERN x NORMALISED PATH -> what its parameters and `*` stand for, and the path that a rewrite makes of it.

use super::{Pattern, Rewrite, RewritePiece, Segment};

/// The segments of a normalised path; a trailing slash does not make one.
pub fn segments(path: &str) -> impl Iterator<Item = &str> + Clone {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    // Splitting an empty text gives one empty piece.
    path.split('/')
        .take(if path.is_empty() { 0 } else { usize::MAX })
}

impl Pattern {
    /// Whether the whole of a normalised path matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut path = segments(path);
        let fits = self
            .segments
            .iter()
            .all(|segment| match (segment, path.next()) {
                (Segment::Literal(text), Some(found)) => text == found,
                (Segment::Param(_), Some(found)) => !found.is_empty(),
                (_, None) => false,
            });
        fits && (self.rest || path.next().is_none())
    }

    /// The names of its parameters, in order.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Param(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        })
    }

    /// The parameters with their text in a normalised path that matches.
    pub fn captures<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.segments
            .iter()
            .zip(segments(path))
            .filter_map(|(segment, text)| match segment {
                Segment::Param(name) => Some((name.as_str(), text)),
                Segment::Literal(_) => None,
            })
    }

    /// One parameter's text in a normalised path that matches.
    #[must_use]
    pub fn capture<'a>(&'a self, path: &'a str, name: &str) -> Option<&'a str> {
        self.captures(path)
            .find(|(param, _)| *param == name)
            .map(|(_, text)| text)
    }

    /// What `*` matched in a normalised path that matches, with its slash: empty for `/a` under `/a/*`.
    #[must_use]
    pub fn rest_of<'a>(&self, path: &'a str) -> &'a str {
        let mut rest = path;
        for _ in &self.segments {
            let after = rest.strip_prefix('/').unwrap_or(rest);
            rest = after.find('/').map_or("", |at| &after[at..]);
        }
        rest
    }
}

impl Rewrite {
    /// The path sent to the service, below its base path, for a normalised path that matches `pattern`.
    #[must_use]
    pub fn apply(&self, pattern: &Pattern, path: &str) -> String {
        let mut sent = String::with_capacity(path.len());
        for piece in &self.segments {
            sent.push('/');
            sent.push_str(match piece {
                RewritePiece::Literal(text) => text,
                RewritePiece::Param(name) => pattern.capture(path, name).unwrap_or_default(),
            });
        }
        if self.rest {
            sent.push_str(pattern.rest_of(path));
        }
        if sent.is_empty() {
            sent.push('/');
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn literal(text: &str) -> Segment {
        Segment::Literal(text.into())
    }

    fn below_id() -> Pattern {
        Pattern {
            segments: vec![literal("a"), Segment::Param("id".into())],
            rest: true,
        }
    }

    #[test]
    fn a_prefix_ends_at_a_segment() {
        let prefix = Pattern {
            segments: vec![literal("a")],
            rest: true,
        };
        for path in ["/a", "/a/", "/a/b", "/a/b/"] {
            assert!(prefix.matches(path), "{path}");
        }
        for path in ["/ab", "/", "/A"] {
            assert!(!prefix.matches(path), "{path}");
        }
    }

    #[test]
    fn a_trailing_slash_does_not_tell_paths_apart() {
        let exact = Pattern {
            segments: vec![literal("a")],
            rest: false,
        };
        assert!(exact.matches("/a") && exact.matches("/a/"));
        assert!(!exact.matches("/a/b") && !exact.matches("/"));
        assert!(!below_id().matches("/a/"));
    }

    #[test]
    fn the_rest_keeps_its_slash() {
        let pattern = below_id();
        assert_eq!(pattern.capture("/a/7/b/", "id"), Some("7"));
        assert_eq!(pattern.rest_of("/a/7"), "");
        assert_eq!(pattern.rest_of("/a/7/"), "/");
        assert_eq!(pattern.rest_of("/a/7/b/"), "/b/");
    }

    #[test]
    fn a_rewrite_puts_parameters_and_rest_in_place() {
        let rewrite = |segments, rest| Rewrite { segments, rest };
        let pattern = below_id();
        let strip = rewrite(vec![], true);
        assert_eq!(strip.apply(&pattern, "/a/7"), "/");
        assert_eq!(strip.apply(&pattern, "/a/7/x%2Fy"), "/x%2Fy");
        let longer = rewrite(
            vec![
                RewritePiece::Literal("r".into()),
                RewritePiece::Param("id".into()),
            ],
            true,
        );
        assert_eq!(longer.apply(&pattern, "/a/7/b/"), "/r/7/b/");
    }
}
