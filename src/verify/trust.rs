//! Who may have a role, by its trust policy.

use serde_json::{Value, json};

/// The provider of GitHub's tokens, as IAM's conditions name it.
pub const GITHUB: &str = "token.actions.githubusercontent.com";
/// The audience that the provider of an account knows, and that a job asks its token for.
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// What ECS is called where it takes a role.
pub const ECS: &str = "ecs.amazonaws.com";
/// What takes the roles of tasks.
pub const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Whether a trust policy lets a service of AWS's take the role. Conditions are taken to hold: what ECS says there is not known.
#[must_use]
pub fn trusts(policy: &Value, service: &str) -> bool {
    let statements: Vec<&Value> = each(&policy["Statement"]).collect();
    let about = |statement: &&&Value, effect: &str| {
        statement["Effect"] == effect
            && each(&statement["Action"]).filter_map(Value::as_str).any(|action| fits(action, "sts:AssumeRole"))
            && (statement["Principal"] == "*"
                || each(&statement["Principal"]["Service"]).any(|principal| principal == service)
                || each(&statement["Principal"]["AWS"]).any(|principal| principal == "*"))
    };
    let denies = |statement: &&&Value| about(statement, "Deny") && statement.get("Condition").is_none();
    statements.iter().any(|statement| about(&statement, "Allow")) && !statements.iter().any(|statement| denies(&statement))
}

/// The trust policy that gives a role to jobs of GitHub Actions, by what their tokens say of them (GitHub Docs, "OpenID Connect
/// reference"): each `sub` as a whole, never a pattern.
#[must_use]
pub fn of_jobs(partition: &str, account: &str, subjects: &[String]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": format!("arn:{partition}:iam::{account}:oidc-provider/{GITHUB}") },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { format!("{GITHUB}:aud"): AUDIENCE, format!("{GITHUB}:sub"): subjects } },
        }],
    })
}

/// What the tokens of a repository's jobs say in `sub`: of those in an environment, and of those without one.
#[must_use]
pub fn subjects(repository: &str, environments: &[String], branches: &[String], pull_requests: bool) -> Vec<String> {
    // GitHub writes a colon in an environment's name as `%3A`.
    let environments = environments.iter().map(|name| format!("environment:{}", name.replace(':', "%3A")));
    let branches = branches.iter().map(|name| format!("ref:refs/heads/{name}"));
    let pulls = pull_requests.then(|| "pull_request".to_owned());
    environments.chain(branches).chain(pulls).map(|job| format!("repo:{repository}:{job}")).collect()
}

/// The services that a trust policy names.
#[must_use]
pub fn services(policy: &Value) -> Vec<&str> {
    each(&policy["Statement"])
        .filter(|statement| statement["Effect"] == "Allow")
        .flat_map(|statement| each(&statement["Principal"]["Service"]))
        .filter_map(Value::as_str)
        .collect()
}

/// A value, or those of a list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let one = (!value.is_array() && !value.is_null()).then_some(value);
    list.iter().chain(one)
}

fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    pattern == "*" || pattern == action || pattern.strip_suffix('*').is_some_and(|start| action.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_trust_policy_names_ecs_or_does_not() {
        let statement =
            |effect: &str, principal: Value| json!({"Effect": effect, "Action": "sts:AssumeRole", "Principal": principal});
        let ecs = || statement("Allow", json!({"Service": "ecs.amazonaws.com"}));
        for (statements, trusted) in [
            (json!(ecs()), true),
            (json!([statement("Allow", json!({"Service": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]}))]), true),
            (json!([statement("Allow", json!({"Service": "ecs-tasks.amazonaws.com"}))]), false),
            (json!([statement("Allow", json!("*"))]), true),
            (json!([ecs(), statement("Deny", json!({"Service": "ecs.amazonaws.com"}))]), false),
            (json!([{"Effect": "Allow", "Action": ["sts:TagSession"], "Principal": {"Service": ["ecs.amazonaws.com"]}}]), false),
            (json!([{"Effect": "Allow", "Action": ["sts:*"], "Principal": {"Service": ["ecs.amazonaws.com"]}}]), true),
            (json!(null), false),
        ] {
            assert_eq!(trusts(&json!({"Statement": statements}), ECS), trusted, "{statements}");
        }
        assert_eq!(
            subjects("octo/shop", &["prod:eu".to_owned()], &["main".to_owned()], true),
            ["repo:octo/shop:environment:prod%3Aeu", "repo:octo/shop:ref:refs/heads/main", "repo:octo/shop:pull_request"]
        );
        assert_eq!(services(&json!({"Statement": [ecs()]})), ["ecs.amazonaws.com"]);
    }
}
