//! Reads Rust text into the paths that it mentions, as far as text alone can tell.
//!
//! Comments and strings are left out; `use` trees are spread out; `self`, `super`, imported and renamed names are resolved.
//! Not seen: what macros put together, and names that come in by a glob.

use std::collections::HashMap;

/// A path that a file mentions, from the crate's root or an outer crate's name.
#[derive(Debug, PartialEq)]
pub(crate) struct Mention {
    pub(crate) line: usize,
    pub(crate) path: Vec<String>,
    /// `path::*`: whatever is below.
    pub(crate) glob: bool,
}

/// Every path in `tokens`, in a file whose path from `src/` is `file`.
pub(crate) fn mentions(file: &str, tokens: &[(usize, Token<'_>)]) -> Vec<Mention> {
    let mut reader = Reader { tokens, at: 0, names: HashMap::new(), found: Vec::new() };
    reader.read(module_of(file));
    let Reader { names, mut found, .. } = reader;
    for mention in &mut found {
        // A name may stand for a path that itself begins with an imported name.
        for _ in 0..4 {
            match names.get(&mention.path[0]) {
                Some(meant) if meant[0] != mention.path[0] => {
                    mention.path.splice(..1, meant.iter().cloned());
                }
                Some(_) | None => break,
            }
        }
    }
    found
}

/// The path of a file's module from the crate's root.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    let inner = stem.split('/').map(str::to_owned);
    if matches!(stem, "lib" | "main") {
        vec!["crate".to_owned()]
    } else {
        ["crate".to_owned()].into_iter().chain(inner).collect()
    }
}

struct Reader<'t> {
    tokens: &'t [(usize, Token<'t>)],
    at: usize,
    /// What an imported name stands for.
    names: HashMap<String, Vec<String>>,
    found: Vec<Mention>,
}

impl<'t> Reader<'t> {
    fn read(&mut self, file: Vec<String>) {
        let mut module = file;
        let mut depth = 0;
        let mut inline_modules = Vec::new();
        while let Some(token) = self.peek(0) {
            match (token, self.peek(1), self.peek(2)) {
                (Token::Word("use"), Some(Token::Word(_) | Token::Separator | Token::Mark('{')), _) => {
                    self.at += 1;
                    self.use_tree(&module, &[]);
                }
                (Token::Word("extern"), Some(Token::Word("crate")), Some(Token::Word(name))) => {
                    self.found.push(Mention { line: self.line(), path: vec![name.to_owned()], glob: false });
                    self.at += 3;
                }
                (Token::Word("mod"), Some(Token::Word(name)), Some(Token::Mark('{'))) => {
                    module.push(name.to_owned());
                    inline_modules.push(depth);
                    self.at += 2;
                }
                (Token::Word(first), Some(Token::Separator), Some(Token::Word(_))) => {
                    let line = self.line();
                    let mut path = vec![first];
                    self.at += 1;
                    while let (Some(Token::Separator), Some(Token::Word(next))) = (self.peek(0), self.peek(1)) {
                        path.push(next);
                        self.at += 2;
                    }
                    self.found.push(Mention { line, path: resolved(&module, &path), glob: false });
                }
                (Token::Mark('{'), ..) => {
                    depth += 1;
                    self.at += 1;
                }
                (Token::Mark('}'), ..) => {
                    depth -= 1;
                    if inline_modules.last() == Some(&depth) {
                        inline_modules.pop();
                        module.pop();
                    }
                    self.at += 1;
                }
                (Token::Word(_) | Token::Separator | Token::Mark(_), ..) => self.at += 1,
            }
        }
    }

    /// One tree of a `use`, below `prefix`.
    fn use_tree(&mut self, module: &[String], prefix: &[&'t str]) {
        let mut path = prefix.to_vec();
        loop {
            let line = self.line();
            match self.peek(0) {
                Some(Token::Word(word)) => {
                    if word != "self" || path.is_empty() {
                        path.push(word);
                    }
                    self.at += 1;
                    if self.peek(0) == Some(Token::Separator) {
                        continue;
                    }
                    let whole = resolved(module, &path);
                    let name = match (self.peek(0), self.peek(1)) {
                        (Some(Token::Word("as")), Some(Token::Word(name))) => {
                            self.at += 2;
                            name
                        }
                        _ => path.last().copied().unwrap_or(word),
                    };
                    self.names.insert(name.to_owned(), whole.clone());
                    self.found.push(Mention { line, path: whole, glob: false });
                    return;
                }
                Some(Token::Mark('*')) => {
                    self.at += 1;
                    self.found.push(Mention { line, path: resolved(module, &path), glob: true });
                    return;
                }
                Some(Token::Mark('{')) => {
                    self.at += 1;
                    while !matches!(self.peek(0), None | Some(Token::Mark('}'))) {
                        if self.peek(0) == Some(Token::Mark(',')) {
                            self.at += 1;
                        } else {
                            self.use_tree(module, &path);
                        }
                    }
                    self.at += 1;
                    return;
                }
                Some(Token::Separator) => self.at += 1,
                // Not a `use` that the compiler would take.
                Some(Token::Mark(_)) | None => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.at + ahead).map(|(_, token)| *token)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(line, _)| *line)
    }
}

/// `path` without `self` and `super`; the binary's `espalier::` is `crate::`.
fn resolved(module: &[String], path: &[&str]) -> Vec<String> {
    let mut whole = match path.first() {
        Some(&("self" | "super")) => module.to_vec(),
        Some(&("crate" | "espalier")) => vec!["crate".to_owned()],
        Some(_) | None => Vec::new(),
    };
    for (index, segment) in path.iter().enumerate() {
        match (*segment, index) {
            ("self" | "crate" | "espalier", 0) => {}
            ("super", _) => {
                whole.pop();
            }
            (name, _) => whole.push(name.to_owned()),
        }
    }
    if whole.is_empty() { vec!["crate".to_owned()] } else { whole }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'t> {
    Word(&'t str),
    /// `::`
    Separator,
    Mark(char),
}

/// Words and marks with their lines; comments, strings, characters, lifetimes and numbers are left out.
pub(crate) fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (length, token) = if first.is_alphanumeric() || first == '_' {
            let word = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
            let after = &rest[word.len()..];
            match word {
                "r" | "br" | "cr" if raw_string(after).is_some() => (word.len() + raw_string(after).unwrap_or(0), None),
                "r" if after.starts_with('#') => (2, None),
                "b" if after.starts_with('\'') => (1 + quoted(after, '\''), None),
                _ if first.is_numeric() => (word.len(), None),
                _ => (word.len(), Some(Token::Word(word))),
            }
        } else if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), None)
        } else if rest.starts_with("/*") {
            (block_comment(rest), None)
        } else if first == '"' {
            (quoted(rest, '"'), None)
        } else if first == '\'' {
            let mut after = rest.chars().skip(1);
            // Otherwise a lifetime or a label.
            let character = after.next() == Some('\\') || after.next() == Some('\'');
            (if character { quoted(rest, '\'') } else { 1 }, None)
        } else if rest.starts_with("::") {
            (2, Some(Token::Separator))
        } else {
            (first.len_utf8(), (!first.is_whitespace()).then_some(Token::Mark(first)))
        };
        found.extend(token.map(|token| (line, token)));
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// Length of the raw string that `text` goes on with after its `r`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let body = text[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let mut closes = |c: char| {
        let closing = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closing
    };
    text[1..].find(&mut closes).map_or(text.len(), |at| at + 2)
}

/// Length of the comment, with those inside it, that `text` begins with.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}
