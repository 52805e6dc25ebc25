//! GitHub, as far as reports need it: one sticky comment, one check run, one deployment, and what the event says about the pull
//! request.
//!
//! Call [`event::subject`] (pure) for the pull request and commit ([`issue_comment`] for commands in comments), build a
//! [`client::Client`], then [`pull_request::Spot`] for what the event leaves out, [`comment::Sticky`], [`check::Check`] and
//! [`deployment::Deployment`] ([`permissions`] tells beforehand whether the token may); each looks for what is already there before it creates. Every failure is an [`error::GitHubError`].
//!
//! Deliberately absent: octocrab's models and typed builders (one odd member fails a whole page, updates of comments are
//! POSTed, check updates carry a stray member, GraphQL's URL is wrong on GitHub Enterprise Server), its retries (they replay
//! POSTs) and its redirects; GraphQL but for the one question of who the token is; waiting (an attempt that fails is the sink's to repeat); anything of a rollout, or of AWS.

pub mod check;
pub mod client;
pub mod comment;
pub mod deployment;
pub mod error;
pub mod event;
pub mod issue_comment;
pub mod permissions;
pub mod pull_request;

#[cfg(test)]
pub(crate) mod test_server;
