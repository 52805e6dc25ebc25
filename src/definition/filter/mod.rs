//! Runs a jq filter over a definition, with jaq. A filter sees the definition and `$lattice`, nothing else of the world.
//!
//! Inside: `run` (compile, run, one object out) → `prelude` (which of jaq's definitions a filter gets) → `values` (our JSON to jaq's
//! and back) → `mistakes` (jaq's errors as findings with places).
//!
//! Deliberately absent: modules, the environment, the clock, input and output of jq; and limits. jaq has none for time, memory or
//! depth, so a filter without end runs until the job is cancelled, and one that calls itself without end overflows the stack, which
//! ends the process. Filters are the user's own, and they run before anything is written. Call [`run()`].

mod mistakes;
mod prelude;
mod run;
mod values;

pub use run::{LATTICE, run};

#[cfg(test)]
mod tests;
