//! Codes of this stage, GG950-GG959; each has an explain page beside it.

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
    UNKNOWN_LOSS = "GG950" "build/unknown-loss";
    /// `build/unused-allow`
    UNUSED_ALLOW = "GG951" "build/unused-allow";
    /// `build/to-do`
    TO_DO = "GG952" "build/to-do";
    /// `build/out-of-date`
    OUT_OF_DATE = "GG953" "build/out-of-date";
}
