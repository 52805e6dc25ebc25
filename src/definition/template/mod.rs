//! The part of Go's `text/template` that definitions of ecspresso's users are written in, with ecspresso's functions.
//!
//! Nothing is fetched here. What a text refers to and nobody has said yet comes back as [`Rendering::Lacking`]; whoever can ask looks
//! it up and calls [`render`] again.
//!
//! Inside: `lex` (text and the words of its actions) → `parse` (a tree) → `functions` (what each name does) → `evaluate` → `rendered`
//! (the text, and where each of its bytes stood in the template). `references` are what is looked up elsewhere.
//!
//! Deliberately absent: `range`, `with`, `define`, `template`, `block`, methods and fields. ecspresso gives templates no data to go
//! through, so nobody needs them; they are refused by name. Call [`render`].

mod evaluate;
mod functions;
mod lex;
mod parse;
mod printf;
mod references;
mod rendered;
mod value;

pub(super) use evaluate::is_secret;
pub use evaluate::{Known, Rendering, render};
pub(super) use functions::Function;
pub use functions::{Functions, Plugin, PluginKind};
pub use references::{Answer, Found, Reference};
pub use rendered::Rendered;

#[cfg(test)]
mod tests;
