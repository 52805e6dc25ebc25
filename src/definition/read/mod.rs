//! A strict JSON reader that remembers where everything stood and how numbers were spelled.
//!
//! Why not `serde_json`: a patched definition must differ from the file in what was patched and in nothing else, duplicate keys (of
//! which other readers silently keep the last) are mistakes, and a mistake is told with its line and column.
//!
//! Inside: `value` (what is read) → `document` (a text with a name, and findings about it) → `parse` (the recursive descent).
//! Deliberately absent: comments, trailing commas and other things that are nearly JSON. Call [`Document::read`].

mod document;
mod parse;
mod value;

pub use document::{Document, Origin};
pub(super) use parse::MAX_DEPTH;
pub use value::{Member, Node, Value};

#[cfg(test)]
mod tests;
