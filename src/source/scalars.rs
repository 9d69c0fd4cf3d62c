//! Each scalar on its way into the tree: variables replaced, control characters refused.

use super::builder::Scalar;
use super::sources::{Sources, offset};
use super::tree::{Kind, Text};
use super::variables::{self, Fault, OPENING};
use super::{Pointer, Span, codes};
use crate::report::{Diagnostic, Place};

/// Under these keys a text of any style may have tabs and line ends; elsewhere only a block scalar (`|`, `>`) may.
const FREE_TEXT: [&str; 2] = ["body", "raw"];

pub(super) struct Scalars<'a> {
    pub sources: &'a Sources,
    pub variables: &'a dyn Fn(&str) -> Option<String>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Scalars<'_> {
    /// What to keep of a scalar: as it is, with variables replaced, or broken after a mistake was noted.
    pub fn take(&mut self, scalar: &Scalar<'_>, kept: Kind) -> Kind {
        if has_control(scalar.text) && self.refuse_control(scalar, scalar.text) {
            return Kind::Broken;
        }
        if scalar.is_key || !scalar.text.contains(OPENING) {
            return kept;
        }
        match variables::expand(scalar.text, self.variables) {
            Ok(expanded) => {
                if has_control(&expanded.text) && self.refuse_control(scalar, &expanded.text) {
                    return Kind::Broken;
                }
                Kind::Scalar {
                    text: Text::Owned(expanded.text.into()),
                    plain: scalar.plain && expanded.whole,
                }
            }
            Err(faults) => {
                for fault in faults {
                    self.fault(scalar, &fault);
                }
                Kind::Broken
            }
        }
    }

    fn fault(&mut self, scalar: &Scalar<'_>, fault: &Fault) {
        let pointer = (scalar.pointer)();
        let found = match fault {
            Fault::Unset { name } => {
                let place = self.within(scalar.span, &format!("{OPENING}{name}"), pointer);
                Diagnostic::error(
                    codes::UNSET_VARIABLE,
                    place,
                    format!("the variable `{name}` is not set"),
                )
                .help(format!("set it, or give a default: `${{env:{name}:-…}}`"))
            }
            Fault::Malformed { text } => {
                let place = self.within(scalar.span, text, pointer);
                Diagnostic::error(codes::VARIABLE_SYNTAX, place, "this is not a variable")
                    .help("write `${env:NAME}` or `${env:NAME:-default}`; a name has letters, digits and `_`")
            }
        };
        self.diagnostics.push(found);
    }

    /// The place of `text` inside a scalar's bytes up to its closing brace, or the whole scalar.
    fn within(&self, span: Span, text: &str, pointer: Pointer) -> Place {
        let slice = self.sources.slice(span);
        let starts = slice.match_indices(text).map(|(at, _)| at);
        let next = |at: &usize| slice[at + text.len()..].chars().next();
        let exact =
            |at: &usize| text.ends_with('}') || next(at).is_none_or(|c| c == '}' || c == ':');
        let span = starts.clone().find(exact).map_or(span, |at| {
            let rest = &slice[at..];
            let len = rest.find('}').map_or(rest.len(), |end| end + 1);
            Span {
                start: span.start + offset(at),
                end: span.start + offset(at + len),
                ..span
            }
        });
        Place::Text { pointer, span }
    }

    /// Notes a control character that must not be here; `false` where it may stand.
    fn refuse_control(&mut self, scalar: &Scalar<'_>, text: &str) -> bool {
        let pointer = (scalar.pointer)();
        let free = !scalar.is_key
            && (scalar.block
                || pointer
                    .steps()
                    .any(|step| FREE_TEXT.contains(&step.as_str())));
        let refused = |c: &char| c.is_control() && !(free && matches!(c, '\t' | '\n' | '\r'));
        let Some(found) = text.chars().find(refused) else {
            return false;
        };
        let what = if scalar.is_key { "key" } else { "text" };
        let message = format!(
            "a control character (U+{:04X}) in a {what}",
            u32::from(found)
        );
        let help = match found {
            '\t' | '\n' | '\r' => {
                "tabs and line ends may stand in block texts (`|`), in `body` and in `raw`"
            }
            _ => "remove it: no target can carry it safely",
        };
        let place = Place::Text {
            pointer,
            span: scalar.span,
        };
        self.diagnostics
            .push(Diagnostic::error(codes::CONTROL, place, message).help(help));
        true
    }
}

fn has_control(text: &str) -> bool {
    // 0xC2 starts U+0080..U+00BF, which holds the second block of control characters.
    text.bytes()
        .any(|byte| byte < 0x20 || byte == 0x7f || byte == 0xc2)
        && text.chars().any(char::is_control)
}
