//! The one Rust test target: what no single room can say about itself.
//!
//! `architecture` holds the doors between the rooms. The others run the binary as a user would: `stories` (releases in the sandbox,
//! each with its end), `bad_input` (what is refused before anything is written), `operations` (what the sandbox covers), `readme` and `action` (what we promise there),
//! `words` (what people read, word for word).

mod action;
mod architecture;
mod bad_input;
mod harness;
mod operations;
mod readme;
mod source;
mod stories;
mod words;
mod world;
