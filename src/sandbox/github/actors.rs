//! Who appears in GitHub's answers: users, the organization and the app, as REST prints them (`simple-user` and `nullable-integration`
//! of GitHub's OpenAPI description).

use serde_json::{Value, json};

use super::job::REPOSITORY;

/// Who writes with a job's token.
pub(super) fn bot(server: &str) -> Value {
    user(server, "github-actions[bot]", 41_898_282, "Bot")
}

/// The author of the pull request.
pub(super) fn author(server: &str) -> Value {
    user(server, "octocat", 583_232, "User")
}

/// Anybody else.
pub(super) fn somebody(server: &str, login: &str) -> Value {
    user(server, login, 583_233, "User")
}

/// The organization that owns the repository.
pub(super) fn owner(server: &str) -> Value {
    user(server, REPOSITORY.split_once('/').map_or(REPOSITORY, |(owner, _)| owner), 583_231, "Organization")
}

/// The GitHub Actions app, to which everything belongs that a job's token makes.
pub(super) fn app(server: &str) -> Value {
    json!({
        "id": 15368,
        "slug": "github-actions",
        "node_id": "MDM6QXBwMTUzNjg=",
        "client_id": "Iv1.05c79e9ad1f6bdfa",
        "owner": user(server, "github", 9919, "Organization"),
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "external_url": format!("{server}/features/actions"),
        "html_url": format!("{server}/apps/github-actions"),
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2025-03-07T16:35:00Z",
        "permissions": {
            "checks": "write", "contents": "write", "deployments": "write", "issues": "write", "metadata": "read",
            "pull_requests": "write", "statuses": "write",
        },
        "events": [],
    })
}

fn user(server: &str, login: &str, id: u64, kind: &str) -> Value {
    let encoded = login.replace('[', "%5B").replace(']', "%5D");
    let url = format!("{server}/api/v3/users/{encoded}");
    let page = login.strip_suffix("[bot]").map_or_else(|| format!("{server}/{login}"), |app| format!("{server}/apps/{app}"));
    json!({
        "login": login,
        "id": id,
        "node_id": format!("U_kgDO{id:08x}"),
        "avatar_url": format!("{server}/avatars/u/{id}"),
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": kind,
        "user_view_type": "public",
        "site_admin": false,
    })
}
