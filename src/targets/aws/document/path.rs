//! SEGMENTS -> PATH PARTS: the tree of paths, in which no two siblings can take the same request.

use std::fmt;

use super::Refused;

/// One part of a resource's path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathPart {
    /// Itself.
    Literal(String),
    /// `{name}`: one segment.
    Variable(String),
    /// `{proxy+}`: one segment or more.
    Greedy,
}

/// The name of what a greedy part matched.
pub const GREEDY: &str = "proxy";

fn is_part(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':');
    !text.is_empty() && text.bytes().all(allowed)
}

impl PathPart {
    /// A literal. API Gateway's parts hold letters, digits and `._-:` alone
    /// (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html>).
    ///
    /// # Errors
    /// Any other character, a slash among them.
    pub fn literal(text: &str) -> Result<Self, Refused> {
        if is_part(text) {
            return Ok(Self::Literal(text.to_owned()));
        }
        Err(Refused(format!(
            "the path segment `{text}` holds a character that API Gateway does not take: letters, digits, `.`, `_`, `-` and `:` are"
        )))
    }

    /// A variable.
    ///
    /// # Errors
    /// A name with other characters than letters, digits and `._-:`.
    pub fn variable(name: &str) -> Result<Self, Refused> {
        if is_part(name) {
            return Ok(Self::Variable(name.to_owned()));
        }
        Err(Refused(format!(
            "the parameter `{name}` has a name that API Gateway does not take: letters, digits, `.`, `_`, `-` and `:` are"
        )))
    }
}

impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Variable(name) => write!(f, "{{{name}}}"),
            Self::Greedy => write!(f, "{{{GREEDY}+}}"),
        }
    }
}

/// A path's number in its [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(usize);

/// One path of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    parent: Option<PathId>,
    part: Option<PathPart>,
}

/// The tree of paths; it always has `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    nodes: Vec<Node>,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            nodes: vec![Node {
                parent: None,
                part: None,
            }],
        }
    }
}

impl Paths {
    /// `/`.
    pub const ROOT: PathId = PathId(0);

    /// Adds a child.
    ///
    /// # Errors
    /// A sibling is the same, a second variable among siblings, a name that an ancestor has, or a child of a greedy part.
    pub fn add(&mut self, parent: PathId, part: PathPart) -> Result<PathId, Refused> {
        if self.nodes[parent.0].part == Some(PathPart::Greedy) {
            return Err(Refused("nothing can stand below `{proxy+}`".into()));
        }
        let variable = |part: &PathPart| !matches!(part, PathPart::Literal(_));
        for sibling in self.children(parent) {
            let other = self.nodes[sibling.0].part.as_ref();
            if other == Some(&part) {
                return Err(Refused(format!("`{part}` stands twice below one path")));
            }
            if variable(&part) && other.is_some_and(variable) {
                return Err(Refused(format!(
                    "`{part}` has a sibling that is a variable too, and API Gateway takes one"
                )));
            }
        }
        if variable(&part) && self.parts(parent).contains(&&part) {
            return Err(Refused(format!("`{part}` stands twice in one path")));
        }
        self.nodes.push(Node {
            parent: Some(parent),
            part: Some(part),
        });
        Ok(PathId(self.nodes.len() - 1))
    }

    /// Every path but `/`, parents first.
    pub fn all(&self) -> impl Iterator<Item = PathId> + '_ {
        (1..self.nodes.len()).map(PathId)
    }

    /// The path it lies below.
    #[must_use]
    pub fn parent(&self, path: PathId) -> Option<PathId> {
        self.nodes[path.0].parent
    }

    /// Its last part; none for `/`.
    #[must_use]
    pub fn part(&self, path: PathId) -> Option<&PathPart> {
        self.nodes[path.0].part.as_ref()
    }

    fn children(&self, parent: PathId) -> impl Iterator<Item = PathId> + '_ {
        self.all()
            .filter(move |child| self.nodes[child.0].parent == Some(parent))
    }

    /// Its parts from the root.
    #[must_use]
    pub fn parts(&self, path: PathId) -> Vec<&PathPart> {
        let mut parts = Vec::new();
        let mut at = Some(path);
        while let Some(id) = at {
            parts.extend(self.part(id));
            at = self.parent(id);
        }
        parts.reverse();
        parts
    }

    /// Such as `/orders/{id}`.
    #[must_use]
    pub fn text(&self, path: PathId) -> String {
        let parts = self.parts(path);
        if parts.is_empty() {
            return "/".into();
        }
        parts.iter().map(|part| format!("/{part}")).collect()
    }

    /// The variables of a path: what a mapping may read.
    #[must_use]
    pub fn variables(&self, path: PathId) -> Vec<&str> {
        let name = |part: &&'_ PathPart| match *part {
            PathPart::Literal(_) => false,
            PathPart::Variable(_) | PathPart::Greedy => true,
        };
        self.parts(path)
            .into_iter()
            .filter(name)
            .map(|part| match part {
                PathPart::Literal(text) | PathPart::Variable(text) => text.as_str(),
                PathPart::Greedy => GREEDY,
            })
            .collect()
    }

    /// How many there are, `/` among them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
}
