//! Gathers: all parts well, and each part failing in turn.

use super::Of;
use super::faults::{Trouble, told};
use crate::ir::Action;
use crate::verify::probe::Class;

const ABOUT: &[&str] = &["gather"];

/// Every part well, then each part failing, slow and not JSON.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let Action::Gather(gather) = &of.route.action else {
        return;
    };
    let good = of.good();
    of.ask(Class::Gather, "all parts well", ABOUT, good.clone());
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
