//! A whole JSON text.

use std::collections::BTreeSet;

use super::{parse, value::Node};
use crate::definition::{
    finding::{Finding, Place},
    template::Rendered,
};

/// A JSON text with a name, read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What the user calls the file: its path as given, or `standard input`.
    pub file: String,
    /// The whole text, byte order mark included.
    pub text: String,
    /// The value.
    pub root: Node,
    /// Where the text came from, when it is not what is in the file.
    pub origin: Origin,
    /// Values in it that must not be shown.
    pub secrets: BTreeSet<String>,
    /// What is to be said about how it was read.
    pub warnings: Vec<Finding>,
}

/// Where a text came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It is what is in the file.
    #[default]
    File,
    /// The file is a template, which was filled in.
    Template {
        /// What is in the file.
        template: String,
        /// What became of it.
        rendered: Rendered,
    },
    /// The file is a program (Jsonnet), which gave it: no place in the one is one in the other.
    Program,
}

impl Document {
    /// Reads JSON (RFC 8259). A byte order mark and any line ends are fine.
    ///
    /// # Errors
    /// With line, column and a hint: anything that is not JSON, a name that occurs twice in one object, nesting deeper than 128,
    /// bytes that are not UTF-8, half a surrogate pair, a number too large for any reader.
    pub fn read(file: impl Into<String>, bytes: &[u8]) -> Result<Self, Finding> {
        let file = file.into();
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::of(file, text.to_owned(), Origin::File),
            Err(error) => {
                let valid =
                    bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                let finding = Finding::error(file, format!("byte {byte:#04x} is not UTF-8")).at(Place::of(valid, valid.len()));
                Err(finding.hint("save the file as UTF-8"))
            }
        }
    }

    /// Reads JSON that was made of a file's contents.
    ///
    /// # Errors
    /// As [`Document::read`]; places are those of the file.
    pub fn of(file: impl Into<String>, text: String, origin: Origin) -> Result<Self, Finding> {
        let secrets = match &origin {
            Origin::Template { rendered, .. } => rendered.secrets.clone(),
            Origin::File | Origin::Program => BTreeSet::new(),
        };
        let read = parse::parse(&text);
        let mut document =
            Self { file: file.into(), text, root: super::Value::Null.into(), origin, secrets, warnings: Vec::new() };
        match read {
            Ok(root) => document.root = root,
            Err(problem) => {
                let finding = Finding::error(&document.file, problem.message);
                let finding = document.placed(finding, problem.at);
                return Err(match problem.hint {
                    Some(hint) => finding.hint(hint),
                    None => finding,
                });
            }
        }
        Ok(document)
    }

    /// The place in the file of a byte of the text; none where a program gave the text.
    #[must_use]
    pub fn place(&self, offset: usize) -> Option<Place> {
        match &self.origin {
            Origin::File => Some(Place::of(&self.text, offset)),
            Origin::Template { template, rendered } => Some(rendered.place(template, offset)),
            Origin::Program => None,
        }
    }

    fn placed(&self, finding: Finding, offset: usize) -> Finding {
        match self.place(offset) {
            Some(place) => finding.at(place),
            None => finding,
        }
    }

    /// An error about the value `node`, which stands at `pointer`.
    pub fn error(&self, node: &Node, pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        self.placed(Finding::error(&self.file, message), node.span.start).pointer(pointer)
    }

    /// A warning about the value `node`, which stands at `pointer`.
    pub fn warning(&self, node: &Node, pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        self.placed(Finding::warning(&self.file, message), node.span.start).pointer(pointer)
    }
}
