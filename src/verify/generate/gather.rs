//! Gathers: all parts well, and each part failing in turn.

use super::Of;
use super::faults::{Trouble, told};
use crate::ir::{Action, Pattern, Segment};
use crate::verify::probe::Class;

const ABOUT: &[&str] = &["gather"];

/// Values of parameters that would mean something where they are put, or walk out of it.
const AWKWARD: &[(&str, &str)] = &[
    ("with an ampersand", "1&user=other"),
    ("with an equals sign and a plus", "a=b+c"),
    ("with a semicolon and a comma", "a;b=c,d"),
    ("with an encoded question mark", "a%3Fadmin=1"),
    ("with an encoded hash", "a%23b"),
    ("with an encoded percent sign", "a%2541"),
    ("with an encoded slash", "a%2Fb"),
    ("with letters beyond ASCII", "%C3%A9"),
    ("of three dots", "..."),
    ("with dots inside", "a..b"),
    ("of two encoded dots", "%2E%2E"),
];

/// A path of the pattern with `value` for each parameter; none where it has none.
fn with_parameters(pattern: &Pattern, value: &str) -> Option<String> {
    let has = pattern
        .segments
        .iter()
        .any(|segment| matches!(segment, Segment::Param(_)));
    let segments = pattern.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Param(_) => format!("/{value}"),
    });
    has.then(|| segments.collect())
}

/// Every part well, then each part failing, slow and not JSON.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let Action::Gather(gather) = &of.route.action else {
        return;
    };
    let good = of.good();
    of.ask(Class::Gather, "all parts well", ABOUT, good.clone());
    for (what, value) in AWKWARD {
        if let Some(path) = with_parameters(&of.route.pattern, value) {
            let mut request = good.clone();
            request.target = path;
            of.ask(
                Class::Gather,
                &format!("a parameter {what}"),
                ABOUT,
                request,
            );
        }
    }
    for part in &gather.parts {
        for trouble in [
            Trouble::Status(500),
            Trouble::Status(404),
            Trouble::Reset,
            Trouble::NotJson,
        ] {
            let request = told(good.clone(), &part.service, trouble);
            of.ask(
                Class::Gather,
                &format!("{} {}", part.service, trouble.name()),
                ABOUT,
                request,
            );
        }
        if part.timeout.0 <= 2000 {
            let request = told(
                good.clone(),
                &part.service,
                Trouble::Slow(part.timeout.0 + 700),
            );
            of.ask(
                Class::Gather,
                &format!("{} too slow", part.service),
                ABOUT,
                request,
            );
        }
    }
}
