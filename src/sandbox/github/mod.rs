//! The emulated GitHub: one public repository, its pull requests, one issue, and the token of a GitHub Actions job in it.
//!
//! Built from GitHub's OpenAPI description (npm `@octokit/openapi`), its documentation and the answers that people quote in issue
//! threads. Inside: `job` (what a job in this world is told about itself), `dispatch` (from a request to its answer) over `routes`
//! (which operations there are), `call` (a request as the operations want it, and how GitHub refuses), `limits` (rate limits),
//! `paging`, and one file per resource: `comments`, `reactions`, `checks`, `deployments` with `deployment_statuses`, `pulls`, `statuses`,
//! `repository`, `actors`, `collaborators` (what people may do), `graphql` (who the token is).
//!
//! Deliberately absent: git, other repositories, webhooks, every GraphQL query but `viewer { login }`, other media types than JSON
//! (415). Members of a body that GitHub does not know are ignored, as GitHub ignores them, with a line in the world's log.
//!
//! To call: [`handle`] with the path after `/api/v3`, [`refuse`] where a fault of the scenario strikes; [`snapshot`] for the pull request as it stands.

mod actors;
mod call;
mod checks;
mod collaborators;
mod comments;
mod deployment_statuses;
mod deployments;
mod dispatch;
mod graphql;
pub(crate) mod job;
mod limits;
mod paging;
mod pulls;
mod reactions;
mod repository;
mod routes;
mod state;
mod statuses;
#[cfg(test)]
mod tests;

pub(crate) use dispatch::{handle, refuse, snapshot};
pub(crate) use pulls::set_by_person;
pub(crate) use routes::listed;
pub(crate) use state::State;
