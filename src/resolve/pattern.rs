//! Pattern text -> segments; also the rewrites, which are written alike.

use super::run::{Wrong, shown};
use crate::ir::{EncodedSlash, Pattern, Segment, normalise};

/// What is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// What a route takes.
    Pattern,
    /// What it is rewritten to: a parameter may come twice.
    Rewrite,
}

/// More parameters than this no engine captures.
const MAX_PARAMS: usize = 9;

/// Parses `/literal/{parameter}/*`.
pub(super) fn parse(text: &str, slash: EncodedSlash, form: Form) -> Result<Pattern, Wrong<'_>> {
    let Some(body) = text.strip_prefix('/') else {
        let message = format!("`{}` does not start with `/`", shown(text));
        let help = format!("write `/{}`", shown(text.trim_start_matches(['/', '.'])));
        return Err(Wrong::new(message, help));
    };
    if let Some(at) = text.find(['?', '#']) {
        let message = match form {
            Form::Pattern => "a pattern is a path, without query and fragment",
            Form::Rewrite => "a rewrite is a path, without query and fragment",
        };
        return Err(Wrong::new(message, "remove it; the query is kept as it came").at(&text[at..]));
    }
    let mut pattern = Pattern {
        segments: Vec::new(),
        rest: false,
    };
    if body.is_empty() {
        return Ok(pattern);
    }
    let mut left = body.split('/').peekable();
    while let Some(part) = left.next() {
        let last = left.peek().is_none();
        if part == "*" {
            if !last {
                let message = "`*` stands for the rest and can only come last";
                return Err(
                    Wrong::new(message, "for one segment write a parameter: `{name}`").at(part),
                );
            }
            pattern.rest = true;
        } else {
            let segment = segment(part, text, last, slash)?;
            if let Segment::Param(name) = &segment
                && form == Form::Pattern
                && pattern.params().any(|known| known == name)
            {
                let message = format!("the parameter `{name}` comes twice");
                return Err(Wrong::new(message, "give each its own name").at(part));
            }
            pattern.segments.push(segment);
        }
    }
    if pattern.params().count() > MAX_PARAMS {
        let message = format!("more than {MAX_PARAMS} parameters");
        return Err(Wrong::new(message, "end the pattern in `*` earlier"));
    }
    Ok(pattern)
}

fn segment<'t>(
    part: &'t str,
    whole: &'t str,
    last: bool,
    slash: EncodedSlash,
) -> Result<Segment, Wrong<'t>> {
    match part {
        "" if last => {
            let help = format!(
                "write `{}`; a trailing slash does not tell paths apart",
                whole.trim_end_matches('/')
            );
            return Err(Wrong::new("a pattern or rewrite does not end in `/`", help));
        }
        "" => {
            return Err(Wrong::new(
                "an empty segment matches no path",
                "write one `/`",
            ));
        }
        "." | ".." => {
            let message = "a dot segment matches no path: requests are normalised first";
            return Err(Wrong::new(message, "write the path without it").at(part));
        }
        _ => {}
    }
    if part.contains(['{', '}']) {
        return parameter(part).map(Segment::Param);
    }
    if part.contains('*') {
        let message = "`*` stands for the rest and is a segment of its own";
        return Err(Wrong::new(message, "write `/*` last, or `%2A` for the character").at(part));
    }
    if let Some(odd) =
        part.find(|c: char| c.is_control() || c.is_whitespace() || "\"<>[\\]^`|".contains(c))
    {
        let odd = part[odd..].chars().next().unwrap_or(' ');
        let message = format!(
            "`{}` cannot stand in a path",
            shown(odd.encode_utf8(&mut [0; 4]))
        );
        return Err(Wrong::new(
            message,
            "patterns have no expressions: write segments, `{name}` or a last `*`",
        )
        .at(part));
    }
    literal(part, slash)
}

fn literal(part: &str, slash: EncodedSlash) -> Result<Segment, Wrong<'_>> {
    let normal = match normalise(&format!("/{part}"), slash) {
        Ok(normal) => normal[1..].to_owned(),
        Err(refusal) => {
            let message = format!("`{part}` matches no path: {refusal}");
            return Err(Wrong::new(message, "write the segment without it").at(part));
        }
    };
    // Letters beyond ASCII are easier to read unescaped; anything else has one spelling.
    if normal != part && part.is_ascii() {
        let message = format!("`{part}` is not normalised, so no request matches it");
        let help = if matches!(normal.as_str(), "" | "." | "..") {
            "a dot segment matches no path".to_owned()
        } else {
            format!("write `{normal}`")
        };
        return Err(Wrong::new(message, help).at(part));
    }
    Ok(Segment::Literal(normal))
}

fn parameter(part: &str) -> Result<String, Wrong<'_>> {
    let Some(name) = part
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        let message = format!("`{}` mixes a parameter with other text", shown(part));
        return Err(Wrong::new(message, "a parameter is a whole segment: `/{name}/`").at(part));
    };
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 32
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        return Ok(name.to_owned());
    }
    let message = format!("`{}` is not a parameter's name", shown(name));
    let help = if name.ends_with(['+', '*']) {
        "for the rest of the path write `*`"
    } else {
        "write 1 to 32 letters, digits and `_`, not starting with a digit"
    };
    Err(Wrong::new(message, help).at(part))
}
