//! What a GitHub Actions job in this world is told about itself: the one home of the repository, its pull request and its commits.

use serde_json::{Value, json};

/// The one repository, `owner/name`.
pub(crate) const REPOSITORY: &str = "octo/myservice";
/// The number of the one pull request; it is open.
pub(crate) const PULL_REQUEST: u64 = 7;
/// The number of the one issue.
pub(super) const ISSUE: u64 = 6;
/// The pull request's last commit: what checks and deployments have to name to be seen there.
pub(crate) const HEAD_SHA: &str = "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed";
/// The pull request's branch.
pub(crate) const HEAD_REF: &str = "release";
/// The branch that it is to be merged into.
pub(crate) const BASE_REF: &str = "main";
/// The last commit of that branch.
pub(crate) const BASE_SHA: &str = "ba5eba5eba5eba5eba5eba5eba5eba5eba5eba5e";
/// The ephemeral merge commit: checks of it are not seen on the pull request.
pub(super) const MERGE_SHA: &str = "9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c";
/// The job's `GITHUB_TOKEN`.
pub(crate) const TOKEN: &str = "sandbox-token";
/// A token of the pull request's author; every other one is bad credentials.
pub(super) const PERSONAL_TOKEN: &str = "sandbox-personal-token";

/// The `synchronize` event of the pull request, as in `GITHUB_EVENT_PATH`; `server` is `GITHUB_SERVER_URL`.
pub(crate) fn event(server: &str) -> Value {
    let (owner, name) = REPOSITORY.split_once('/').unwrap_or_default();
    json!({
        "action": "synchronize",
        "number": PULL_REQUEST,
        "pull_request": {
            "number": PULL_REQUEST,
            "html_url": format!("{server}/{REPOSITORY}/pull/{PULL_REQUEST}"),
            // The same repository on both sides: no fork, whose token GitHub would keep from writing.
            "head": {"sha": HEAD_SHA, "ref": HEAD_REF, "repo": {"full_name": REPOSITORY}},
            "base": {"sha": BASE_SHA, "ref": BASE_REF, "repo": {"full_name": REPOSITORY}},
        },
        "repository": {"name": name, "full_name": REPOSITORY, "owner": {"login": owner}},
    })
}
