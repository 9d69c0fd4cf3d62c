//! DIRECTIVES -> TEXT: the typed tree of an nginx configuration and its printer, which quotes every argument as nginx reads it.

use std::borrow::Cow;

/// An argument or a name: fixed words borrow, everything else owns.
pub type Word = Cow<'static, str>;

/// What stands in a block, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A directive.
    Directive(Directive),
    /// A comment line, without `#`.
    Comment(String),
}

/// One directive: `name arg arg;` or `name arg { .. }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its name; in a `map` or `geo` the source value.
    pub name: Word,
    /// Its arguments, unquoted: as nginx holds them after reading.
    pub args: Vec<Word>,
    /// What stands between `;` and the name.
    pub body: Body,
    /// Bytes `start..end` of the text it was read from; empty where it was made. Takes part in no comparison of printed text.
    pub place: std::ops::Range<usize>,
}

/// How a directive ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// With `;`.
    None,
    /// With a block of directives.
    Block(Vec<Item>),
    /// With a block in another language (`*_by_lua_block`), kept as it is.
    Verbatim(String),
}

impl Directive {
    /// A directive that ends with `;`.
    #[must_use]
    pub fn simple<A: IntoIterator<Item = W>, W: Into<Word>>(
        name: impl Into<Word>,
        args: A,
    ) -> Self {
        Self {
            name: name.into(),
            args: args.into_iter().map(Into::into).collect(),
            body: Body::None,
            place: 0..0,
        }
    }

    /// A directive with a block.
    #[must_use]
    pub fn block<A: IntoIterator<Item = W>, W: Into<Word>>(
        name: impl Into<Word>,
        args: A,
        items: Vec<Item>,
    ) -> Self {
        Self {
            body: Body::Block(items),
            ..Self::simple(name, args)
        }
    }

    /// The directives in its block; none where it has no block.
    pub fn children(&self) -> impl Iterator<Item = &Directive> {
        let items: &[Item] = match &self.body {
            Body::Block(items) => items,
            Body::None | Body::Verbatim(_) => &[],
        };
        items.iter().filter_map(|item| match item {
            Item::Directive(directive) => Some(directive),
            Item::Comment(_) => None,
        })
    }
}

/// A list of items that reads like a configuration when it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block(pub Vec<Item>);

impl Block {
    /// An empty block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `name args;`.
    pub fn put<const N: usize, W: Into<Word>>(&mut self, name: &'static str, args: [W; N]) {
        self.0.push(Item::Directive(Directive::simple(name, args)));
    }

    /// Adds a line of a `map` or `geo`: `source value;`.
    pub fn pair(&mut self, source: impl Into<Word>, value: impl Into<Word>) {
        self.0
            .push(Item::Directive(Directive::simple(source, [value.into()])));
    }

    /// Adds `name args { .. }`.
    pub fn open<const N: usize, W: Into<Word>>(
        &mut self,
        name: &'static str,
        args: [W; N],
        inner: Block,
    ) {
        self.0
            .push(Item::Directive(Directive::block(name, args, inner.0)));
    }

    /// Adds `if (condition) { .. }`.
    pub fn when(&mut self, condition: &[&str], inner: Block) {
        let mut args: Vec<Word> = condition
            .iter()
            .map(|word| Word::Owned((*word).to_owned()))
            .collect();
        if let Some(first) = args.first_mut() {
            first.to_mut().insert(0, '(');
        }
        match args.last_mut() {
            Some(last) if !last.is_empty() => last.to_mut().push(')'),
            // An empty text is a word of its own.
            _ => args.push(Word::Borrowed(")")),
        }
        self.0.push(Item::Directive(Directive {
            body: Body::Block(inner.0),
            ..Directive::simple("if", args)
        }));
    }

    /// Adds a comment line.
    pub fn comment(&mut self, text: impl Into<String>) {
        self.0.push(Item::Comment(text.into()));
    }

    /// Adds all of `other`.
    pub fn append(&mut self, mut other: Block) {
        self.0.append(&mut other.0);
    }
}

/// Prints items as the text of a configuration file; `print(parse(print(t))) == print(t)`.
#[must_use]
pub fn print(items: &[Item]) -> String {
    let mut text = String::with_capacity(items.len() * 64);
    print_items(items, 0, &mut text);
    text
}

fn print_items(items: &[Item], depth: usize, text: &mut String) {
    for (index, item) in items.iter().enumerate() {
        let first = index == 0;
        match item {
            Item::Comment(comment) => {
                if !first && depth <= 1 && !matches!(items[index - 1], Item::Comment(_)) {
                    text.push('\n');
                }
                indent(depth, text);
                text.push('#');
                if !comment.is_empty() {
                    text.push(' ');
                }
                text.extend(comment.chars().map(in_comment));
                text.push('\n');
            }
            Item::Directive(directive) => print_directive(directive, depth, text),
        }
    }
}

fn print_directive(directive: &Directive, depth: usize, text: &mut String) {
    indent(depth, text);
    word(&directive.name, text);
    for arg in &directive.args {
        text.push(' ');
        word(arg, text);
    }
    match &directive.body {
        Body::None => text.push_str(";\n"),
        Body::Block(items) if items.is_empty() => text.push_str(" {}\n"),
        Body::Block(items) => {
            text.push_str(" {\n");
            print_items(items, depth + 1, text);
            indent(depth, text);
            text.push_str("}\n");
        }
        Body::Verbatim(code) => {
            text.push_str(" {");
            text.push_str(code);
            text.push_str("}\n");
        }
    }
}

fn indent(depth: usize, text: &mut String) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

/// A comment ends with its line, so that none can begin a directive.
fn in_comment(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Bytes that end or change a bare word in nginx's tokenizer (`ngx_conf_read_token`).
fn is_special(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, ';' | '{' | '}' | '"' | '\'' | '\\' | '#' | '\u{feff}')
}

fn word(value: &str, text: &mut String) {
    if !value.is_empty() && !value.contains(is_special) {
        text.push_str(value);
        return;
    }
    let quote = if value.contains('"') && !value.contains('\'') {
        '\''
    } else {
        '"'
    };
    text.push(quote);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        // `ngx_conf_read_token` turns these three escapes back; a line of the file stays a line of the configuration.
        if let Some(letter) = match c {
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            _ => None,
        } {
            text.extend(['\\', letter]);
            continue;
        }
        if c == quote {
            text.push('\\');
        } else if c == '\\'
            && matches!(
                chars.peek(),
                None | Some('"' | '\'' | '\\' | 't' | 'r' | 'n' | '\t' | '\r' | '\n')
            )
        {
            // nginx unescapes exactly these; before any other character a backslash stands for itself.
            text.push('\\');
        }
        text.push(c);
    }
    text.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: &str) -> String {
        let mut text = String::new();
        word(value, &mut text);
        text
    }

    #[test]
    fn words_are_quoted_only_where_nginx_needs_it() {
        assert_eq!(printed("$request_uri"), "$request_uri");
        assert_eq!(printed(""), "\"\"");
        assert_eq!(printed("a b"), "\"a b\"");
        assert_eq!(printed(r#"{"a":1}"#), r#"'{"a":1}'"#);
        assert_eq!(printed(r#"it's "so""#), r#""it's \"so\"""#);
        assert_eq!(printed(r"~^a\.b$"), r#""~^a\.b$""#);
        assert_eq!(printed(r"a\n"), r#""a\\n""#);
        assert_eq!(printed("a\\"), r#""a\\""#);
    }

    #[test]
    fn breaks_of_lines_are_kept_as_escapes_and_end_no_line_of_the_file() {
        assert_eq!(printed("a\r\n\tb: 1"), r#""a\r\n\tb: 1""#);
        assert_eq!(printed("\\\n"), r#""\\\n""#);
        assert_eq!(
            print(&[Item::Comment("a\ndaemon off;".into())]),
            "# a daemon off;\n"
        );
    }
}
