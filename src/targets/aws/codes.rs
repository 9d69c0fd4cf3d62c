//! Codes of this target, GG080-GG084; each has an explain page beside it.

use crate::report::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $id:literal $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Code = Code { id: $id, name: $name, page: include_str!(concat!("pages/", $id, ".md")) };)*
        /// Every code of this target.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    /// `aws/hard-limit`
    LIMIT = "GG080" "aws/hard-limit";
    /// `aws/not-expressible`
    FORM = "GG081" "aws/not-expressible";
    /// `aws/raw`
    RAW = "GG082" "aws/raw";
}
