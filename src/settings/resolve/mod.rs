//! One function per command: its arguments and the environment in, its settings or every mistake out.
//!
//! Inside: `release` (the commands that begin something), with `slots`, `plan`, `analysis` and `hooks` for what `deploy` and `shift`
//! need most words for; `takeovers` (those that act on a recorded rollout); `answer` (those by comments); `patch`; `up` (`up` and `down`), with `declare` and `declare_traffic` for the resources of the config; `policy` (`iam-policy`) and `init`, with `trusted` for both; `preview`; `sandbox`; `common` (what several are told in
//! the same way). Deliberately absent: AWS and files other than the config.
//! Call the function with the command's name.

mod analysis;
mod answer;
mod common;
mod declare;
mod declare_traffic;
mod hooks;
mod init;
mod patch;
mod plan;
mod policy;
mod preview;
mod release;
mod sandbox;
mod slots;
mod takeovers;
mod trusted;
mod up;

pub use answer::{answer, asked};
pub use init::init;
pub use patch::patch;
pub use policy::{iam_policy, trust};
pub use preview::{preview, preview_up};
pub use release::{Who, deploy, diff, findings, findings_format, shift, status, verified, who};
pub use sandbox::{sandbox_run, sandbox_serve};
pub use takeovers::{abort, promote, recover, resume, rollback};
pub use up::{down, up};

#[cfg(test)]
mod tests;
