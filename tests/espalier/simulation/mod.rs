//! The simulator: the machine in the sandbox's world, without sockets, and the rules of DESIGN §5 held against the world at
//! every instant.
//!
//! Inside: `case` (what a seed means), `dice`, `stage` (the worlds), `hands` (effects → world → events), `verbs` (what later jobs
//! begin from), `run` and `happen` (whose turn it is, and what befalls the world), `words`, `facts` (one moment of the world), `court` and `rules` (what is held), `shrink` (the
//! shortest failing case), `long` (many seeds and the summary), `wire` (cases over HTTP with the real driver). The tests that
//! play it are in `simulated`.
//!
//! It reaches the world by `espalier::sandbox::direct` and the machine by `espalier::rollout`; of `espalier::aws` it uses what is
//! pure. It lives beside the tests and not in the product. Replay a seed with
//! `cargo bench --bench simulate -- --seed N --rollouts 1`.

pub(crate) mod case;
mod court;
mod dice;
pub(crate) mod facts;
mod hands;
mod happen;
pub(crate) mod long;
mod rules;
pub(crate) mod run;
mod shrink;
mod stage;
mod verbs;
pub(crate) mod wire;
mod words;
