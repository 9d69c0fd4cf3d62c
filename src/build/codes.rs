//! Codes of this stage, GG090-GG099; each has an explain page beside it.

use crate::report::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $id:literal $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Code = Code { id: $id, name: $name, page: include_str!(concat!("pages/", $id, ".md")) };)*
        /// Every code of this stage.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    /// `build/unknown-loss`
    UNKNOWN_LOSS = "GG090" "build/unknown-loss";
    /// `build/unused-allow`
    UNUSED_ALLOW = "GG091" "build/unused-allow";
    /// `build/to-do`
    TO_DO = "GG092" "build/to-do";
    /// `build/out-of-date`
    OUT_OF_DATE = "GG093" "build/out-of-date";
}
