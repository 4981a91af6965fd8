//! Rust as a flat list of tokens, without comments, that knows what is test code.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// What a token is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident(String),
    Literal(String),
    Punct(char),
    /// An opening delimiter, and the place of its closing one in the list.
    Open(char, usize),
    Close(char),
}

/// A token and where it stands.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Counted from 1.
    pub(super) line: usize,
    /// Whether it is compiled for tests only.
    pub(super) test: bool,
}

impl Token {
    /// The identifier, when this is one.
    pub(super) fn ident(&self) -> Option<&str> {
        match &self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }
}

/// The tokens of a file.
#[derive(Default)]
pub(super) struct Tokens {
    pub(super) list: Vec<Token>,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
}

impl Tokens {
    /// Reads a source; what is no Rust has no tokens, for the compiler says more about it.
    pub(super) fn read(text: &str, test: bool) -> Self {
        let mut tokens = Self::default();
        if let Ok(stream) = text.parse::<TokenStream>() {
            tokens.flatten(stream, test);
        }
        tokens
    }

    fn push(&mut self, kind: Kind, span: Span, test: bool) {
        self.list.push(Token { kind, line: span.start().line, test });
    }

    fn flatten(&mut self, stream: TokenStream, outer_test: bool) {
        let mut test = outer_test;
        let mut after_hash = false;
        for tree in stream {
            let span = tree.span();
            match tree {
                TokenTree::Group(group) => {
                    let attribute = after_hash && group.delimiter() == Delimiter::Bracket;
                    // An attribute says whether the item behind it is test code; the item ends with a
                    // block or a semicolon.
                    test |= attribute && means_test(group.stream());
                    let (open, close) = delimiters(group.delimiter());
                    let place = self.list.len();
                    self.push(Kind::Open(open, 0), group.span_open(), test);
                    self.flatten(group.stream(), test);
                    self.list[place].kind = Kind::Open(open, self.list.len());
                    self.push(Kind::Close(close), group.span_close(), test);
                    if group.delimiter() == Delimiter::Brace {
                        test = outer_test;
                    }
                    after_hash = false;
                }
                TokenTree::Punct(punct) => {
                    self.push(Kind::Punct(punct.as_char()), span, test);
                    if punct.as_char() == ';' {
                        test = outer_test;
                    }
                    after_hash = punct.as_char() == '#' || (after_hash && punct.as_char() == '!');
                }
                TokenTree::Ident(ident) => {
                    self.push(Kind::Ident(ident.to_string()), span, test);
                    after_hash = false;
                }
                TokenTree::Literal(literal) => {
                    self.push(Kind::Literal(literal.to_string()), span, test);
                    after_hash = false;
                }
            }
        }
    }

    /// Whether the tokens from a place on are these: identifiers, or single characters.
    pub(super) fn is(&self, at: usize, wanted: &[&str]) -> bool {
        let matches = |token: &Token, wanted: &str| match &token.kind {
            Kind::Ident(name) => name == wanted,
            Kind::Punct(mark) | Kind::Open(mark, _) | Kind::Close(mark) => wanted == mark.to_string(),
            Kind::Literal(_) => false,
        };
        self.list.len() >= at + wanted.len()
            && self.list[at..].iter().zip(wanted).all(|(token, wanted)| matches(token, wanted))
    }

    /// All functions that have a body.
    pub(super) fn functions(&self) -> Vec<Function> {
        let starts = self.list.windows(2).enumerate().filter_map(|(at, pair)| match &pair[1].kind {
            Kind::Ident(name) if pair[0].ident() == Some("fn") => Some((at, name)),
            _ => None,
        });
        starts.filter_map(|(at, name)| self.function(at, name)).collect()
    }

    fn function(&self, start: usize, name: &str) -> Option<Function> {
        let mut at = start;
        loop {
            match self.list.get(at)?.kind {
                Kind::Open('{', close) => {
                    let line = self.list[start].line;
                    return Some(Function {
                        name: name.to_owned(),
                        line,
                        lines: self.list[close].line - line + 1,
                    });
                }
                Kind::Open(_, close) => at = close + 1,
                Kind::Punct(';') | Kind::Close(_) => return None,
                _ => at += 1,
            }
        }
    }
}

/// `#[test]`, `#[some::test]` or `#[cfg(test)]` in any combination without `not`.
fn means_test(attribute: TokenStream) -> bool {
    let mut tokens = Tokens::default();
    tokens.flatten(attribute, false);
    let names: Vec<&str> = tokens.list.iter().filter_map(Token::ident).collect();
    match names.first() {
        Some(&"cfg") => names.contains(&"test") && !names.contains(&"not"),
        _ => names.last() == Some(&"test") && !tokens.list.iter().any(|token| token.kind == Kind::Punct('=')),
    }
}

const fn delimiters(delimiter: Delimiter) -> (char, char) {
    match delimiter {
        Delimiter::Brace => ('{', '}'),
        Delimiter::Bracket => ('[', ']'),
        Delimiter::Parenthesis | Delimiter::None => ('(', ')'),
    }
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    fn idents(source: &str, test: bool) -> Vec<String> {
        let tokens = Tokens::read(source, false).list;
        tokens
            .iter()
            .filter(|token| token.test == test)
            .filter_map(|t| t.ident().map(str::to_owned))
            .collect()
    }

    #[test]
    fn comments_and_texts_have_no_tokens() {
        assert!(idents("// one\n/* two /* three */ */ \"four\" 'f' r#\"five\"#", false).is_empty());
    }

    #[test]
    fn an_item_for_tests_ends_where_it_ends() {
        let source =
            "fn a() { b(); } #[cfg(test)] mod tests { fn c() {} } fn d() {} #[test] fn e() {} fn f() {}";
        assert_eq!(idents(source, false), ["fn", "a", "b", "fn", "d", "fn", "f"]);
        let source = "#[cfg(not(test))] fn a() {} #[cfg(all(test, unix))] use b; use c;";
        assert_eq!(idents(source, true), ["cfg", "all", "test", "unix", "use", "b"]);
        assert!(idents("#![cfg(test)] fn a() {} fn b() {}", true).contains(&"a".to_owned()));
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_brace() {
        let source = "trait T {\n fn a();\n fn b(x: [u8; 3])\n -> u8 {\n 1\n }\n}\ntype F = fn(u8);";
        let functions = Tokens::read(source, false).functions();
        let found: Vec<_> = functions.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(found, [("b", 3, 4)]);
    }
}
