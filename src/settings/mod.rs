//! From flags, environment and config to plain settings, one struct per command.
//!
//! Reading order: [`types`], `takeovers`, `resources`, `previews`, `policy`, `init`, `sandbox` and `findings` (what a command is told) → [`surroundings`] (what else the environment says) → [`environment`] (the only
//! reader of variables) → [`config`] (`espalier.yml`, `ecspresso.yml`) → [`templating`] (what fills in their templates) → `sources` (flag, else environment, else config, else default) → [`resolve`]
//! (one function per command). `comment` reads a command in a comment.
//!
//! Every flag has a variable, `ESPALIER_` and its name in capitals with `_` for `-`; an empty variable is an unset one, because
//! GitHub's actions set inputs that nobody gave to empty text. Booleans are `true` or `false`. All mistakes are told at once.
//!
//! Deliberately absent: AWS, GitHub, definitions. Call a function of [`resolve`].

pub mod comment;
pub mod config;
pub mod environment;
mod findings;
mod init;
mod policy;
mod previews;
mod project;
pub mod resolve;
mod resources;
mod sandbox;
mod sources;
pub mod surroundings;
mod takeovers;
pub mod templating;
pub mod types;
mod yaml;

pub use comment::{Asked, AskedVerb};
pub use environment::Environment;
pub use findings::FindingsSettings;
pub use init::InitSettings;
pub use policy::{PolicySettings, TrustSettings, Trusted};
pub use previews::{PreviewSettings, Previews};
pub use resources::{DeclaredSettings, DownSettings, UpSettings};
pub use sandbox::{LiveSettings, Rehearsed, SandboxRunSettings, SandboxServeSettings, SandboxStartSettings};
pub use sources::Unsettled;
pub use surroundings::{Secret, Surroundings};
pub use takeovers::{
    AbortSettings, AnswerSettings, Application, AskedSettings, OnExisting, PromoteSettings, RecoverSettings, ResumeSettings,
    RollbackSettings, Scope, Served, Which,
};
pub use templating::Templating;
pub use types::*;
