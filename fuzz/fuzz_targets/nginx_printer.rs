//! Any words as arguments: what the printer writes is read back as the same words, so no value leaves its place.

#![no_main]

use gateway_gen::targets::nginx::document::{Body, Directive, Item, print};
use gateway_gen::targets::nginx::parse::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: Vec<Vec<String>>| {
    let items: Vec<Item> = words
        .iter()
        .filter(|words| words.iter().all(|word| !word.contains(char::is_control)))
        .map(|words| Item::Directive(Directive::simple("set", words.clone())))
        .collect();
    let around = Item::Directive(Directive::block("location", ["/"], items.clone()));
    let text = print(&[around]);
    let read = parse(&text).expect("what was printed can be read");
    assert_eq!(read.len(), 1, "{text}");
    let Item::Directive(location) = &read[0] else { panic!("{text}") };
    let Body::Block(inner) = &location.body else { panic!("{text}") };
    assert_eq!(inner.len(), items.len(), "{text}");
    for (read, made) in inner.iter().zip(&items) {
        let (Item::Directive(read), Item::Directive(made)) = (read, made) else { panic!("{text}") };
        assert_eq!((&read.name, &read.args), (&made.name, &made.args), "{text}");
    }
});
