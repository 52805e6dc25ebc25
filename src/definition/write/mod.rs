//! Writes a new value over the old text: what is equal keeps its bytes, what is new follows the file's own style.
//!
//! Inside: `over` (the text, from old bytes and new values) and `pairs` (which old element a new one takes the place of).
//! Deliberately absent: formatting a whole file, which would bury a change of one line in a diff of hundreds. Call [`write()`].

mod over;
mod pairs;

pub use over::write;

#[cfg(test)]
mod tests;
