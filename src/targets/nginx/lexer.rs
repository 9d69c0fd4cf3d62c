//! TEXT -> TOKENS: nginx's own tokenizer (`ngx_conf_read_token`), with byte places.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or an argument, unquoted and unescaped.
    Word(String),
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// From `#` to the end of the line, without `#` and one space.
    Comment(String),
}

/// Why a text is not an nginx configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Lower case, no full stop.
    pub message: String,
    /// The bytes it is about.
    pub place: Range<usize>,
}

/// Reads one token after another.
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Reads `text` from its start.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and its bytes; `None` at the end.
    ///
    /// # Errors
    /// An open quote, or a quote that is not followed by a separator.
    pub fn read(&mut self) -> Result<Option<(Token, Range<usize>)>, SyntaxError> {
        let rest = &self.text[self.at..];
        self.at += rest.len()
            - rest
                .trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}'])
                .len();
        let start = self.at;
        let Some(first) = self.text[start..].chars().next() else {
            return Ok(None);
        };
        let token = match first {
            ';' => self.single(Token::Semicolon),
            '{' => self.single(Token::Open),
            '}' => self.single(Token::Close),
            '#' => self.comment(),
            '"' | '\'' => self.quoted(first)?,
            _ => self.bare(),
        };
        Ok(Some((token, start..self.at)))
    }

    /// The text of a block in another language, from behind its `{` to its `}`, which is passed.
    ///
    /// # Errors
    /// The block does not end.
    pub fn verbatim(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut depth = 1_usize;
        let mut chars = self.text[start..].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                '"' | '\'' => {
                    while let Some((_, inner)) = chars.next() {
                        if inner == '\\' {
                            chars.next();
                        } else if inner == c || inner == '\n' {
                            break;
                        }
                    }
                }
                // A Lua comment may hold a quote or a brace.
                '-' if chars.peek().is_some_and(|(_, next)| *next == '-') => {
                    while chars.peek().is_some_and(|(_, next)| *next != '\n') {
                        chars.next();
                    }
                }
                _ => {}
            }
            if depth == 0 {
                self.at = start + offset + 1;
                return Ok(self.text[start..start + offset].to_owned());
            }
        }
        Err(SyntaxError {
            message: "the block is not closed".to_owned(),
            place: start.saturating_sub(1)..start,
        })
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn comment(&mut self) -> Token {
        let rest = &self.text[self.at + 1..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        self.at += 1 + line.len();
        let line = line.trim_end_matches('\r');
        Token::Comment(line.strip_prefix(' ').unwrap_or(line).to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<Token, SyntaxError> {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start + 1..].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            if c == quote {
                self.at = start + 1 + offset + 1;
                return self.separated(start, Token::Word(value));
            }
            unescape(c, &mut chars, &mut value);
        }
        Err(SyntaxError {
            message: "the quote is not closed".to_owned(),
            place: start..start + 1,
        })
    }

    /// nginx wants a space, `;`, `{` or `)` behind a closing quote.
    fn separated(&self, start: usize, token: Token) -> Result<Token, SyntaxError> {
        match self.text[self.at..].chars().next() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '{' | ')') => Ok(token),
            Some(c) => Err(SyntaxError {
                message: format!("`{c}` directly behind a closing quote"),
                place: start..self.at + c.len_utf8(),
            }),
        }
    }

    fn bare(&mut self) -> Token {
        let start = self.at;
        let mut value = String::new();
        let mut chars = self.text[start..].char_indices().peekable();
        self.at = self.text.len();
        while let Some((offset, c)) = chars.next() {
            // `${name}` is one word although it holds a brace.
            let variable = c == '{' && value.ends_with('$');
            if matches!(c, ' ' | '\t' | '\r' | '\n' | ';') || (c == '{' && !variable) {
                self.at = start + offset;
                break;
            }
            unescape(c, &mut chars, &mut value);
        }
        Token::Word(value)
    }
}

/// A backslash stands for itself unless nginx unescapes what follows; either way the next character has no meaning of its own.
fn unescape(
    c: char,
    chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
    value: &mut String,
) {
    if c != '\\' {
        value.push(c);
        return;
    }
    match chars.next() {
        Some((_, quoted @ ('"' | '\'' | '\\'))) => value.push(quoted),
        Some((_, 't')) => value.push('\t'),
        Some((_, 'r')) => value.push('\r'),
        Some((_, 'n')) => value.push('\n'),
        Some((_, other)) => value.extend(['\\', other]),
        None => value.push('\\'),
    }
}
