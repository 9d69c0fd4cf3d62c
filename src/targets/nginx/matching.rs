//! PATTERNS -> LOCATIONS: a tree of prefix locations finds the routes of a path, so that matching does not grow with other prefixes.
//!
//! The request is rewritten to `//m/HOST` + the normalised path + `/`. Client paths never hold `//`, so no client reaches these locations.

use std::collections::BTreeMap;

use super::document::Block;
use super::names::regex;
use crate::ir::{Pattern, Segment};

/// Longest literal prefix of a location: nginx 1.22 keeps a location's length in one byte.
const LONGEST: usize = 200;
/// Rules of shorter prefixes that are repeated in a longer one; more are reached by one more rewrite.
const INLINE: usize = 24;
/// nginx allows ten rewrites of a request; the stages of a route need five of them.
const JUMPS: usize = 3;

/// All routes of one pattern on one host.
pub struct Group<'g> {
    /// The pattern; names of parameters do not matter here.
    pub pattern: &'g Pattern,
    /// Where matching requests go: the replacement of a `rewrite`.
    pub replacement: String,
    /// Which parameters (by position among all segments) are captured as `$gw_pN`.
    pub params: Vec<usize>,
    /// What `*` matched is captured as `$gw_rest`.
    pub rest: bool,
}

struct Bucket<'g> {
    /// Literal segments that lead to it.
    prefix: Vec<&'g str>,
    /// Groups with exactly this prefix, most specific first.
    groups: Vec<usize>,
}

/// The matching locations of one host.
pub struct Matcher<'g> {
    /// `//m/HOST`.
    root: String,
    /// Groups, most specific first.
    groups: &'g [Group<'g>],
    buckets: BTreeMap<String, Bucket<'g>>,
    /// The host to ask where nothing matches, as a `rewrite` replacement; none: 404.
    fallback: Option<String>,
}

fn segment_length(segment: &Segment) -> usize {
    match segment {
        Segment::Literal(text) => text.len() + 1,
        Segment::Param(_) => 0,
    }
}

/// The literal segments before the first parameter, as many as fit.
fn literal_prefix(pattern: &Pattern) -> Vec<&str> {
    let mut length = 0;
    let mut prefix = Vec::new();
    for segment in &pattern.segments {
        length += segment_length(segment);
        match segment {
            Segment::Literal(text) if length <= LONGEST => prefix.push(text.as_str()),
            Segment::Literal(_) | Segment::Param(_) => break,
        }
    }
    prefix
}

fn key(prefix: &[&str]) -> String {
    let mut key = String::from("/");
    for segment in prefix {
        key.push_str(segment);
        key.push('/');
    }
    key
}

/// Whether some path below `prefix` can match the pattern, and whether every one does.
fn reach(pattern: &Pattern, prefix: &[&str]) -> (bool, bool) {
    let shared = pattern.segments.iter().zip(prefix);
    let fits = shared.clone().all(|(segment, literal)| match segment {
        Segment::Literal(text) => text == literal,
        Segment::Param(_) => true,
    });
    let possible = fits && (pattern.rest || pattern.segments.len() >= prefix.len());
    (
        possible,
        fits && pattern.rest && pattern.segments.len() <= prefix.len(),
    )
}

impl<'g> Matcher<'g> {
    /// Sorts groups, given most specific first, into the tree of `//m/HOST`.
    #[must_use]
    pub fn new(host: &str, groups: &'g [Group<'g>], fallback: Option<&str>) -> Self {
        let mut buckets: BTreeMap<String, Bucket<'g>> = BTreeMap::new();
        buckets.insert(
            "/".to_owned(),
            Bucket {
                prefix: Vec::new(),
                groups: Vec::new(),
            },
        );
        for (index, group) in groups.iter().enumerate() {
            let prefix = literal_prefix(group.pattern);
            if !is_exact(group, &prefix) {
                let bucket = buckets.entry(key(&prefix)).or_insert_with(|| Bucket {
                    prefix,
                    groups: Vec::new(),
                });
                bucket.groups.push(index);
            }
        }
        Self {
            root: format!("//m/{host}"),
            groups,
            buckets,
            fallback: fallback.map(|host| format!("//m/{host}$gw_key")),
        }
    }

    /// The locations.
    #[must_use]
    pub fn locations(&self) -> Block {
        let mut out = Block::new();
        for group in self.groups {
            let prefix = literal_prefix(group.pattern);
            if is_exact(group, &prefix) {
                let mut inner = Block::new();
                inner.put("internal", [""; 0]);
                inner.put(
                    "rewrite",
                    ["^".to_owned(), group.replacement.clone(), "last".to_owned()],
                );
                out.open(
                    "location",
                    ["=".to_owned(), format!("{}{}", self.root, key(&prefix))],
                    inner,
                );
            }
        }
        let mut jumped = std::collections::BTreeSet::new();
        for (key, bucket) in &self.buckets {
            out.open(
                "location",
                [format!("{}{key}", self.root)],
                self.rules(&self.root, bucket, &mut jumped, JUMPS),
            );
        }
        self.jumps(jumped, &mut out);
        out
    }

    /// Buckets that longer ones continue in, under another name that keeps their prefix from being matched again.
    fn jumps(&self, mut open: std::collections::BTreeSet<(String, usize)>, out: &mut Block) {
        let mut done = std::collections::BTreeSet::new();
        while let Some((key, left)) = open.pop_first() {
            if done.insert((key.clone(), left)) {
                let root = self.jump_root(&key, left);
                let rules = self.rules(&root, &self.buckets[&key], &mut open, left);
                out.open("location", [format!("{root}/")], rules);
            }
        }
    }

    fn jump_root(&self, key: &str, left: usize) -> String {
        let number = self
            .buckets
            .keys()
            .position(|other| other == key)
            .unwrap_or_default();
        format!("//j{left}.{number}{}", &self.root[3..])
    }

    fn rules(
        &self,
        root: &str,
        bucket: &Bucket<'g>,
        jumps: &mut std::collections::BTreeSet<(String, usize)>,
        left: usize,
    ) -> Block {
        let mut out = Block::new();
        out.put("internal", [""; 0]);
        let mut depth = bucket.prefix.len();
        let mut inherited = 0;
        loop {
            let Some(current) = self.buckets.get(&key(&bucket.prefix[..depth])) else {
                depth -= 1;
                continue;
            };
            let own = depth == bucket.prefix.len();
            let fitting: Vec<&Group<'g>> =
                (current.groups.iter().map(|index| &self.groups[*index]))
                    .filter(|group| own || reach(group.pattern, &bucket.prefix).0)
                    .collect();
            inherited += if own { 0 } else { fitting.len() };
            if inherited > INLINE && left > 0 {
                let target = (key(&current.prefix), left - 1);
                out.put(
                    "rewrite",
                    [
                        "^".to_owned(),
                        format!("{}$gw_key", self.jump_root(&target.0, target.1)),
                        "last".to_owned(),
                    ],
                );
                jumps.insert(target);
                return out;
            }
            for group in fitting {
                out.put(
                    "rewrite",
                    [
                        condition(root, group),
                        group.replacement.clone(),
                        "last".to_owned(),
                    ],
                );
                if reach(group.pattern, &bucket.prefix).1 {
                    return out;
                }
            }
            if depth == 0 {
                break;
            }
            depth -= 1;
        }
        match &self.fallback {
            Some(fallback) => out.put(
                "rewrite",
                ["^".to_owned(), fallback.clone(), "last".to_owned()],
            ),
            None => out.put("return", ["404"]),
        }
        out
    }
}

/// Matches one path only: a location of its own finds it.
fn is_exact(group: &Group<'_>, prefix: &[&str]) -> bool {
    !group.pattern.rest && prefix.len() == group.pattern.segments.len()
}

/// The regular expression of a `rewrite`, over the rewritten path with its one slash at the end.
fn condition(root: &str, group: &Group<'_>) -> String {
    let simple = group.params.is_empty() && !group.rest && group.pattern.rest;
    if simple
        && group
            .pattern
            .segments
            .iter()
            .all(|segment| matches!(segment, Segment::Literal(_)))
        && literal_prefix(group.pattern).len() == group.pattern.segments.len()
    {
        return "^".to_owned();
    }
    let mut out = format!("^{}/", regex(root));
    for (index, segment) in group.pattern.segments.iter().enumerate() {
        match segment {
            Segment::Literal(text) => out.push_str(&regex(text)),
            Segment::Param(_) if group.params.contains(&index) => {
                out.push_str(&format!("(?<gw_p{index}>[!-.0-~]+)"));
            }
            Segment::Param(_) => out.push_str("[!-.0-~]+"),
        }
        out.push('/');
    }
    match (group.pattern.rest, group.rest) {
        (true, true) => {
            // With its slash, and without the one that ends every rewritten path.
            out.pop();
            out.push_str("(?<gw_rest>(?:/[!-~]+?)?)/$");
        }
        (true, false) => {}
        (false, _) => out.push('$'),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        let rest = text.ends_with("/*");
        let text = text.strip_suffix('*').unwrap_or(text);
        let segments =
            text.split('/')
                .filter(|s| !s.is_empty())
                .map(|s| match s.strip_prefix('{') {
                    Some(name) => Segment::Param(name.trim_end_matches('}').to_owned()),
                    None => Segment::Literal(s.to_owned()),
                });
        Pattern {
            segments: segments.collect(),
            rest,
        }
    }

    fn printed(patterns: &[&str], fallback: Option<&str>) -> String {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| pattern(text)).collect();
        let groups: Vec<Group<'_>> = (patterns.iter().enumerate())
            .map(|(index, pattern)| Group {
                pattern,
                replacement: format!("//r{index}"),
                params: Vec::new(),
                rest: false,
            })
            .collect();
        super::super::document::print(&Matcher::new("0", &groups, fallback).locations().0)
    }

    #[test]
    fn literal_patterns_are_exact_locations() {
        let text = printed(&["/a/b"], None);
        assert!(
            text.contains("location = //m/0/a/b/ {\n  internal;\n  rewrite ^ //r0 last;\n}"),
            "{text}"
        );
    }

    #[test]
    fn a_longer_prefix_ends_with_the_rules_of_shorter_ones_that_can_match_below_it() {
        let text = printed(&["/a/{x}/c", "/{x}/{y}", "/b/*"], None);
        let a = text.split("location //m/0/a/").nth(1).unwrap_or_default();
        assert!(a.starts_with(" {\n  internal;\n  rewrite ^//m/0/a/[!-.0-~]+/c/$ //r0 last;\n  rewrite ^//m/0/[!-.0-~]+/[!-.0-~]+/$ //r1 last;\n  return 404;"), "{text}");
        assert!(
            text.contains("location //m/0/b/ {\n  internal;\n  rewrite ^ //r2 last;\n}"),
            "{text}"
        );
    }

    #[test]
    fn many_rules_of_a_shorter_prefix_are_not_repeated() {
        let mut patterns: Vec<String> = (0..100).map(|n| format!("/s{n}/{{id}}")).collect();
        patterns.extend((0..100).map(|n| format!("/{{x}}/r{n}")));
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let text = printed(&patterns, Some("1"));
        assert!(text.lines().count() < 1000, "{}", text.lines().count());
        assert!(text.contains("$gw_key last"), "{text}");
    }
}
