//! Allow comments: `# gateway-gen: allow(<rule>) <reason>` with their place and the node they speak about.

use super::builder::Comment;
use super::sources::{Sources, offset};
use super::tree::{Kind, NodeId, Tree};
use super::{FileId, Pointer, Span, codes};
use crate::report::{Diagnostic, Place};

/// What such a comment starts with, after `#`.
pub(super) const MARK: &str = "gateway-gen:";

/// One `allow(<rule>)` of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The rule's code or name, as written.
    pub rule: String,
    /// Why, as written; may be empty.
    pub reason: String,
    /// The comment's bytes, from `#`.
    pub span: Span,
    /// The node it speaks about: the outermost that starts on its line, else the first after it.
    pub pointer: Pointer,
}

/// Reads `gateway-gen: allow(a, b) reason`: the rules and the reason, or `None` for another form.
fn parse(comment: &str) -> Option<(Vec<String>, String)> {
    let rest = comment
        .trim()
        .strip_prefix(MARK)?
        .trim_start()
        .strip_prefix("allow")?;
    let (rules, reason) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let rules: Vec<String> = rules
        .split(',')
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
        .map(str::to_owned)
        .collect();
    (!rules.is_empty()).then(|| (rules, reason.trim().to_owned()))
}

/// A key or item by its start, with the number of the one around it.
struct Start {
    file: FileId,
    at: u32,
    parent: Option<usize>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Key(NodeId, usize),
    Item(usize),
}

/// Puts every comment to its node.
pub(super) fn attach(
    tree: &Tree,
    sources: &Sources,
    root: NodeId,
    comments: &[Comment],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Allow> {
    if comments.is_empty() {
        return Vec::new();
    }
    let starts = starts(tree, root);
    let mut order: Vec<usize> = (0..starts.len()).collect();
    order.sort_by_key(|n| (starts[*n].file, starts[*n].at));
    let mut allows = Vec::new();
    for comment in comments {
        let span = comment.span;
        let Some((rules, reason)) = parse(&comment.text) else {
            let place = Place::Text {
                pointer: Pointer::root(),
                span,
            };
            let found =
                Diagnostic::warn(codes::COMMENT_FORM, place, "this comment is not understood");
            diagnostics.push(found.help("write `# gateway-gen: allow(<rule>) <reason>`"));
            continue;
        };
        let text = sources
            .get(span.file)
            .map(super::Source::text)
            .unwrap_or_default();
        let line = offset(
            text[..span.start as usize]
                .rfind('\n')
                .map_or(0, |end| end + 1),
        );
        // The first that starts on the comment's line, or failing that the first after it, is the same search.
        let first = order.partition_point(|n| (starts[*n].file, starts[*n].at) < (span.file, line));
        let node = order
            .get(first)
            .copied()
            .filter(|n| starts[*n].file == span.file);
        let pointer = node.map_or_else(Pointer::root, |n| pointer(tree, sources, &starts, n));
        for rule in rules {
            allows.push(Allow {
                rule,
                reason: reason.clone(),
                span,
                pointer: pointer.clone(),
            });
        }
    }
    allows
}

fn starts(tree: &Tree, root: NodeId) -> Vec<Start> {
    let mut starts = Vec::new();
    let mut open: Vec<(NodeId, Option<usize>)> = vec![(root, None)];
    while let Some((node, parent)) = open.pop() {
        match &tree.get(node).kind {
            Kind::Map(entries) => {
                for (n, entry) in entries.iter().enumerate() {
                    let Span { file, start, .. } = entry.key_span;
                    starts.push(Start {
                        file,
                        at: start,
                        parent,
                        step: Step::Key(node, n),
                    });
                    open.push((entry.value, Some(starts.len() - 1)));
                }
            }
            Kind::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    let Span { file, start, .. } = tree.get(*item).span;
                    starts.push(Start {
                        file,
                        at: start,
                        parent,
                        step: Step::Item(n),
                    });
                    open.push((*item, Some(starts.len() - 1)));
                }
            }
            Kind::Scalar { .. } | Kind::Broken => {}
        }
    }
    starts
}

fn pointer(tree: &Tree, sources: &Sources, starts: &[Start], n: usize) -> Pointer {
    let start = &starts[n];
    let around = start.parent.map_or_else(Pointer::root, |parent| {
        pointer(tree, sources, starts, parent)
    });
    match start.step {
        Step::Key(map, at) => around.key(tree.key(sources, &tree.entries(map)[at])),
        Step::Item(at) => around.index(at),
    }
}
