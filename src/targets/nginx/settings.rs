//! `targets.nginx` -> SETTINGS: the version that decides between constructions, and the modules that may be loaded.

use super::{raw, sizes};
use crate::ir::Gateway;
use crate::report::{Diagnostic, Place};
use crate::source::Pointer;
use crate::spec;

/// What `targets.nginx` says, with defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Major and minor version.
    pub version: (u32, u32),
    /// njs may be loaded.
    pub njs: bool,
    /// Where modules lie.
    pub module_path: String,
}

/// The oldest version that configurations are made for.
pub const OLDEST: (u32, u32) = (1, 22);

impl Settings {
    /// Reads the settings; what `check` refuses falls back to the default.
    #[must_use]
    pub fn of(targets: &spec::Targets) -> Self {
        let nginx = targets.nginx.as_ref();
        let version = nginx
            .and_then(|nginx| nginx.version.as_deref())
            .and_then(version)
            .unwrap_or(OLDEST);
        let modules = nginx.and_then(|nginx| nginx.modules.as_deref());
        let path = nginx
            .and_then(|nginx| nginx.module_path.as_deref())
            .unwrap_or("/usr/lib/nginx/modules");
        Self {
            version,
            njs: modules.is_none_or(|modules| modules.iter().any(|module| module == "njs")),
            module_path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// njs has shared dictionaries (njs 0.8, as packaged with nginx 1.26).
    #[must_use]
    pub fn shared_dictionaries(&self) -> bool {
        self.version >= (1, 26)
    }

    /// `http2` is a directive of its own (nginx 1.25.1).
    #[must_use]
    pub fn http2_directive(&self) -> bool {
        self.version >= (1, 26)
    }
}

/// Reads `1.22` or `1.22.1`.
#[must_use]
pub fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let rest_is_number = parts
        .next()
        .is_none_or(|patch| patch.parse::<u32>().is_ok());
    (rest_is_number && parts.next().is_none()).then_some(version)
}
/// What settings and raw fragments get wrong.
#[must_use]
pub fn check(gateway: &Gateway, targets: &spec::Targets) -> Vec<Diagnostic> {
    let mut out = raw::check(gateway, targets);
    out.extend(sizes::check(gateway));
    let Some(nginx) = &targets.nginx else {
        return out;
    };
    let at = |key: &str| Place::value(Pointer::root().key("targets").key("nginx").key(key));
    if let Some(text) = &nginx.version {
        let wrong = match version(text) {
            None => Some(format!("`{text}` is not a version of nginx")),
            Some(version) if version < OLDEST => Some(format!(
                "nginx {text} is older than {}.{}",
                OLDEST.0, OLDEST.1
            )),
            Some(_) => None,
        };
        if let Some(message) = wrong {
            out.push(
                Diagnostic::error(raw::SETTING, at("version"), message)
                    .help("write the version that runs, such as `\"1.22\"` or `\"1.26\"`"),
            );
        }
    }
    if !Settings::of(targets).njs {
        out.push(
            Diagnostic::error(
                raw::SETTING,
                at("modules"),
                "the configuration needs the module `njs`",
            )
            .help("add `njs` to `modules`, or leave `modules` out"),
        );
    }
    if let Some(path) = nginx
        .module_path
        .as_ref()
        .filter(|path| path.contains('$') || path.chars().any(char::is_control))
    {
        out.push(
            Diagnostic::error(
                raw::SETTING,
                at("module_path"),
                format!("`{path}` cannot be a folder of modules"),
            )
            .help("write an absolute path without `$`"),
        );
    }
    out
}
