//! The emulated GitHub: one repository, one open pull request, and the token of a GitHub Actions job in it.
//!
//! Inside: `call` (a request as the operations want it, and how GitHub refuses), `paging`, and one file per resource: `comments`,
//! `checks`, `deployments`, `commits` (pull request, statuses), `graphql` (who the token is).
//!
//! Deliberately absent: git, other repositories, webhooks, every GraphQL query but `viewer { login }`. Members that GitHub
//! does not know are ignored, as GitHub ignores them.
//!
//! To call: [`handle`] with the path after `/api/v3`; [`snapshot`] for the pull request as it stands. What a job
//! in this world is told about itself has to agree with the constants of `commits`.

mod call;
mod checks;
mod comments;
mod commits;
mod deployments;
mod dispatch;
mod graphql;
mod paging;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::{handle, snapshot};
pub(crate) use state::State;
