//! A world as data: what there is at the start, how each image behaves, what goes wrong and who meddles.
//!
//! Inside: the keys of a scenario file ([`Scenario`] and what it holds), the built-in scenarios (the `.yml` files beside this one),
//! and reading either. Deliberately absent: anything that happens. To call: [`load`], [`built_in`].

mod load;
mod shape;

pub use load::{Error, built_in, load};
pub use shape::{
    ActionSeed, Behaviour, Demand, EcsServiceSeed, Edit, Effect, Exit, Fault, GithubMode, GroupSeed, Knobs, LatticeSeed,
    ListenerSeed, NetworkSeed, Person, RuleSeed, ScalingSeed, Scenario, ServiceSeed, TargetSeed,
};
