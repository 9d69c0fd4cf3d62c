//! Codes of this stage, GG001-GG049; each has an explain page beside it.

use crate::report::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $id:literal $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Code = Code { id: $id, name: $name, page: include_str!(concat!("pages/", $id, ".md")) };)*
        /// Every code of this stage.
        pub const ALL: &[Code] = &[$($constant),*];
    };
}

codes! {
    /// `source/syntax`
    SYNTAX = "GG001" "source/syntax";
    /// `source/unreadable`
    UNREADABLE = "GG002" "source/unreadable";
    /// `source/too-big`
    TOO_BIG = "GG003" "source/too-big";
    /// `source/too-deep`
    TOO_DEEP = "GG004" "source/too-deep";
    /// `source/encoding`
    ENCODING = "GG005" "source/encoding";
    /// `source/control-character`
    CONTROL = "GG006" "source/control-character";
    /// `source/tag`
    TAG = "GG007" "source/tag";
    /// `source/several-documents`
    DOCUMENTS = "GG008" "source/several-documents";
    /// `source/merge-key`
    MERGE_KEY = "GG009" "source/merge-key";
    /// `source/duplicate-key`
    DUPLICATE_KEY = "GG010" "source/duplicate-key";
    /// `source/unset-variable`
    UNSET_VARIABLE = "GG011" "source/unset-variable";
    /// `source/variable-syntax`
    VARIABLE_SYNTAX = "GG012" "source/variable-syntax";
    /// `source/include-missing`
    INCLUDE_MISSING = "GG013" "source/include-missing";
    /// `source/include-cycle`
    INCLUDE_CYCLE = "GG014" "source/include-cycle";
    /// `source/include-form`
    INCLUDE_FORM = "GG015" "source/include-form";
    /// `source/defined-twice`
    DEFINED_TWICE = "GG016" "source/defined-twice";
    /// `source/overlay-missing`
    OVERLAY_MISSING = "GG017" "source/overlay-missing";
    /// `source/overlay-path`
    OVERLAY_PATH = "GG018" "source/overlay-path";
    /// `source/unknown-service`
    UNKNOWN_SERVICE = "GG019" "source/unknown-service";
    /// `source/comment-form`
    COMMENT_FORM = "GG020" "source/comment-form";
    /// `spec/unknown-key`
    UNKNOWN_KEY = "GG030" "spec/unknown-key";
    /// `spec/wrong-type`
    WRONG_TYPE = "GG031" "spec/wrong-type";
    /// `spec/missing-key`
    MISSING_KEY = "GG032" "spec/missing-key";
    /// `spec/unknown-value`
    UNKNOWN_VALUE = "GG033" "spec/unknown-value";
    /// `spec/bad-value`
    BAD_VALUE = "GG034" "spec/bad-value";
    /// `spec/no-value`
    NO_VALUE = "GG035" "spec/no-value";
    /// `spec/several-kinds`
    SEVERAL_KINDS = "GG036" "spec/several-kinds";
    /// `spec/too-many-mistakes`
    TOO_MANY = "GG037" "spec/too-many-mistakes";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_page_starts_with_its_code_and_has_an_example() {
        for code in ALL {
            assert!(
                code.page
                    .starts_with(&format!("# {} {}: ", code.id, code.name)),
                "{}",
                code.id
            );
            assert!(code.page.matches("```").count() >= 2, "{}", code.id);
            let lines = code.page.lines().count();
            assert!((8..=24).contains(&lines), "{} has {lines} lines", code.id);
        }
    }

    #[test]
    fn codes_and_names_are_unique_and_in_this_stage_s_range() {
        for (n, code) in ALL.iter().enumerate() {
            assert!(("GG001"..="GG049").contains(&code.id));
            assert!(
                ALL[..n]
                    .iter()
                    .all(|other| other.id != code.id && other.name != code.name),
                "{}",
                code.id
            );
        }
    }
}
