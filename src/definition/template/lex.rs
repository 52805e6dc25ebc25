//! A template as pieces: text, and the words of actions.

use super::parse::Mistake;

/// A word of an action, and the byte at which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) at: usize,
    pub(super) kind: WordKind,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WordKind {
    /// A function, a keyword, `true`, `false` or `nil`.
    Name(String),
    /// `$name`, without the dollar.
    Variable(String),
    /// `.`, or a field such as `.Name`.
    Field(String),
    /// A string, decoded.
    Text(String),
    /// A number as it is spelled.
    Number(String),
    /// `|`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `:=` or `=`
    Assign,
}

/// Text as it stands, or an action.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece<'t> {
    Text { text: &'t str, at: usize },
    Action { words: Vec<Word>, at: usize },
}

/// Cuts a template into pieces. `{{-` and `-}}` take the white space before and after; comments are gone.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, Mistake> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim_left = false;
    loop {
        let rest = &template[at..];
        let open = rest.find("{{");
        let (mut text, mut from) = (&rest[..open.unwrap_or(rest.len())], at);
        if trim_left {
            let trimmed = text.trim_start_matches(is_space);
            from += text.len() - trimmed.len();
            text = trimmed;
        }
        let Some(open) = open else {
            push_text(&mut pieces, text, from);
            return Ok(pieces);
        };
        let begin = at + open;
        let inside = &template[begin + 2..];
        let is_trimming = inside.starts_with('-') && inside[1..].starts_with(is_space);
        if is_trimming {
            text = text.trim_end_matches(is_space);
        }
        push_text(&mut pieces, text, from);
        let mut words = Words { template, at: begin + 2 + usize::from(is_trimming), begin };
        let (found, trims) = words.all()?;
        at = words.at;
        trim_left = trims;
        if let Some(words) = found {
            pieces.push(Piece::Action { words, at: begin });
        }
    }
}

fn push_text<'t>(pieces: &mut Vec<Piece<'t>>, text: &'t str, at: usize) {
    if !text.is_empty() {
        pieces.push(Piece::Text { text, at });
    }
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

struct Words<'t> {
    template: &'t str,
    at: usize,
    /// Where the action began.
    begin: usize,
}

impl Words<'_> {
    fn rest(&self) -> &str {
        &self.template[self.at..]
    }

    /// The words up to `}}`, none for a comment; and whether the text after it loses its white space.
    fn all(&mut self) -> Result<(Option<Vec<Word>>, bool), Mistake> {
        let unclosed = |begin| Mistake::new(begin, "this `{{` is never closed").hint("close it with `}}`");
        self.skip_space();
        if self.rest().starts_with("/*") {
            let end = self.rest().find("*/").ok_or_else(|| unclosed(self.begin))?;
            self.at += end + 2;
            let trims = self
                .ends()
                .ok_or_else(|| Mistake::new(self.at, "a comment stands alone in its braces").hint("write `{{/* … */}}`"))?;
            return Ok((None, trims));
        }
        let mut words = Vec::new();
        loop {
            self.skip_space();
            if let Some(trims) = self.ends() {
                return Ok((Some(words), trims));
            }
            if self.rest().is_empty() {
                return Err(unclosed(self.begin));
            }
            let at = self.at;
            let kind = self.word()?;
            words.push(Word { at, kind });
        }
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(is_space).len();
    }

    /// Steps over the closing braces, if they are here: whether they trim. A `-` before them counts after a space only.
    fn ends(&mut self) -> Option<bool> {
        let rest = self.rest();
        if rest.starts_with("}}") {
            self.at += 2;
            return Some(false);
        }
        let spaces = rest.len() - rest.trim_start_matches(is_space).len();
        let before = self.template[..self.at].ends_with(is_space) || spaces > 0;
        if before && rest[spaces..].starts_with("-}}") {
            self.at += spaces + 3;
            return Some(true);
        }
        None
    }

    fn word(&mut self) -> Result<WordKind, Mistake> {
        let at = self.at;
        let rest = &self.template[at..];
        let Some(first) = rest.chars().next() else { return Err(Mistake::new(at, "the action ends here")) };
        let single = match first {
            '|' => Some(WordKind::Pipe),
            '(' => Some(WordKind::Open),
            ')' => Some(WordKind::Close),
            '=' => Some(WordKind::Assign),
            _ => None,
        };
        if let Some(kind) = single {
            self.at += 1;
            return Ok(kind);
        }
        if rest.starts_with(":=") {
            self.at += 2;
            return Ok(WordKind::Assign);
        }
        match first {
            '"' => self.quoted(),
            '`' => {
                let end = rest[1..].find('`').ok_or_else(|| Mistake::new(at, "this string is never closed"))?;
                self.at += end + 2;
                Ok(WordKind::Text(rest[1..=end].replace('\r', "")))
            }
            '$' => Ok(WordKind::Variable(self.take(1, is_of_name).to_owned())),
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                Ok(WordKind::Field(self.take(1, |c| is_of_name(c) || c == '.').to_owned()))
            }
            '0'..='9' | '+' | '-' | '.' => {
                let text = self.take(0, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_'));
                Ok(WordKind::Number(text.to_owned()))
            }
            c if is_of_name(c) => Ok(WordKind::Name(self.take(0, is_of_name).to_owned())),
            other => Err(Mistake::new(at, format!("`{other}` has no meaning here"))),
        }
    }

    /// Takes what follows `skipped` bytes for as long as it is of that kind.
    fn take(&mut self, skipped: usize, of: impl Fn(char) -> bool) -> &str {
        let start = self.at + skipped;
        let rest = &self.template[start..];
        let length = rest.find(|c| !of(c)).unwrap_or(rest.len());
        self.at = start + length;
        &self.template[start..self.at]
    }

    /// A string in double quotes, with Go's escapes.
    fn quoted(&mut self) -> Result<WordKind, Mistake> {
        let begin = self.at;
        let mut text = String::new();
        let mut characters = self.template[begin + 1..].char_indices();
        let never = || Mistake::new(begin, "this string is never closed").hint("strings in double quotes end on their own line");
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = begin + 1 + offset + 1;
                    return Ok(WordKind::Text(text));
                }
                '\n' => return Err(never()),
                '\\' => {
                    let (_, escaped) = characters.next().ok_or_else(never)?;
                    let mut code = |digits: usize, radix: u32| {
                        let number: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
                        u32::from_str_radix(&number, radix).ok().and_then(char::from_u32)
                    };
                    let decoded = match escaped {
                        'n' => Some('\n'),
                        't' => Some('\t'),
                        'r' => Some('\r'),
                        'a' => Some('\u{7}'),
                        'b' => Some('\u{8}'),
                        'f' => Some('\u{c}'),
                        'v' => Some('\u{b}'),
                        '\\' | '"' | '\'' => Some(escaped),
                        'x' => code(2, 16).filter(char::is_ascii),
                        'u' => code(4, 16),
                        'U' => code(8, 16),
                        _ => None,
                    };
                    text.push(decoded.ok_or_else(|| {
                        Mistake::new(begin + 1 + offset, format!("`\\{escaped}` is no escape of Go's"))
                            .hint("write the string between backticks, where nothing is escaped")
                    })?);
                }
                other => text.push(other),
            }
        }
        Err(never())
    }
}

fn is_of_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}
