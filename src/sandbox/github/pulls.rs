//! The pull requests.

use serde_json::{Value, json};

use super::{
    actors,
    call::{Call, Outcome, not_found},
    job::{BASE_REF, BASE_SHA, HEAD_REF, HEAD_SHA, MERGE_SHA, PULL_REQUEST, REPOSITORY},
    paging::page,
    repository::{REPOSITORY_ID, commit, no_commit, repository},
};
use crate::sandbox::{scenario::PullRequestSeed, wire::Reply, world::World};

/// The id of a pull request is this and its number.
const FIRST_ID: u64 = 1_500_000_000;
/// The repository that branches of others lie in.
const FORK: &str = "stranger/myservice";

/// Somebody opens, closes, labels a pull request, or pushes to it.
pub(crate) fn set_by_person(world: &mut World, pull: &PullRequestSeed) {
    world.github.put(pull.clone());
}

/// `GET …/pulls/{number}`.
pub(super) fn get(world: &mut World, call: &Call) -> Outcome {
    let seed = world.github.pull(call.part(0)).cloned().ok_or_else(not_found)?;
    let mut pull = listed(world, &call.server, &seed);
    // What GitHub works out for a single pull request only.
    let more = json!({
        "merged": false,
        "mergeable": true,
        "rebaseable": true,
        "mergeable_state": "clean",
        "merged_by": null,
        "comments": world.github.comments.iter().filter(|comment| comment["issue"] == seed.number).count(),
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
    let ends_in = |pull: &&PullRequestSeed| pull.head == sha || pull.number == PULL_REQUEST && sha == MERGE_SHA;
    let found = world.github.pulls.iter().filter(ends_in).map(|pull| listed(world, &call.server, pull));
    Ok(page(call, found.collect(), |some, _| Value::Array(some)))
}

/// As it stands in a check run of its head.
pub(super) fn of_check_run(server: &str) -> Value {
    let name = REPOSITORY.rsplit('/').next().unwrap_or_default();
    let api = format!("{server}/api/v3/repos/{REPOSITORY}");
    let side = |reference: &str, sha: &str| json!({"ref": reference, "sha": sha, "repo": {"id": REPOSITORY_ID, "url": api, "name": name}});
    json!({
        "id": FIRST_ID + PULL_REQUEST,
        "number": PULL_REQUEST,
        "url": format!("{api}/pulls/{PULL_REQUEST}"),
        "head": side(HEAD_REF, HEAD_SHA),
        "base": side(BASE_REF, BASE_SHA),
    })
}

/// As it stands in a list.
fn listed(world: &World, server: &str, seed: &PullRequestSeed) -> Value {
    let number = seed.number;
    let start = world.scenario.start.to_string();
    let api = format!("{server}/api/v3/repos/{REPOSITORY}");
    let page = format!("{server}/{REPOSITORY}/pull/{number}");
    let own = format!("{api}/pulls/{number}");
    let issue = format!("{api}/issues/{number}");
    let statuses = format!("{api}/statuses/{}", seed.head);
    let owner = REPOSITORY.split_once('/').map_or(REPOSITORY, |(owner, _)| owner);
    let side = |reference: &str, sha: &str, is_fork: bool| {
        let mut repo = repository(server, world.scenario.start);
        if is_fork {
            (repo["full_name"], repo["fork"], repo["id"]) = (json!(FORK), json!(true), json!(REPOSITORY_ID + 1));
        }
        json!({
            "label": format!("{owner}:{reference}"), "ref": reference, "sha": sha, "user": actors::owner(server), "repo": repo,
        })
    };
    let label = |name: &String| {
        json!({
            "id": 1, "node_id": "LA_kwDOABCD1", "url": format!("{api}/labels/{name}"), "name": name, "color": "ededed",
            "default": false, "description": null,
        })
    };
    let closed = if seed.open { Value::Null } else { json!(world.now.to_string()) };
    let link = |href: String| json!({"href": href});
    json!({
        "url": own,
        "id": FIRST_ID + number,
        "node_id": format!("PR_kwDOABCD{number}"),
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": issue,
        "number": number,
        "state": if seed.open { "open" } else { "closed" },
        "locked": false,
        "title": "Release 2 of myservice",
        "user": actors::author(server),
        "body": "What the sandbox releases.",
        "created_at": start,
        "updated_at": start,
        "closed_at": closed,
        "merged_at": null,
        "merge_commit_sha": MERGE_SHA,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": seed.labels.iter().map(label).collect::<Vec<_>>(),
        "milestone": null,
        "draft": false,
        "commits_url": format!("{own}/commits"),
        "review_comments_url": format!("{own}/comments"),
        "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "head": side(&seed.branch, &seed.head, seed.fork),
        "base": side(BASE_REF, BASE_SHA, false),
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
