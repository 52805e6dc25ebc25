//! GitHub, as far as reports need it: one sticky comment, one check run, and what the event says about the pull request.
//!
//! Call [`event::subject`] (pure) for the pull request and commit ([`issue_comment`] for commands in comments), build a [`client::Client`], then [`comment::Sticky`] and
//! [`check::Check`]; both look for what is already there before they create. Every failure is an [`error::GitHubError`].
//!
//! Deliberately absent: octocrab's models and typed builders (one odd member fails a whole page, updates of comments are
//! POSTed, check updates carry a stray member), its retries (they replay POSTs) and its redirects; GraphQL (its URL is wrong on
//! GitHub Enterprise Server); waiting (an attempt that fails is the sink's to repeat); anything of a rollout, or of AWS.

pub mod check;
pub mod client;
pub mod comment;
pub mod error;
pub mod event;
pub mod issue_comment;
pub mod pull_request;

#[cfg(test)]
pub(crate) mod test_server;
