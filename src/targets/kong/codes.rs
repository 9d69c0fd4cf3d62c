//! Codes of this target, GG340-GG349; each has an explain page.

use crate::report::Code;

/// A raw fragment that Kong would refuse, or that would switch off a check.
pub const RAW: Code = Code {
    id: "GG340",
    name: "kong/raw-fragment",
    page: include_str!("pages/raw.md"),
};

/// A setting of the target that is none.
pub const SETTING: Code = Code {
    id: "GG341",
    name: "kong/setting",
    page: include_str!("pages/setting.md"),
};

/// Something in the spec that Kong's file has no place for.
pub const DOCUMENT: Code = Code {
    id: "GG342",
    name: "kong/document",
    page: include_str!("pages/document.md"),
};

/// Every code of this target.
pub const ALL: &[Code] = &[RAW, SETTING, DOCUMENT];
