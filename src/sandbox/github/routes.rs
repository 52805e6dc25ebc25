//! Which operations there are: method, path, where GitHub documents it, and the permissions that it accepts.

use super::{
    call::{Call, Outcome, decoded},
    checks, collaborators, comments, deployment_statuses, deployments, graphql, pulls, reactions, statuses,
};
use crate::sandbox::world::World;

/// An operation below the repository.
pub(super) struct Route {
    method: &'static str,
    /// `{}` is one segment, `{ref}` one or more: a ref may hold slashes.
    path: &'static str,
    /// What follows `https://docs.github.com/rest/`; from the OpenAPI description's `externalDocs`.
    documentation: &'static str,
    /// `x-accepted-github-permissions`: sets divided by `;` ("Permissions required for GitHub Apps").
    pub(super) permissions: &'static str,
    /// The members that its body may have.
    pub(super) members: &'static [&'static str],
    pub(super) answer: fn(&mut World, &Call) -> Outcome,
}

const READ_COMMENTS: &str = "issues=read; pull_requests=read";
const WRITE_COMMENTS: &str = "issues=write; pull_requests=write";
const CHECK_RUN: [&str; 10] =
    ["name", "head_sha", "details_url", "external_id", "status", "started_at", "conclusion", "completed_at", "output", "actions"];
const DEPLOYMENT: [&str; 9] = [
    "ref",
    "task",
    "auto_merge",
    "required_contexts",
    "payload",
    "environment",
    "description",
    "transient_environment",
    "production_environment",
];
const DEPLOYMENT_STATUS: [&str; 7] =
    ["state", "target_url", "log_url", "description", "environment", "environment_url", "auto_inactive"];
const STATUS: [&str; 4] = ["state", "target_url", "description", "context"];

const fn route(
    method: &'static str,
    path: &'static str,
    documentation: &'static str,
    permissions: &'static str,
    members: &'static [&'static str],
    answer: fn(&mut World, &Call) -> Outcome,
) -> Route {
    Route { method, path, documentation, permissions, members, answer }
}

/// All of them, the more special ones first.
const ROUTES: [Route; 23] = [
    route("GET", "issues/comments/{}", "issues/comments#get-an-issue-comment", READ_COMMENTS, &[], comments::get),
    route("PATCH", "issues/comments/{}", "issues/comments#update-an-issue-comment", WRITE_COMMENTS, &["body"], comments::update),
    route("DELETE", "issues/comments/{}", "issues/comments#delete-an-issue-comment", WRITE_COMMENTS, &[], comments::delete),
    route("GET", "issues/{}/comments", "issues/comments#list-issue-comments", READ_COMMENTS, &[], comments::list),
    route("POST", "issues/{}/comments", "issues/comments#create-an-issue-comment", WRITE_COMMENTS, &["body"], comments::create),
    route(
        "POST",
        "issues/comments/{}/reactions",
        "reactions/reactions#create-reaction-for-an-issue-comment",
        WRITE_COMMENTS,
        &["content"],
        reactions::create,
    ),
    route(
        "GET",
        "collaborators/{}/permission",
        "collaborators/collaborators#get-repository-permissions-for-a-user",
        "metadata=read",
        &[],
        collaborators::permission,
    ),
    route("POST", "check-runs", "checks/runs#create-a-check-run", "checks=write", &CHECK_RUN, checks::create),
    route("GET", "check-runs/{}", "checks/runs#get-a-check-run", "checks=read", &[], checks::get),
    route("PATCH", "check-runs/{}", "checks/runs#update-a-check-run", "checks=write", &CHECK_RUN, checks::update),
    route("GET", "check-runs/{}/annotations", "checks/runs#list-check-run-annotations", "checks=read", &[], checks::annotations),
    route(
        "GET",
        "commits/{ref}/check-runs",
        "checks/runs#list-check-runs-for-a-git-reference",
        "checks=read",
        &[],
        checks::of_commit,
    ),
    route(
        "GET",
        "commits/{ref}/pulls",
        "commits/commits#list-pull-requests-associated-with-a-commit",
        "pull_requests=read; contents=read",
        &[],
        pulls::of_commit,
    ),
    route(
        "GET",
        "commits/{ref}/statuses",
        "commits/statuses#list-commit-statuses-for-a-reference",
        "statuses=read",
        &[],
        statuses::of_commit,
    ),
    route("GET", "pulls/{}", "pulls/pulls#get-a-pull-request", "pull_requests=read; contents=read", &[], pulls::get),
    route("POST", "statuses/{}", "commits/statuses#create-a-commit-status", "statuses=write", &STATUS, statuses::create),
    route("GET", "deployments", "deployments/deployments#list-deployments", "deployments=read", &[], deployments::list),
    route(
        "POST",
        "deployments",
        "deployments/deployments#create-a-deployment",
        "deployments=write",
        &DEPLOYMENT,
        deployments::create,
    ),
    route("GET", "deployments/{}", "deployments/deployments#get-a-deployment", "deployments=read", &[], deployments::get),
    route(
        "DELETE",
        "deployments/{}",
        "deployments/deployments#delete-a-deployment",
        "deployments=write",
        &[],
        deployments::delete,
    ),
    route(
        "GET",
        "deployments/{}/statuses",
        "deployments/statuses#list-deployment-statuses",
        "deployments=read",
        &[],
        deployment_statuses::list,
    ),
    route(
        "POST",
        "deployments/{}/statuses",
        "deployments/statuses#create-a-deployment-status",
        "deployments=write",
        &DEPLOYMENT_STATUS,
        deployment_statuses::create,
    ),
    route(
        "GET",
        "deployments/{}/statuses/{}",
        "deployments/statuses#get-a-deployment-status",
        "deployments=read",
        &[],
        deployment_statuses::get,
    ),
];

/// GraphQL, which is no part of REST.
pub(super) const GRAPHQL: Route = route("POST", "graphql", "", "", &["query", "variables", "operationName"], graphql::query);

impl Route {
    /// Where GitHub documents it.
    pub(super) fn documentation(&self) -> String {
        match self.documentation {
            "" => "https://docs.github.com/graphql".to_owned(),
            below => format!("https://docs.github.com/rest/{below}"),
        }
    }
}

/// Method, path below the repository, and documentation of every operation; GraphQL is one.
pub(crate) fn listed() -> impl Iterator<Item = (&'static str, &'static str, String)> {
    ROUTES.iter().chain([&GRAPHQL]).map(|route| (route.method, route.path, route.documentation()))
}

/// The operation that a method and a path (encoded, below the repository) mean, with what stands in place of the names.
pub(super) fn find(method: &str, path: &str) -> Option<(&'static Route, Vec<String>)> {
    // Taken apart before it is decoded: a ref may hold an encoded slash.
    let segments: Vec<_> = path.trim_matches('/').split('/').map(decoded).collect();
    ROUTES.iter().filter(|route| route.method == method).find_map(|route| Some((route, parts(route.path, &segments)?)))
}

fn parts(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let pattern: Vec<_> = pattern.split('/').collect();
    let mut parts = Vec::new();
    let mut rest = segments;
    for (place, wanted) in pattern.iter().enumerate() {
        let (first, after) = rest.split_first()?;
        match *wanted {
            "{ref}" => {
                let length = rest.len().checked_sub(pattern.len() - place - 1).filter(|length| *length > 0)?;
                let (reference, after) = rest.split_at(length);
                parts.push(reference.join("/"));
                rest = after;
            }
            "{}" if !first.is_empty() => {
                parts.push(first.clone());
                rest = after;
            }
            word if word == first => rest = after,
            _ => return None,
        }
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_path_means_one_operation_and_a_ref_may_hold_slashes() {
        let found = |method: &str, path: &str| find(method, path).map(|(route, parts)| (route.path, parts.join(" ")));
        let some = |path: &'static str, parts: &str| Some((path, parts.to_owned()));
        assert_eq!(found("GET", "/commits/heads/main/check-runs"), some("commits/{ref}/check-runs", "heads/main"));
        assert_eq!(found("GET", "/commits/heads%2Fmain/check-runs"), some("commits/{ref}/check-runs", "heads/main"));
        assert_eq!(found("GET", "/issues/comments/7"), some("issues/comments/{}", "7"));
        assert_eq!(found("GET", "/issues/7/comments"), some("issues/{}/comments", "7"));
        assert_eq!(found("GET", "/deployments/1/statuses/2"), some("deployments/{}/statuses/{}", "1 2"));
        for (method, path) in [("GET", "/commits/check-runs"), ("PUT", "/check-runs"), ("GET", "/"), ("GET", "/issues//comments")]
        {
            assert_eq!(found(method, path), None, "{method} {path}");
        }
    }
}
