//! `# gateway-gen: allow(rule) reason` -> findings left out; and a finding for a comment that earns nothing.

use std::collections::{BTreeSet, HashMap};

use super::levels::is_below;
use super::rules::{self, unused_suppression};
use super::{Findings, Levels, Rule};
use crate::report::{Diagnostic, Edit, Fix, Place, Suppressed};
use crate::source::{Allow, Document, Pointer, Span, nearest};

/// Sets apart what comments allow, and adds what is to be said about the comments.
pub(super) fn apply(
    document: &Document,
    levels: &Levels<'_>,
    findings: Vec<Diagnostic>,
) -> Findings {
    let allows = document.allows();
    if allows.is_empty() {
        return Findings {
            found: findings,
            allowed: Vec::new(),
        };
    }
    let rules: Vec<Option<&Rule>> = allows
        .iter()
        .map(|allow| rules::find(&allow.rule))
        .collect();
    let mut by_rule: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, rule) in rules.iter().enumerate() {
        let id = rule.map_or("", |rule| rule.code.id);
        by_rule.entry(id).or_default().push(n);
    }
    let mut used = vec![false; allows.len()];
    let mut kept = Vec::new();
    let mut allowed = Vec::new();
    for finding in findings {
        let mut reason = None;
        for &n in by_rule.get(finding.code.id).into_iter().flatten() {
            if covers(document, &allows[n], &finding.place) {
                used[n] = true;
                let given = Some(&allows[n].reason).filter(|reason| !reason.is_empty());
                reason = reason.or(given);
            }
        }
        match reason {
            None => kept.push(finding),
            Some(reason) => allowed.push(Suppressed {
                diagnostic: finding,
                reason: reason.clone(),
                in_source: true,
            }),
        }
    }
    let mut spoken: Vec<(Diagnostic, Span, bool)> = Vec::new();
    for (n, allow) in allows.iter().enumerate() {
        let idle = !used[n] && rules[n].is_none_or(|rule| is_active(levels, rule, allow));
        let finding = complaint(allow, rules[n], used[n], idle);
        spoken.extend(finding.map(|finding| (finding, allow.span, idle)));
    }
    let useless = useless(allows, &spoken);
    kept.extend(spoken.into_iter().filter_map(|(mut finding, span, _)| {
        if useless.contains(&span) {
            finding.fix = removal(document, span);
        }
        levels.apply(&unused_suppression::RULE, finding)
    }));
    Findings {
        found: kept,
        allowed,
    }
}

/// A comment on the first line of a spec also speaks for what the spec lacks as a whole.
fn covers(document: &Document, allow: &Allow, place: &Place) -> bool {
    let root = Pointer::root();
    let pointer = place.pointer().unwrap_or(&root);
    if is_below(pointer, allow.pointer.as_str()) {
        return true;
    }
    let top = pointer.steps().next();
    let lacking = top.is_none_or(|top| !document.has(&root.key(&top)));
    let first = document.keys(&root).next();
    lacking && first.is_some_and(|first| allow.pointer == root.key(first))
}

/// A rule that is off here finds nothing, which says nothing about the comment.
fn is_active(levels: &Levels<'_>, rule: &Rule, allow: &Allow) -> bool {
    levels
        .severity(rule, &allow.pointer, rule.severity)
        .is_some()
}

fn complaint(allow: &Allow, rule: Option<&Rule>, used: bool, idle: bool) -> Option<Diagnostic> {
    let place = Place::Text {
        pointer: allow.pointer.clone(),
        span: allow.span,
    };
    let finding = |message: String| unused_suppression::RULE.finding(place.clone(), message);
    let Some(rule) = rule else {
        let names = rules::ALL.iter().map(|rule| rule.code.name);
        let message = format!("there is no rule `{}`", allow.rule);
        let close = nearest(&allow.rule, names).map(|name| format!("did you mean `{name}`?"));
        let help = close.unwrap_or_else(|| {
            "rules are named by id (`GG201`) or name (`limits/route-without-limit`)".into()
        });
        return Some(finding(message).help(help));
    };
    if used && allow.reason.is_empty() {
        let message = format!(
            "`{}` is allowed without a reason, so it is not",
            rule.code.name
        );
        let help = format!("write why: `# gateway-gen: allow({}) <reason>`", allow.rule);
        return Some(finding(message).help(help));
    }
    idle.then(|| {
        finding(format!("nothing here is flagged by `{}`", rule.code.name))
            .help("remove the comment, or move it to the line above the place it is about")
    })
}

/// Comments of which every rule is idle: they can go.
fn useless(allows: &[Allow], spoken: &[(Diagnostic, Span, bool)]) -> BTreeSet<Span> {
    let idle = |span: Span| {
        spoken
            .iter()
            .filter(|(_, at, idle)| *at == span && *idle)
            .count()
    };
    let all = |span: Span| allows.iter().filter(|allow| allow.span == span).count();
    let spans = spoken.iter().map(|(_, span, _)| *span);
    spans.filter(|span| idle(*span) == all(*span)).collect()
}

fn removal(document: &Document, span: Span) -> Option<Fix> {
    Some(Fix {
        title: "remove the comment".into(),
        safe: true,
        edits: vec![comment_edit(document, span)?],
    })
}

/// The comment's line where it stands alone, else the comment with the space before it.
fn comment_edit(document: &Document, span: Span) -> Option<Edit> {
    let text = document.sources().get(span.file)?.text();
    let before = &text[..span.start as usize];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let alone = before[line..].trim().is_empty();
    let mut end = span.end as usize;
    let start = if alone {
        line
    } else {
        before.trim_end_matches([' ', '\t']).len()
    };
    if alone {
        end += text[end..].find('\n').map_or(text.len() - end, |at| at + 1);
    }
    Some(Edit {
        span: Span {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
            ..span
        },
        text: String::new(),
    })
}
