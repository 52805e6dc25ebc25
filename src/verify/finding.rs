//! One thing that was found, and where.

use super::code::Code;
use crate::definition::{Finding, Place, Severity};

/// What a config or a definition ends in.
const FILES: [&str; 6] = [".json", ".yml", ".yaml", ".jsonnet", ".libsonnet", ".jq"];

/// What a finding means for a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It would fail.
    Error,
    /// It would go, and somebody should know this.
    Warning,
    /// Something could not be checked, or is worth saying.
    Note,
}

impl Level {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// The request as a whole.
    #[default]
    Request,
    /// A place in a file.
    File {
        /// As it was named.
        file: String,
        /// Line and column, where they are known.
        place: Option<Place>,
        /// The member as a JSON pointer; empty for the whole.
        pointer: String,
    },
    /// Something in AWS or GitHub, or a flag: by ARN or name.
    Thing(String),
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Error, warning or note.
    pub level: Level,
    /// Which kind.
    pub code: Code,
    /// What it is about.
    pub spot: Spot,
    /// What is the matter, without a final full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Found {
    /// An error.
    pub fn error(code: Code, spot: Spot, message: impl Into<String>) -> Self {
        Self { level: Level::Error, code, spot, message: message.into(), hint: None }
    }

    /// A warning.
    pub fn warning(code: Code, spot: Spot, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, spot, message) }
    }

    /// A note.
    pub fn note(code: Code, spot: Spot, message: impl Into<String>) -> Self {
        Self { level: Level::Note, ..Self::error(code, spot, message) }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What is wrong with a file or a flag.
    #[must_use]
    pub fn of(code: Code, finding: &Finding) -> Self {
        let level = match finding.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        };
        // Some know their place as text: `espalier.yml:3:14`.
        let written = format!("{}: {}", finding.file, finding.message);
        let spot = match Placed::of(&written) {
            Some(placed) => Spot::File {
                file: placed.file.to_owned(),
                place: finding.place.or_else(|| placed.place()),
                pointer: finding.pointer.clone(),
            },
            None if finding.place.is_some() => {
                Spot::File { file: finding.file.clone(), place: finding.place, pointer: finding.pointer.clone() }
            }
            None => Spot::Thing(finding.file.clone()),
        };
        Self { level, code, spot, message: finding.message.clone(), hint: finding.hint.clone() }
    }

    /// An error that begins with its place, or has none.
    #[must_use]
    pub fn said(code: Code, message: &str, hint: Option<&str>) -> Self {
        let (spot, message) = match Placed::of(message) {
            Some(placed) => {
                let place = placed.place();
                (Spot::File { file: placed.file.to_owned(), place, pointer: String::new() }, placed.rest)
            }
            None => (Spot::Request, message),
        };
        Self { hint: hint.map(str::to_owned), ..Self::error(code, spot, message) }
    }
}

/// A place that a message begins with: `espalier.yml:3:1: unknown key`.
#[derive(Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The file.
    pub file: &'a str,
    /// The line.
    pub line: u32,
    /// The column; none where the message is about the whole file.
    pub column: Option<u32>,
    /// What is said.
    pub rest: &'a str,
}

impl<'a> Placed<'a> {
    /// The place of a message; none where it begins with no file.
    #[must_use]
    pub fn of(message: &'a str) -> Option<Self> {
        let heads = message.match_indices(": ").map(|(end, _)| (&message[..end], &message[end + 2..]));
        let numbered = heads.clone().find_map(|(head, rest)| {
            let (head, column) = head.rsplit_once(':')?;
            let (file, line) = head.rsplit_once(':')?;
            Some(Self { file, line: line.parse().ok()?, column: Some(column.parse().ok()?), rest })
        });
        let whole = || {
            let (file, rest) = heads.clone().next()?;
            let is_file = !file.starts_with('-') && FILES.iter().any(|ending| file.ends_with(ending));
            is_file.then_some(Self { file, line: 1, column: None, rest })
        };
        numbered.or_else(whole)
    }

    fn place(&self) -> Option<Place> {
        self.column.map(|column| Place { line: self.line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_its_place() {
        let of = |message| Placed::of(message).map(|placed| (placed.file, placed.line, placed.column, placed.rest));
        assert_eq!(of("a/b.yml:3:14: unknown key `x`: y"), Some(("a/b.yml", 3, Some(14), "unknown key `x`: y")));
        assert_eq!(of("def.json: there is no such file"), Some(("def.json", 1, None, "there is no such file")));
        assert_eq!(of("odd: name.json:2:1: wrong"), Some(("odd: name.json", 2, Some(1), "wrong")));
        for elsewhere in ["--port-name: no such port", "ESPALIER_SETTLE: odd", "no place at all", "at 12:30:15 it was over"] {
            assert_eq!(of(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn findings_keep_their_place_however_they_know_it() {
        let file = |file: &str, place, pointer: &str| Spot::File { file: file.to_owned(), place, pointer: pointer.to_owned() };
        let place = Some(Place { line: 3, column: 14 });
        let spot = |finding: &Finding| Found::of(Code::Config, finding).spot;
        assert_eq!(spot(&Finding::error("espalier.yml:3:14", "odd")), file("espalier.yml", place, ""));
        let finding = Finding::error("service.json", "odd").at(Place { line: 3, column: 14 }).pointer("/a/0");
        assert_eq!(spot(&finding), file("service.json", place, "/a/0"));
        assert_eq!(spot(&Finding::error("--slot", "odd")), Spot::Thing("--slot".to_owned()));
        let said = Found::said(Code::Config, "a.yml:3:14: odd", Some("even"));
        assert_eq!((said.spot, said.message.as_str(), said.hint.as_deref()), (file("a.yml", place, ""), "odd", Some("even")));
        assert_eq!(Found::said(Code::Config, "odd", None).spot, Spot::Request);
    }
}
