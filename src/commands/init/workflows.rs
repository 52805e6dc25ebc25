//! The workflows: those of the documentation, with the names of what was found.

use super::look::Found;
use crate::settings::InitSettings;

const RELEASE: &str = include_str!("../../../docs/examples/release.yml");
const ROLLBACK: &str = include_str!("../../../docs/examples/rollback.yml");
const SWEEP: &str = include_str!("../../../docs/examples/sweep.yml");
const COMMAND: &str = include_str!("../../../docs/examples/command.yml");

/// Name and text of each. What stands in the examples is replaced, and nothing else.
pub(super) fn workflows(settings: &InitSettings, found: &Found, role: &str) -> [(&'static str, String); 4] {
    let mut release = RELEASE.to_owned();
    if let Some((container, repository)) = &found.image {
        let shown = "web=123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/web:";
        release = release.replace(shown, &format!("{container}={repository}:"));
    }
    release = match settings.trusted.environments.first() {
        Some(environment) => release.replace("environment: production", &format!("environment: {environment}")),
        None => release.replace("      environment: production\n", ""),
    };
    if let Some(branch) = settings.trusted.branches.first() {
        release = release.replace("branches: [main]", &format!("branches: [{branch}]"));
    }
    let rollback = ROLLBACK.replace("options: [myservice]", &format!("options: [{}]", found.lattice.name));
    let named =
        |text: &str| text.replace("arn:aws:iam::123456789012:role/deployer", role).replace("ap-northeast-1", &found.home.1);
    [
        ("release.yml", named(&release)),
        ("rollback.yml", named(&rollback)),
        ("sweep.yml", named(SWEEP)),
        ("command.yml", named(COMMAND)),
    ]
}

#[cfg(test)]
mod tests {
    use super::{COMMAND, RELEASE, ROLLBACK, SWEEP};

    #[test]
    fn the_examples_have_what_is_replaced_in_them() {
        for part in
            ["web=123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/web:", "      environment: production\n", "branches: [main]"]
        {
            assert_eq!(RELEASE.matches(part).count(), 1, "{part}");
        }
        assert_eq!(ROLLBACK.matches("options: [myservice]").count(), 1);
        for text in [RELEASE, ROLLBACK, SWEEP, COMMAND] {
            assert!(
                text.contains("aws-role: arn:aws:iam::123456789012:role/deployer") && text.contains("region: ap-northeast-1")
            );
        }
    }
}
