//! The pull request.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, not_found},
    job::{BASE_REF, BASE_SHA, HEAD_REF, HEAD_SHA, MERGE_SHA, PULL_REQUEST, REPOSITORY},
    paging::page,
    repository::{REPOSITORY_ID, commit, no_commit, repository},
};
use crate::sandbox::{wire::Reply, world::World};

const PULL_REQUEST_ID: u64 = 1_500_000_007;

/// `GET …/pulls/{number}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    if call.part(0) != PULL_REQUEST.to_string() {
        return Err(not_found());
    }
    let mut pull = listed(world, &call.server);
    // What GitHub works out for a single pull request only.
    let more = json!({
        "merged": false,
        "mergeable": true,
        "rebaseable": true,
        "mergeable_state": "clean",
        "merged_by": null,
        "comments": world.github.comments.len(),
        "review_comments": 0,
        "maintainer_can_modify": false,
        "commits": 1,
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    });
    for (member, value) in more.as_object().into_iter().flatten() {
        pull[member] = value.clone();
    }
    Ok(Reply::json(200, &pull))
}

/// `GET …/commits/{sha}/pulls`.
pub(super) fn of_commit(world: &mut World, call: &Call) -> Outcome {
    let reference = call.part(0);
    let sha = commit(reference).ok_or_else(|| no_commit(reference))?;
    let found = if [HEAD_SHA, MERGE_SHA].contains(&sha.as_str()) { vec![listed(world, &call.server)] } else { Vec::new() };
    Ok(page(call, found, |some, _| Value::Array(some)))
}

/// As it stands in a check run of its head.
pub(super) fn of_check_run(server: &str) -> Value {
    let name = REPOSITORY.rsplit('/').next().unwrap_or_default();
    let api = format!("{server}/api/v3/repos/{REPOSITORY}");
    let side = |reference: &str, sha: &str| json!({"ref": reference, "sha": sha, "repo": {"id": REPOSITORY_ID, "url": api, "name": name}});
    json!({
        "id": PULL_REQUEST_ID,
        "number": PULL_REQUEST,
        "url": format!("{api}/pulls/{PULL_REQUEST}"),
        "head": side(HEAD_REF, HEAD_SHA),
        "base": side(BASE_REF, BASE_SHA),
    })
}

/// As it stands in a list.
fn listed(world: &World, server: &str) -> Value {
    let start = world.scenario.start.to_string();
    let api = format!("{server}/api/v3/repos/{REPOSITORY}");
    let page = format!("{server}/{REPOSITORY}/pull/{PULL_REQUEST}");
    let own = format!("{api}/pulls/{PULL_REQUEST}");
    let issue = format!("{api}/issues/{PULL_REQUEST}");
    let statuses = format!("{api}/statuses/{HEAD_SHA}");
    let owner = REPOSITORY.split_once('/').map_or(REPOSITORY, |(owner, _)| owner);
    let side = |reference: &str, sha: &str| {
        json!({
            "label": format!("{owner}:{reference}"), "ref": reference, "sha": sha, "user": actors::owner(server),
            "repo": repository(server, world.scenario.start),
        })
    };
    let link = |href: String| json!({"href": href});
    json!({
        "url": own,
        "id": PULL_REQUEST_ID,
        "node_id": "PR_kwDOABCD7",
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": issue,
        "number": PULL_REQUEST,
        "state": "open",
        "locked": false,
        "title": "Release 2 of myservice",
        "user": actors::author(server),
        "body": "What the sandbox releases.",
        "created_at": start,
        "updated_at": start,
        "closed_at": null,
        "merged_at": null,
        "merge_commit_sha": MERGE_SHA,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": null,
        "draft": false,
        "commits_url": format!("{own}/commits"),
        "review_comments_url": format!("{own}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "head": side(HEAD_REF, HEAD_SHA),
        "base": side(BASE_REF, BASE_SHA),
        "_links": {
            "self": link(own.clone()),
            "html": link(page),
            "issue": link(issue.clone()),
            "comments": link(format!("{issue}/comments")),
            "review_comments": link(format!("{own}/comments")),
            "review_comment": link(format!("{api}/pulls/comments{{/number}}")),
            "commits": link(format!("{own}/commits")),
            "statuses": link(statuses),
        },
        "author_association": "MEMBER",
        "auto_merge": null,
        "active_lock_reason": null,
    })
}
