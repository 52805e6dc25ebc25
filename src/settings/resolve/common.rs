//! What several commands are told in the same way.

use crate::{
    cli::Common,
    definition::{Finding, Given},
    settings::{
        Secret, Surroundings,
        config::Config,
        sources::{Asked, Sources},
        surroundings::{Runner, check_clock},
        types::{AwsSettings, GitHubSettings},
    },
    time::Timestamp,
};

/// Where AWS is: the region that is said, else the one that the job has anyway; and as whom.
pub(super) fn aws(sources: &mut Sources<'_>, common: &Common, config: &Config, surroundings: &Surroundings) -> AwsSettings {
    let said = sources.text(Asked::new("region", common.region.as_ref(), config.region.as_ref()));
    let ambient =
        || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| sources.environment.get(name)).map(str::to_owned);
    let region = said.or_else(ambient);
    let role = sources.given(Asked::new("aws-role", common.aws_role.as_ref(), config.role.as_ref()));
    // Somebody at a desk has credentials of their own, whatever the config says.
    let role = role.filter(|given| given.text != "none").and_then(|given| {
        if is_role(&given.text) {
            return Some(given.text);
        }
        let finding = Finding::error(given.from, format!("`{}` is not the ARN of a role", given.text));
        sources.findings.push(finding.hint("write it like `arn:aws:iam::123456789012:role/deployer`"));
        None
    });
    // What says when they end says it of the credentials beside it.
    let expires =
        sources.environment.get("AWS_CREDENTIAL_EXPIRATION").filter(|_| sources.environment.get("AWS_ACCESS_KEY_ID").is_some());
    sources.aws = AwsSettings {
        region,
        endpoint_url: surroundings.aws_endpoint_url.clone(),
        role,
        session: session(&surroundings.runner),
        id_token: surroundings.id_token.clone(),
        expires: expires.and_then(point_in_time),
        in_a_job: surroundings.runner.is_actions,
    };
    sources.aws.clone()
}

/// Everything else that the environment says, checked.
pub(super) fn surroundings(sources: &mut Sources<'_>, github_token: Option<&Secret>) -> Surroundings {
    let surroundings = Surroundings::read(sources.environment, github_token);
    check_clock(sources.environment, &surroundings, &mut sources.findings);
    surroundings
}

/// The config alone decides these: `ESPALIER_CHECK` is `patch --check`.
pub(super) fn github(sources: &mut Sources<'_>, config: &Config) -> GitHubSettings {
    let mut switch = |given: &Option<_>| sources.boolean("github", None, given.as_ref(), true);
    let (comment, check, summary) = (switch(&config.comment), switch(&config.check), switch(&config.summary));
    let mut wanted = |given: &Option<Given>, fits: fn(&str) -> bool, what: &str, hint: &str| {
        let given = given.as_ref()?;
        if fits(&given.text) {
            return Some(given.text.clone());
        }
        sources.findings.push(Finding::error(given.from.clone(), format!("`{}` is not {what}", given.text)).hint(hint));
        None
    };
    let is_url = |text: &str| text.parse().is_ok_and(|uri: http::Uri| matches!(uri.scheme_str(), Some("http" | "https")));
    let is_workflow = |text: &str| {
        let is_yaml = text.ends_with(".yml") || text.ends_with(".yaml");
        is_yaml && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    // GitHub's own limit ("Create a deployment environment").
    let is_name = |text: &str| text.chars().count() <= 255 && !text.chars().any(char::is_control);
    GitHubSettings {
        comment,
        check,
        summary,
        deployment: wanted(&config.deployment, is_name, "an environment's name", "write at most 255 characters"),
        environment_url: wanted(&config.environment_url, is_url, "a URL", "write it like `https://example.com`"),
        rollback_workflow: wanted(
            &config.rollback_workflow,
            is_workflow,
            "the name of a workflow's file",
            "write the name of a file in .github/workflows, such as `rollback.yml`",
        ),
    }
}

/// `arn:aws:iam::123456789012:role/deployer`, with a path or without, in any partition.
fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], ["arn", _, "iam", "", account, role]
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
}

/// As the AWS CLI writes it (`aws configure export-credentials --format env`): RFC 3339 in UTC.
fn point_in_time(text: &str) -> Option<Timestamp> {
    let time = humantime::parse_rfc3339_weak(text.trim_end_matches("+00:00").trim_end_matches('Z')).ok()?;
    Some(Timestamp::from_secs(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
}

/// `espalier-RUN-ATTEMPT`: which run it was, for whoever reads CloudTrail.
fn session(runner: &Runner) -> String {
    let parts = [Some("espalier"), runner.run_id.as_deref(), runner.run_attempt.as_deref()];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join("-");
    joined.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '-').take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_arn() {
        for right in ["arn:aws:iam::123456789012:role/deployer", "arn:aws-cn:iam::123456789012:role/team/deployer"] {
            assert!(is_role(right), "{right}");
        }
        for wrong in [
            "deployer",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::1234:role/x",
            "arn:aws:sts::123456789012:role/x",
            "arn:aws:iam::123456789012:user/x",
        ] {
            assert!(!is_role(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_end_of_credentials_is_read_as_the_cli_writes_it() {
        for text in ["2026-11-22T01:00:00Z", "2026-11-22T01:00:00+00:00"] {
            assert_eq!(point_in_time(text), Some(Timestamp::from_secs(1_795_309_200)), "{text}");
        }
        assert_eq!(point_in_time("soon"), None);
    }

    #[test]
    fn a_session_says_which_run_it_was() {
        let runner = Runner { run_id: Some("42".to_owned()), run_attempt: Some("1".to_owned()), ..Runner::default() };
        assert_eq!(session(&runner), "espalier-42-1");
        assert_eq!(session(&Runner::default()), "espalier");
    }
}
