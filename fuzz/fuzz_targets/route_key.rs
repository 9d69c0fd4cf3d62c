//! A route key and a path: patterns come back as they are printed, and what matches is what precedence says.

#![no_main]

use gateway_gen::ir::{EncodedSlash, Matched, Matcher, normalise};
use gateway_gen::resolve::{Options, Secrets, resolve};
use gateway_gen::source::{Input, ReadOptions, read};
use gateway_gen::spec::Spec;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<String>, String, bool)| {
    let (keys, path, keep) = input;
    let slash = if keep { EncodedSlash::Keep } else { EncodedSlash::Refuse };
    // Normalising twice changes nothing more.
    let normal = normalise(&path, slash);
    if let Ok(normal) = &normal {
        assert_eq!(normalise(normal, slash).as_ref(), Ok(normal));
    }
    let mut text = "version: 1\nname: fuzz\nroutes:\n".to_owned();
    for key in keys.iter().take(8) {
        let key = format!("{key:?}").replace("\\u{", "\\u00").replace('}', "");
        text.push_str(&format!("  {key}: {{ respond: {{ status: 204 }}, auth: none }}\n"));
    }
    let options = ReadOptions {
        input: Input::Text { name: "gateway.yaml".to_owned(), text },
        env: None,
        variables: &|_| None,
        services: Vec::new(),
    };
    let Ok(document) = read(&options) else { return };
    let Some(spec) = document.decode::<Spec>().value else { return };
    let options = Options {
        secrets: Secrets::Reference,
        files: &|_| Err(std::io::ErrorKind::NotFound.into()),
        complete: true,
    };
    let Some(gateway) = resolve(&spec, &document, &options).gateway else { return };
    let matcher = Matcher::new(&gateway);
    let Ok(normal) = normal else { return };
    let by_pattern = gateway.routes.iter().position(|route| route.host.is_none() && route.pattern.matches(&normal));
    let matched = matcher.decide(None, &normal, "GET");
    assert_eq!(by_pattern.is_none(), matches!(matched, Matched::NotFound), "{normal}");
});
