//! The command line, as types and nothing else. What a text means is settled in [`crate::settings`], beside the environment and the
//! config, so that all three are told their mistakes in the same way.
//!
//! Inside: `releases` (the command, its verbs, and the arguments of those that begin something), `rollouts` (of those that act on
//! a recorded rollout), `templates` (what fills in definitions), `resources` (`up` and `down`), `editing` (schema and completions), `init`, `policy`, `previews`,
//! `sandbox`, and `asked` (which arguments are made at all). Deliberately absent: meaning. Parse a [`Cli`].

mod asked;
mod editing;
mod init;
mod policy;
mod previews;
mod releases;
mod resources;
mod rollouts;
mod sandbox;
mod templates;

pub use asked::Asked;
pub use editing::{Completions, Schema, Shell};
pub use init::Init;
pub use policy::{IamPolicy, Trusted};
pub use previews::{Preview, PreviewDown, PreviewList, PreviewSweep, PreviewUp, Previewed};
pub use releases::*;
pub use resources::{Down, Up};
pub use rollouts::{Abort, Answer, Promote, Recover, Resume, Rollback, Status, Which};
pub use sandbox::*;
pub use templates::{Filters, Templates};
