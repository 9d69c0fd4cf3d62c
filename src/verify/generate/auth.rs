//! Credentials: the truth table of every scheme, and of any and all.

use super::Of;
use crate::ir::Auth;
use crate::verify::identity::strip;
use crate::verify::probe::Class;

const ABOUT: &[&str] = &[
    "auth",
    "scheme",
    "consumer",
    "own-answers",
    "scopes",
    "groups",
];

/// Right and wrong credentials.
pub(super) fn route(of: &mut Of<'_, '_>) {
    let (good, base, needed) = (
        of.good(),
        of.scene.base(of.route),
        of.scene.identities.needed(of.route),
    );
    if needed.is_empty() {
        let with = base.header("Authorization", "Bearer not-asked-for");
        of.ask(Class::Auth, "credentials nobody asked for", ABOUT, with);
        return;
    }
    of.ask(Class::Auth, "nothing", ABOUT, base.clone());
    for scheme in &needed {
        for wrong in of.scene.identities.wrong(scheme, of.route, &good) {
            of.ask(
                Class::Auth,
                &format!("{}: {}", scheme.name, wrong.what),
                ABOUT,
                wrong.request,
            );
        }
    }
    for scheme in of
        .route
        .auth
        .schemes()
        .iter()
        .filter_map(|name| of.scene.gateway.schemes.get(name))
    {
        // Everybody who is known by the scheme, and a valid stranger.
        for consumer in of.scene.identities.consumers(scheme) {
            let request = of
                .scene
                .identities
                .with(scheme, Some(consumer), of.route, base.clone());
            of.ask(
                Class::Auth,
                &format!("{} as {}", scheme.name, consumer.name),
                ABOUT,
                request,
            );
        }
        let request = of
            .scene
            .identities
            .with(scheme, None, of.route, base.clone());
        of.ask(
            Class::Auth,
            &format!("{} as nobody in particular", scheme.name),
            ABOUT,
            request,
        );
    }
    if let Auth::All(_) = &of.route.auth.value {
        for scheme in &needed {
            of.ask(
                Class::Auth,
                &format!("all but {}", scheme.name),
                ABOUT,
                strip(scheme, good.clone()),
            );
        }
    }
}
