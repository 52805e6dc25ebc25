//! What is wrong with something that a person wrote, where, and what to write instead.

use std::fmt;

/// A place in a text, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Place {
    /// The place of byte `offset` in `text`. Offsets beyond the end are the end.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(..end).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let counted = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        // A byte order mark is not a character that an editor shows.
        let column = before[line_start..].chars().filter(|c| *c != '\u{feff}').count();
        Self { line: counted(before.matches('\n').count()), column: counted(column) }
    }
}

/// Whether a finding ends the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The request cannot be carried out.
    Error,
    /// It can, and the person should know this.
    Warning,
}

/// One thing to tell the author of a file or flag. Displays as `file:line:column: message`; the hint is told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file as the user named it, or the flag.
    pub file: String,
    /// Where in the file; `None` when it concerns the whole file or a flag.
    pub place: Option<Place>,
    /// The member it is about as a JSON pointer (RFC 6901), empty for the whole document.
    pub pointer: String,
    /// What is wrong, without a final full stop.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
    /// Error or warning.
    pub severity: Severity,
}

impl Finding {
    /// An error about a whole file or a flag.
    pub fn error(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: None,
            pointer: String::new(),
            message: message.into(),
            hint: None,
            severity: Severity::Error,
        }
    }

    /// A warning about a whole file or a flag.
    pub fn warning(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, message) }
    }

    /// The same with a place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same about the member at a JSON pointer.
    #[must_use]
    pub fn pointer(self, pointer: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A text together with who gave it, so that a finding about it can say where to change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text itself.
    pub text: String,
    /// Where it came from: `--port-name`, `ESPALIER_PORT_NAME` or `espalier.yml:12:14`.
    pub from: String,
}

impl Given {
    /// A text and where it came from.
    pub fn new(text: impl Into<String>, from: impl Into<String>) -> Self {
        Self { text: text.into(), from: from.into() }
    }
}
/// Names as people read them: `a`, `b` and `c`.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    joined(names, "and").unwrap_or_else(|| "none".to_owned())
}

/// Choices as people read them: `a`, `b` or `c`.
pub(crate) fn choice<S: AsRef<str>>(names: &[S]) -> String {
    joined(names, "or").unwrap_or_default()
}

fn joined<S: AsRef<str>>(names: &[S], word: &str) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    let (last, first) = quoted.split_last()?;
    Some(if first.is_empty() { last.clone() } else { format!("{} {word} {last}", first.join(", ")) })
}
