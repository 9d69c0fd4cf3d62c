//! Texts of any kind get an answer: the parsers never panic, and what they accept is what they say.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::pattern::{self, Form};
use super::{pieces, policies, route_key, urls};
use crate::ir::{EncodedSlash, normalise};

fn any_text() -> impl Strategy<Value = String> {
    "(\\PC|[/{}*%?#:@.,a-f0-9 \\\\\\x00-\\x1f]|auth\\.|path|%2[eEfF]|https?://|GET ){0,12}"
}

proptest! {
    #[test]
    fn a_literal_pattern_is_matched_by_its_own_normal_form(text in any_text()) {
        let text = format!("/{text}");
        if let Ok(pattern) = pattern::parse(&text, EncodedSlash::Refuse, Form::Pattern) {
            prop_assert_eq!(pattern.to_string().is_ascii(), true);
            if !pattern.rest && pattern.params().next().is_none() {
                let path = normalise(&text, EncodedSlash::Refuse).unwrap();
                prop_assert!(pattern.matches(&path), "{text} {path}");
            }
        }
    }

    #[test]
    fn a_printed_pattern_reads_back_as_itself(text in "(/(a|b%20c|\\{x\\}|\\{y\\}|~)){0,4}(/|/\\*)") {
        if let Ok(pattern) = pattern::parse(&text, EncodedSlash::Refuse, Form::Pattern) {
            let printed = pattern.to_string();
            let again = pattern::parse(&printed, EncodedSlash::Refuse, Form::Pattern);
            prop_assert_eq!(again.ok(), Some(pattern));
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any_text()) {
        let pattern = pattern::parse("/a/{id}", EncodedSlash::Refuse, Form::Pattern).ok();
        let _ = route_key::parse(&text, EncodedSlash::Keep);
        let _ = route_key::host(&text);
        let _ = urls::parse(&text, urls::Tail::Path);
        let _ = policies::parse_origin(&text);
        let _ = super::respond::location(&text, pattern.as_ref());
        let _ = super::gather::from(&text, pattern.as_ref());
        let _ = pieces::parse(&text, pattern.as_ref(), pieces::Allowed::Claims);
    }

    #[test]
    fn no_bytes_make_reading_keys_panic(bytes: Vec<u8>, der: Vec<u8>) {
        let _ = crate::ir::keys::of_key_set(&bytes);
        let _ = crate::ir::keys::of_pem(&bytes);
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der)
        );
        let _ = crate::ir::keys::of_pem(pem.as_bytes());
    }
}
