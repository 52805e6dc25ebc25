//! Why AWS cannot be called at all, with the lines that the workflow lacks.

/// Why AWS cannot be called at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// Nothing says which region.
    #[error("no AWS region: neither `region`, `AWS_REGION` nor a profile names one")]
    NoRegion,
    /// Nothing gives credentials.
    #[error("no AWS credentials: {reason}")]
    NoCredentials {
        /// What the providers said.
        reason: String,
    },
    /// The job cannot prove who it is.
    #[error("{role} cannot be assumed: the job may not have GitHub's OIDC token")]
    NoIdToken {
        /// The role.
        role: String,
    },
    /// GitHub gives no token.
    #[error("{role} cannot be assumed: GitHub gives no OIDC token: {reason}")]
    IdTokenRefused {
        /// The role.
        role: String,
        /// What the answer was.
        reason: String,
    },
    /// STS refuses.
    #[error("{role} cannot be assumed: {reason}")]
    NotAssumed {
        /// The role.
        role: String,
        /// What STS said.
        reason: String,
        /// What that needs.
        what: String,
    },
}

impl AwsError {
    /// What to do about it: the lines that a workflow lacks, or what a shell does.
    #[must_use]
    pub fn hint(&self, in_a_job: bool) -> String {
        if !in_a_job && let Some(hint) = self.hint_at_a_desk() {
            return hint.to_owned();
        }
        let step = "      - uses: aws-actions/configure-aws-credentials@v5\n        with:\n          role-to-assume: arn:aws:iam::123456789012:role/deployer\n          aws-region: eu-central-1";
        match self {
            Self::NoRegion => format!("set `region` in espalier.yml, or add to the job's steps, before espalier:\n\n{step}"),
            Self::NoIdToken { .. } | Self::IdTokenRefused { .. } => {
                "add to the job:\n\n    permissions:\n      id-token: write\n      contents: read\n\na pull request from a fork never gets one; outside of GitHub Actions give `--aws-role none`".to_owned()
            }
            Self::NotAssumed { what, .. } => what.clone(),
            Self::NoCredentials { .. } => format!(
                "set `aws: {{ role: ROLE_ARN }}` in espalier.yml, or let the job assume a role through GitHub's OIDC token. Add to the job:\n\n    permissions:\n      id-token: write\n      contents: read\n\nand to its steps, before espalier:\n\n{step}"
            ),
        }
    }

    /// SSO and `credential_process` are for the AWS CLI to resolve: see `connect`.
    const fn hint_at_a_desk(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoRegion => {
                "say which: `--region eu-central-1`, the variable AWS_REGION, `region:` in espalier.yml, or a profile that has one (AWS_PROFILE)"
            }
            Self::NoCredentials { .. } => {
                "name a profile that has keys (AWS_PROFILE), or log in and hand on what the AWS CLI got: \
                 aws sso login && eval \"$(aws configure export-credentials --format env)\"; \
                 without an account: espalier sandbox run -- …"
            }
            Self::NoIdToken { .. } => {
                "only a job of GitHub Actions can prove itself like that: `--aws-role none` goes by credentials of your own here"
            }
            Self::IdTokenRefused { .. } | Self::NotAssumed { .. } => return None,
        })
    }
}
