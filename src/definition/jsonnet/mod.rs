//! Jsonnet into JSON, with ecspresso's native functions.
//!
//! Nothing is fetched here: files to import and references that nobody has looked up yet come back as [`Evaluated::Lacking`]. The
//! language itself is `rsjsonnet-lang`'s, which evaluates without recursing on the machine's stack.
//!
//! Inside: `evaluate` (the run), `natives` (what `std.native` gives) and `words` (mistakes in words). Call [`evaluate`](evaluate()).

mod evaluate;
mod natives;
mod words;

pub use evaluate::{Evaluated, Inputs, evaluate};

#[cfg(test)]
mod tests;
