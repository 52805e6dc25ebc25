//! The recursive descent. Every error says where, what, and what to write instead.

use std::{collections::HashSet, ops::Range};

use super::{Member, Node, Value};
use crate::definition::finding::Place;

/// Deeper than any ECS definition, shallow enough for every stack.
pub(crate) const MAX_DEPTH: usize = 128;
/// So many members of an object are compared with each other.
const FEW: usize = 16;
const BOM: &str = "\u{feff}";

/// What is wrong, at which byte.
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

fn problem<T>(at: usize, message: impl Into<String>, hint: Option<&'static str>) -> Result<T, Problem> {
    Err(Problem { at, message: message.into(), hint })
}

/// Reads the one value of a JSON text.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    Parser { text, at: if text.starts_with(BOM) { BOM.len() } else { 0 }, depth: 0 }.whole()
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// What stands here, for messages.
    fn found(&self) -> String {
        match self.rest().chars().next() {
            None => "the end of the file".to_owned(),
            Some(control) if control.is_control() => format!("the character {:#04x}", u32::from(control)),
            Some(found) => format!("`{found}`"),
        }
    }

    fn whole(&mut self) -> Result<Node, Problem> {
        self.skip_space();
        if self.peek().is_none() {
            return problem(self.at, "the file is empty", Some("write a JSON object"));
        }
        let root = self.value()?;
        self.skip_space();
        if self.peek().is_none() {
            return Ok(root);
        }
        self.refuse_comment()?;
        problem(
            self.at,
            format!("{} after the end of the JSON value", self.found()),
            Some("a definition is one JSON object: remove what follows it"),
        )
    }

    fn refuse_comment(&self) -> Result<(), Problem> {
        if self.rest().starts_with("//") || self.rest().starts_with("/*") || self.rest().starts_with('#') {
            return problem(self.at, "comments are not JSON", Some("remove the comment"));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<Node, Problem> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Node { value, span: start..self.at })
    }

    fn word(&mut self) -> Result<Value, Problem> {
        let length = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default();
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "NaN" | "Infinity" => {
                return problem(self.at, format!("`{word}` is not a JSON number"), Some("write a finite number"));
            }
            "True" | "False" | "TRUE" | "FALSE" | "None" | "undefined" => {
                return problem(self.at, format!("`{word}` is not JSON"), Some("write `true`, `false` or `null`"));
            }
            "" => {
                self.refuse_comment()?;
                let hint = match self.peek() {
                    Some(b'\'') => Some("strings stand in double quotes"),
                    Some(b'}' | b']') => Some("remove the comma before it"),
                    _ => None,
                };
                return problem(self.at, format!("a value is missing here: found {}", self.found()), hint);
            }
            _ => return problem(self.at, format!("`{word}` is not JSON"), Some("put text in double quotes")),
        };
        self.at += length;
        Ok(value)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Problem>) -> Result<Value, Problem> {
        if self.depth == MAX_DEPTH {
            return problem(
                self.at,
                format!("nested deeper than {MAX_DEPTH} levels"),
                Some("no ECS definition is nested this deep"),
            );
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// After an element: true when another one follows, false when the container has ended.
    fn more(&mut self, close: u8, opened: usize) -> Result<bool, Problem> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.skip_space();
                if self.peek() == Some(close) {
                    return problem(comma, format!("a comma before `{}`", char::from(close)), Some("remove the comma"));
                }
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            None => {
                let Place { line, column } = Place::of(self.text, opened);
                problem(
                    self.at,
                    format!(
                        "the file ends before the `{}` that closes what line {line}, column {column} opens",
                        char::from(close)
                    ),
                    None,
                )
            }
            Some(_) => {
                self.refuse_comment()?;
                problem(self.at, format!("`,` or `{}` is missing before {}", char::from(close), self.found()), None)
            }
        }
    }

    fn array(&mut self) -> Result<Value, Problem> {
        let opened = self.at - 1;
        let mut elements = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(elements));
        }
        loop {
            self.skip_space();
            elements.push(self.value()?);
            if !self.more(b']', opened)? {
                return Ok(Value::Array(elements));
            }
        }
    }

    fn object(&mut self) -> Result<Value, Problem> {
        let opened = self.at - 1;
        let mut members: Vec<Member> = Vec::new();
        // Looking through a few names is quicker than keeping a set of them.
        let mut names: Option<HashSet<String>> = None;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                self.refuse_comment()?;
                return problem(
                    start,
                    format!("a member's name is missing here: found {}", self.found()),
                    Some("names stand in double quotes"),
                );
            }
            let name = self.string()?;
            let span = start..self.at;
            if names.is_none() && members.len() >= FEW {
                names = Some(members.iter().map(|member| member.name.clone()).collect());
            }
            let is_new = match &mut names {
                Some(names) => names.insert(name.clone()),
                None => members.iter().all(|member| member.name != name),
            };
            if !is_new {
                return problem(
                    start,
                    format!("`{name}` stands in this object twice"),
                    Some("keep one of the two: other readers silently take the last"),
                );
            }
            self.skip_space();
            if self.peek() != Some(b':') {
                return problem(self.at, format!("`:` is missing after `{name}`: found {}", self.found()), None);
            }
            self.at += 1;
            self.skip_space();
            members.push(Member { name, span, node: self.value()? });
            if !self.more(b'}', opened)? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn digits(&mut self) -> Range<usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        start..self.at
    }

    fn number(&mut self) -> Result<String, Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.rest().starts_with("Infinity") {
            return problem(start, "`-Infinity` is not a JSON number", Some("write a finite number"));
        }
        let whole = self.digits();
        if whole.is_empty() {
            return problem(self.at, format!("a digit is missing: found {}", self.found()), None);
        }
        if whole.len() > 1 && self.text.as_bytes().get(whole.start) == Some(&b'0') {
            return problem(whole.start, "a number starts with a zero", Some("remove the zeros, or put an id in double quotes"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits().is_empty() {
                return problem(self.at, format!("a digit is missing after the decimal point: found {}", self.found()), None);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits().is_empty() {
                return problem(self.at, format!("a digit is missing in the exponent: found {}", self.found()), None);
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        // A double is the most that ECS's JSON takes; larger is a slip of the finger.
        if !text.parse::<f64>().is_ok_and(f64::is_finite) {
            return problem(start, format!("`{text}` is larger than any number ECS takes"), None);
        }
        Ok(text.to_owned())
    }

    fn string(&mut self) -> Result<String, Problem> {
        let opened = self.at;
        self.at += 1;
        let (whole, mut text) = (self.text, String::new());
        loop {
            // None of these bytes is part of a longer character.
            let rest = whole.get(self.at..).unwrap_or_default();
            let plain = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ').unwrap_or(rest.len());
            let piece = rest.get(..plain).unwrap_or_default();
            self.at += plain;
            let end = self.peek();
            if end == Some(b'"') {
                self.at += 1;
                // Most strings are of one piece: one allocation, and of the right size.
                return Ok(if text.is_empty() { piece.to_owned() } else { text + piece });
            }
            text.push_str(piece);
            match end {
                Some(b'\\') => text.push(self.escape()?),
                Some(b'\n' | b'\r') => {
                    return problem(
                        opened,
                        "this string does not end on its line",
                        Some("close it with `\"`, or write a line break as `\\n`"),
                    );
                }
                Some(control) => {
                    return problem(
                        self.at,
                        format!("control character {control:#04x} in a string"),
                        Some("write it as an escape such as `\\t` or `\\u0001`"),
                    );
                }
                None => return problem(opened, "this string does not end", Some("close it with `\"`")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Problem> {
        let start = self.at;
        self.at += 1;
        let Some(letter) = self.peek() else { return problem(start, "the file ends in a string", None) };
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let half = "write both halves of the surrogate pair, or the character itself";
                let first = self.hex(start)?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).map_or_else(|| problem(start, "not a character", None), Ok);
                }
                if !self.rest().starts_with("\\u") || first >= 0xdc00 {
                    return problem(start, "half a surrogate pair is not a character", Some(half));
                }
                self.at += 2;
                let second = self.hex(start)?;
                let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
                let code = low.map(|low| 0x10000 + ((first - 0xd800) << 10) + low);
                return code
                    .and_then(char::from_u32)
                    .map_or_else(|| problem(start, "half a surrogate pair is not a character", Some(half)), Ok);
            }
            _ => return problem(start, "an unknown escape in a string", Some("a backslash itself is written `\\\\`")),
        })
    }

    fn hex(&mut self, start: usize) -> Result<u32, Problem> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        code.map_or_else(|| problem(start, "`\\u` needs four hexadecimal digits", None), Ok)
    }
}
