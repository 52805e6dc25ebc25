//! The simulator: the machine in the sandbox's world, without sockets, and the rules of DESIGN §5 held against the world at
//! every instant.
//!
//! Inside: `case` (what a seed means: data), `dice`, `chance`, `furnish` and `later` (which case a seed is), `stage` and `definitions` (the
//! worlds, and what is released into them), `hands` with `calls`, `recorded`, `measure`, `errands`, `steer`, `terms` and `doors` (effects → world →
//! events), `readings`, `verbs` and `begin` (what later jobs begin from), `play`, `run` and `happen` (whose turn it is, and what befalls the world),
//! `words`, `facts` (one moment of the world), `court` with `watched`, `rules`, `walks`, `judged`, `kept`, `claims`, `endings` and `aftermath` (what is
//! held), `shrink` (the shortest failing case), `long`
//! (many seeds and the summary), `wire` with `runner` (cases over HTTP with the real driver, and what befalls it). The tests that play it are in `simulated`.
//!
//! It reaches the world by `espalier::sandbox::direct` and the machine by `espalier::rollout`; of `espalier::aws` it uses what is
//! pure. It lives beside the tests and not in the product. Replay a seed with
//! `cargo bench --bench simulate -- --seed N --rollouts 1`.

mod aftermath;
mod begin;
mod calls;
pub(crate) mod case;
mod chance;
mod claims;
mod court;
pub(crate) mod definitions;
mod dice;
mod doors;
mod endings;
mod errands;
pub(crate) mod facts;
pub(crate) mod furnish;
mod hands;
mod happen;
mod judged;
mod kept;
mod later;
pub(crate) mod long;
mod measure;
pub(crate) mod play;
mod readings;
mod recorded;
mod rules;
mod run;
mod runner;
mod shrink;
mod stage;
mod steer;
mod terms;
mod verbs;
mod walks;
mod watched;
pub(crate) mod wire;
mod words;
