//! A whole JSON text.

use super::{parse, value::Node};
use crate::definition::finding::{Finding, Place};

/// A JSON text with a name, read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What the user calls the file: its path as given, or `standard input`.
    pub file: String,
    /// The whole text, byte order mark included.
    pub text: String,
    /// The value.
    pub root: Node,
}

impl Document {
    /// Reads JSON (RFC 8259). A byte order mark and any line ends are fine.
    ///
    /// # Errors
    /// With line, column and a hint: anything that is not JSON, a name that occurs twice in one object, nesting deeper than 128,
    /// bytes that are not UTF-8, half a surrogate pair, a number too large for any reader.
    pub fn read(file: impl Into<String>, bytes: &[u8]) -> Result<Self, Finding> {
        parse::document(file.into(), bytes)
    }

    /// An error about the value `node`, which stands at `pointer`.
    pub fn error(&self, node: &Node, pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding::error(&self.file, message).at(Place::of(&self.text, node.span.start)).pointer(pointer)
    }

    /// A warning about the value `node`, which stands at `pointer`.
    pub fn warning(&self, node: &Node, pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding::warning(&self.file, message).at(Place::of(&self.text, node.span.start)).pointer(pointer)
    }
}
