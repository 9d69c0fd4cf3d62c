//! TEXT -> DIRECTIVES: reads an nginx configuration or a fragment of one, with byte places; includes are the reader's to resolve.

use super::document::{Body, Directive, Item};
use super::lexer::{Lexer, SyntaxError, Token};

/// Deepest nesting read; nginx itself needs six.
const DEEPEST: usize = 64;

/// Reads a whole file or fragment: every block that opens in it closes in it.
///
/// # Errors
/// The first place that is not nginx syntax.
pub fn parse(text: &str) -> Result<Vec<Item>, SyntaxError> {
    let mut open: Vec<(Directive, Vec<Item>)> = Vec::new();
    let mut items = Vec::new();
    let mut words: Vec<(String, std::ops::Range<usize>)> = Vec::new();
    let mut lexer = Lexer::new(text);
    while let Some((token, place)) = lexer.read()? {
        match token {
            // A comment between the words of a directive is moved behind it.
            Token::Comment(comment) => items.push(Item::Comment(comment)),
            Token::Word(word) => words.push((word, place)),
            Token::Semicolon => {
                let mut directive =
                    directive(&mut words).ok_or_else(|| unexpected(";", place.clone()))?;
                directive.place.end = place.end;
                items.push(Item::Directive(directive));
            }
            Token::Open => {
                let mut directive =
                    directive(&mut words).ok_or_else(|| unexpected("{", place.clone()))?;
                if directive.name.ends_with("_by_lua_block") {
                    directive.body = Body::Verbatim(lexer.verbatim()?);
                    items.push(Item::Directive(directive));
                } else if open.len() == DEEPEST {
                    return Err(SyntaxError {
                        message: format!("blocks are nested deeper than {DEEPEST}"),
                        place,
                    });
                } else {
                    open.push((directive, std::mem::take(&mut items)));
                }
            }
            Token::Close => {
                if let Some((word, place)) = words.first() {
                    return Err(SyntaxError {
                        message: format!("`{word}` is not ended by `;`"),
                        place: place.clone(),
                    });
                }
                let (mut directive, outer) =
                    open.pop().ok_or_else(|| unexpected("}", place.clone()))?;
                directive.place.end = place.end;
                directive.body = Body::Block(std::mem::replace(&mut items, outer));
                items.push(Item::Directive(directive));
            }
        }
    }
    if let Some((word, place)) = words.first() {
        return Err(SyntaxError {
            message: format!("`{word}` is not ended by `;`"),
            place: place.clone(),
        });
    }
    match open.pop() {
        Some((directive, _)) => Err(SyntaxError {
            message: format!("the block of `{}` is not closed", directive.name),
            place: directive.place,
        }),
        None => Ok(items),
    }
}

fn directive(words: &mut Vec<(String, std::ops::Range<usize>)>) -> Option<Directive> {
    let place = words.first()?.1.start..words.last()?.1.end;
    let mut words = words.drain(..).map(|(word, _)| word);
    let name = words.next()?;
    Some(Directive {
        place,
        ..Directive::simple(name, words)
    })
}

fn unexpected(what: &str, place: std::ops::Range<usize>) -> SyntaxError {
    SyntaxError {
        message: format!("`{what}` without a directive before it"),
        place,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::super::document::{Block, print};
    use super::*;

    #[test]
    fn printed_text_is_read_back_and_printed_alike() {
        let text = "# head\nuser nobody;\nhttp {\n  map $a $b {\n    \"~^x y\" 'a\"b';\n    default \"\";\n  }\n  server {}\n}\n";
        assert_eq!(print(&parse(text).unwrap()), text);
    }

    #[test]
    fn lua_blocks_pass_as_they_are() {
        let text = "access_by_lua_block { if a then x = { 1, '}' } end -- it's\n}\n";
        assert_eq!(print(&parse(text).unwrap()), text);
    }

    #[test]
    fn variables_with_braces_are_one_word() {
        let items = parse("proxy_pass http://${up}/x;").unwrap();
        assert!(matches!(&items[0], Item::Directive(d) if d.args == ["http://${up}/x"]));
    }

    #[test]
    fn a_fragment_cannot_close_what_it_did_not_open() {
        for (text, message) in [
            ("} server {", "`}` without a directive before it"),
            ("a b", "`a` is not ended by `;`"),
            ("a { b c }", "`b` is not ended by `;`"),
            ("a {", "the block of `a` is not closed"),
            ("a \"b;", "the quote is not closed"),
            ("a \"b\"c;", "`c` directly behind a closing quote"),
            (";", "`;` without a directive before it"),
        ] {
            assert_eq!(parse(text).unwrap_err().message, message, "{text}");
        }
    }

    #[test]
    fn places_are_bytes_of_the_text() {
        let text = "a;\n  bé { c; }";
        let items = parse(text).unwrap();
        let Item::Directive(second) = &items[1] else {
            panic!()
        };
        assert_eq!(&text[second.place.clone()], "bé { c; }");
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_argument(name in "[a-z_]{1,8}", values in proptest::collection::vec(any::<String>(), 0..4)) {
            let mut block = Block::new();
            block.0.push(Item::Directive(Directive::simple(name.clone(), values.clone())));
            let text = print(&block.0);
            let read = parse(&text).unwrap();
            prop_assert_eq!(read.len(), 1);
            let Item::Directive(directive) = &read[0] else { panic!("{text}") };
            prop_assert_eq!(directive.name.as_ref(), name.as_str());
            let expected: Vec<String> = values.iter().map(|v| v.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()).collect();
            prop_assert_eq!(directive.args.iter().map(|a| a.to_string()).collect::<Vec<_>>(), expected);
            prop_assert_eq!(print(&read), text);
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
            if let Ok(items) = parse(&text) {
                let printed = print(&items);
                prop_assert_eq!(print(&parse(&printed).unwrap()), printed);
            }
        }
    }
}
