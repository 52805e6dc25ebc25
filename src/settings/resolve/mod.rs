//! One function per command: its arguments and the environment in, its settings or every mistake out.
//!
//! Inside: `release` (the commands that begin something), with `slots`, `plan`, `analysis` and `hooks` for what `deploy` and `shift`
//! need most words for; `takeovers` (those that act on a recorded rollout); `answer` (those by comments); `patch`; `policy` (`iam-policy`); `preview`; `sandbox`; `common` (what several are told in
//! the same way). Deliberately absent: AWS and files other than the config.
//! Call the function with the command's name.

mod analysis;
mod answer;
mod common;
mod hooks;
mod patch;
mod plan;
mod policy;
mod preview;
mod release;
mod sandbox;
mod slots;
mod takeovers;

pub use answer::{answer, asked};
pub use patch::patch;
pub use policy::iam_policy;
pub use preview::{preview, preview_up};
pub use release::{Who, deploy, diff, findings, findings_format, shift, status, verified, who};
pub use sandbox::{sandbox_run, sandbox_serve};
pub use takeovers::{abort, promote, recover, resume, rollback};

#[cfg(test)]
mod tests;
