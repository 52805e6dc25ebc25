//! What people see of a rollout: the journal turned into words, and the words brought to where the team works.
//!
//! Call [`Reports::start`], then [`Reports::publish`] after each entry, then [`Reports::finish`]. Nothing here slows, ends or
//! changes a rollout: what is written to GitHub is sent by tasks of its own, one write at a time, the newest state only, and a
//! sink that fails says so once.
//!
//! Reading order: `progress` (where the journal has got to) → `phrases` (the sentences), `hooks` (theirs), `judging` (metrics and
//! alarms), `next` (what a person can do), `over_time` (charts), [`past`] (earlier releases), [`trouble`] (what was wrong with a
//! request) and [`findings`] (of `verify`; [`sarif`] for programs) → [`markdown`], [`check`], [`deployment`], [`outputs`], [`text`], [`answer`] and [`preview`] (pure renderings) → `terminal` → `feed` and `sinks`
//! (GitHub), `files` → [`opening`] (before a release begins), [`publisher`].
//!
//! Deliberately absent: decisions, AWS, octocrab (all of GitHub is behind [`crate::github`]), clocks (every time shown is the
//! journal's; the pace of writes goes by timeouts in real time) and any state that a rollout would need again.

pub mod answer;
pub mod check;
pub mod deployment;
pub mod findings;
pub mod markdown;
pub mod opening;
pub mod options;
pub mod outputs;
pub mod past;
pub mod preview;
pub mod publisher;
pub mod sarif;
pub mod text;
pub mod trouble;

mod chart;
mod escape;
mod feed;
mod files;
mod hooks;
mod judging;
mod next;
mod over_time;
mod phrases;
mod progress;
mod rows;
mod screen;
mod sinks;
mod terminal;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod samples_later;

pub(crate) use escape::prose;
pub use feed::Pace;
pub(crate) use files::append as append_outputs;
pub use opening::Opening;
pub use options::{Format, GitHubOptions, ReportOptions, Surroundings};
pub use publisher::{Delivered, Reports};
