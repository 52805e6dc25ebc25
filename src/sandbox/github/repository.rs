//! The repository as GitHub prints it, and its commits; there is no git behind it.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Refusal, refuse},
    job::{BASE_REF, BASE_SHA, HEAD_REF, HEAD_SHA, MERGE_SHA, PULL_REQUEST, REPOSITORY},
};
use crate::clock::Timestamp;

/// The number by which `Link` headers name the repository (`/repositories/1000001/…`).
pub(super) const REPOSITORY_ID: u64 = 1_000_001;

/// The members that are an address below the repository's own, with what follows it (RFC 6570 templates, as GitHub gives them).
const ADDRESSES: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

/// The repository in full; `start` is when it was last pushed to.
pub(super) fn repository(server: &str, start: Timestamp) -> Value {
    let name = REPOSITORY.rsplit('/').next().unwrap_or_default();
    let page = format!("{server}/{REPOSITORY}");
    let host = server.split_once("://").map_or(server, |(_, host)| host);
    let start = start.to_string();
    let mut printed = json!({
        "id": REPOSITORY_ID,
        "node_id": "R_kgDOABCD",
        "name": name,
        "full_name": REPOSITORY,
        "private": false,
        "owner": actors::owner(server),
        "html_url": page,
        "description": "What the sandbox releases",
        "fork": false,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": start,
        "pushed_at": start,
        "git_url": format!("git://{host}/{REPOSITORY}.git"),
        "ssh_url": format!("git@{host}:{REPOSITORY}.git"),
        "clone_url": format!("{page}.git"),
        "svn_url": page,
    });
    let more = json!({
        "mirror_url": null,
        "homepage": null,
        "size": 108,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": 0,
        "archived": false,
        "disabled": false,
        "open_issues_count": 1,
        "license": null,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": "public",
        "forks": 0,
        "open_issues": 1,
        "watchers": 0,
        "default_branch": BASE_REF,
    });
    for (member, value) in more.as_object().into_iter().flatten() {
        printed[member] = value.clone();
    }
    for (member, rest) in ADDRESSES {
        printed[member] = json!(format!("{server}/api/v3/repos/{REPOSITORY}{rest}"));
    }
    printed
}

/// A commit by SHA, branch or `refs/…`; the sandbox has no git, and takes every full SHA for a commit.
pub(super) fn commit(reference: &str) -> Option<String> {
    let name = reference.trim_start_matches("refs/").trim_start_matches("heads/");
    let pull = name.strip_prefix("pull/").and_then(|rest| rest.strip_prefix(&PULL_REQUEST.to_string()));
    match (name, pull) {
        (HEAD_REF, _) | (_, Some("/head")) => Some(HEAD_SHA.to_owned()),
        (BASE_REF, _) => Some(BASE_SHA.to_owned()),
        (_, Some("/merge")) => Some(MERGE_SHA.to_owned()),
        (sha, _) if is_sha(sha) => Some(sha.to_ascii_lowercase()),
        _ => None,
    }
}

/// Forty hexadecimal digits.
pub(super) fn is_sha(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 422 for a ref that leads nowhere.
pub(super) fn no_commit(reference: &str) -> Refusal {
    refuse(422, &format!("No commit found for SHA: {reference}"))
}
