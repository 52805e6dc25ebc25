//! Runs a jq filter over a definition, with jaq. A filter sees the definition, `$lattice`, `$git` and what of the
//! environment it is given as `$env`; nothing else of the world. What it says with `debug` and `stderr` goes to the `log` crate's logger.
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

pub use run::{Bindings, run};

#[cfg(test)]
mod tests;
