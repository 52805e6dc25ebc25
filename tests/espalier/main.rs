//! The one Rust test target: what no single room can say about itself.
//!
//! `architecture` holds the doors between the rooms, `simulated` plays the rules of a rollout in simulated worlds (`simulation`), `hazards` the page
//! that says which test stands for which known hazard. The others run the binary as a user would: `stories` (releases in the sandbox,
//! each with its end; `killed` kills the job at its calls), `bad_input` (what is refused before anything is written), `operations` (what the sandbox covers) and `pages` (codes of findings), `readme` and `action` (what we promise there; `install` is its first step, `runner` GitHub's), `workflows`,
//! `words` (what people read, word for word), `corpus` (definitions as they come).

mod action;
mod architecture;
mod bad_input;
mod corpus;
mod harness;
mod hazards;
mod install;
mod operations;
mod pages;
mod readme;
mod runner;
mod simulated;
mod simulation;
mod source;
mod stories;
mod words;
mod workflows;
mod world;
