//! A rule's `//!` docs -> its `explain` page, at compile time, so that a rule is written once.

/// The code of the rule whose file this stands in, with that file's docs as its page.
macro_rules! code {
    ($id:literal, $name:literal, $file:literal) => {{
        // The name is relative to the file of the call; `file!()` is not the same path in every build.
        const SOURCE: &str = include_str!($file);
        const LENGTH: usize = crate::lint::page::length($id, $name, SOURCE);
        const PAGE: &[u8] = &crate::lint::page::page::<LENGTH>($id, $name, SOURCE);
        crate::report::Code {
            id: $id,
            name: $name,
            page: crate::lint::page::text(PAGE),
        }
    }};
}
pub(crate) use code;

/// How many bytes [`page`] makes.
#[must_use]
pub const fn length(id: &str, name: &str, source: &str) -> usize {
    let mut length = "# ".len() + id.len() + " ".len() + name.len() + "\n\n".len();
    let source = source.as_bytes();
    let mut at = 0;
    while is_doc(source, at) {
        at = text_start(source, at);
        while at < source.len() {
            length += 1;
            at += 1;
            if source[at - 1] == b'\n' {
                break;
            }
        }
    }
    length
}

/// A heading with id and name, then the text of the file's leading `//!` lines.
#[must_use]
pub const fn page<const N: usize>(id: &str, name: &str, source: &str) -> [u8; N] {
    let mut page = [0; N];
    let mut end = put(&mut page, 0, b"# ");
    end = put(&mut page, end, id.as_bytes());
    end = put(&mut page, end, b" ");
    end = put(&mut page, end, name.as_bytes());
    end = put(&mut page, end, b"\n\n");
    let source = source.as_bytes();
    let mut at = 0;
    while is_doc(source, at) {
        at = text_start(source, at);
        while at < source.len() {
            page[end] = source[at];
            end += 1;
            at += 1;
            if source[at - 1] == b'\n' {
                break;
            }
        }
    }
    page
}

/// The page as text.
#[must_use]
pub const fn text(page: &[u8]) -> &str {
    match std::str::from_utf8(page) {
        Ok(text) => text,
        Err(_) => panic!("docs are UTF-8"),
    }
}

const fn put(page: &mut [u8], mut end: usize, text: &[u8]) -> usize {
    let mut at = 0;
    while at < text.len() {
        page[end] = text[at];
        end += 1;
        at += 1;
    }
    end
}

const fn is_doc(source: &[u8], at: usize) -> bool {
    at + 2 < source.len() && source[at] == b'/' && source[at + 1] == b'/' && source[at + 2] == b'!'
}

const fn text_start(source: &[u8], at: usize) -> usize {
    if at + 3 < source.len() && source[at + 3] == b' ' {
        at + 4
    } else {
        at + 3
    }
}

#[cfg(test)]
mod tests {
    use super::{length, page, text};

    #[test]
    fn a_page_is_a_heading_and_the_leading_docs() {
        const SOURCE: &str = "//! One.\n//!\n//!     indented\nuse x;\n//! not this\n";
        const LENGTH: usize = length("GG001", "a/b", SOURCE);
        let page = page::<LENGTH>("GG001", "a/b", SOURCE);
        assert_eq!(text(&page), "# GG001 a/b\n\nOne.\n\n    indented\n");
    }
}
