//! The two kinds of ARN a person gives us: of a Lattice target group and of an IAM role.

use super::finding::{Finding, Given};

/// The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// `vpc-lattice`, `iam`, …
    pub service: &'a str,
    /// Empty for global services.
    pub region: &'a str,
    /// Twelve digits, `aws` for what AWS owns, or empty.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of a text that has the form of an ARN.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        (parts.next()? == "arn").then_some(())?;
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty()).then_some(arn)
    }
}

/// What the ARN of a target group looks like (service model of VPC Lattice, `TargetGroupArn`).
pub const TARGET_GROUP_FORM: &str = "arn:aws:vpc-lattice:REGION:ACCOUNT:targetgroup/tg-0123456789abcdef0";
/// What the ARN of a role looks like.
pub const ROLE_FORM: &str = "arn:aws:iam::ACCOUNT:role/NAME";

/// Whether `text` is the id of a target group: `tg-` and 17 lower-case letters or digits.
#[must_use]
pub fn is_target_group_id(text: &str) -> bool {
    text.strip_prefix("tg-")
        .is_some_and(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Checks the ARN of a target group.
///
/// # Errors
/// What is wrong with it and the right form, told about the place it was given in.
pub fn target_group(given: &Given) -> Result<Arn<'_>, Finding> {
    let text = given.text.as_str();
    let wrong = |why: &str| {
        Finding::error(&given.from, format!("`{text}` is not the ARN of a VPC Lattice target group: {why}"))
            .hint(format!("it looks like {TARGET_GROUP_FORM}; `aws vpc-lattice list-target-groups` prints it"))
    };
    let arn = Arn::parse(text).ok_or_else(|| wrong("an ARN has six parts between colons, and starts with `arn:`"))?;
    match arn {
        Arn { service: "elasticloadbalancing", .. } => Err(wrong("it is one of a load balancer")),
        Arn { service, .. } if service != "vpc-lattice" => Err(wrong(&format!("its service is `{service}`, not `vpc-lattice`"))),
        Arn { region: "", .. } => Err(wrong("it names no region")),
        Arn { account, .. } if !is_account(account) => Err(wrong("the account is not twelve digits")),
        Arn { resource, .. } => match resource.strip_prefix("targetgroup/") {
            None => Err(wrong(&format!("it names `{resource}`, not `targetgroup/…`"))),
            Some(id) if !is_target_group_id(id) => Err(wrong("the id is not `tg-` and 17 lower-case letters or digits")),
            Some(_) => Ok(arn),
        },
    }
}

/// The ARN of the infrastructure role: checked when it is one, completed with the target group's account and partition when it is a
/// name. A name may have a path in front.
///
/// # Errors
/// What is wrong with it and the right form, told about the place it was given in.
pub fn role(given: &Given, target_group: Arn<'_>) -> Result<String, Finding> {
    let text = given.text.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let is_name = |text: &str| {
        let name = text.rsplit('/').next().unwrap_or_default();
        (1..=64).contains(&name.len()) && text.split('/').all(|part| !part.is_empty() && part.chars().all(allowed))
    };
    let wrong = |why: &str| {
        Finding::error(&given.from, format!("`{text}` is not the name or ARN of an IAM role: {why}"))
            .hint(format!("write a name such as `ecsInfrastructureRole`, or {ROLE_FORM}"))
    };
    if !text.starts_with("arn:") {
        let name = text.strip_prefix("role/").unwrap_or(text);
        return if is_name(name) {
            Ok(format!("arn:{}:iam::{}:role/{name}", target_group.partition, target_group.account))
        } else {
            Err(wrong("a name has 1 to 64 letters, digits or `_+=,.@-`"))
        };
    }
    match Arn::parse(text) {
        Some(Arn { service: "iam", region: "", account, resource, .. }) if is_account(account) => {
            match resource.strip_prefix("role/") {
                Some(name) if is_name(name) => Ok(text.to_owned()),
                Some(_) | None => Err(wrong(&format!("it names `{resource}`, not `role/…`"))),
            }
        }
        Some(Arn { service, .. }) if service != "iam" => Err(wrong(&format!("its service is `{service}`, not `iam`"))),
        Some(_) | None => Err(wrong("it has not the form of one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567";

    #[test]
    fn wrong_target_groups_are_told_apart() {
        assert!(target_group(&Given::new(ARN, "--target-group")).is_ok());
        for (text, why) in [
            ("tg-1", "six parts"),
            ("arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1", "load balancer"),
            ("arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-12345678901234567", "not `targetgroup/…`"),
            ("arn:aws:vpc-lattice::123456789012:targetgroup/tg-12345678901234567", "no region"),
            ("arn:aws:vpc-lattice:eu-west-1:12345:targetgroup/tg-12345678901234567", "twelve digits"),
            ("arn:aws:vpc-lattice:eu-west-1:123456789012:targetgroup/tg-1234", "17"),
        ] {
            let finding = target_group(&Given::new(text, "--target-group")).expect_err(text);
            assert!(finding.to_string().starts_with("--target-group: ") && finding.message.contains(why), "{finding}");
            assert!(finding.hint.is_some_and(|hint| hint.contains(TARGET_GROUP_FORM)));
        }
    }

    #[test]
    fn a_role_name_takes_account_and_partition_of_the_target_group() {
        let china =
            Arn::parse("arn:aws-cn:vpc-lattice:cn-north-1:210987654321:targetgroup/tg-12345678901234567").expect("an ARN");
        let role = |text: &str| role(&Given::new(text, "f"), china);
        assert_eq!(role("ecs").as_deref(), Ok("arn:aws-cn:iam::210987654321:role/ecs"));
        assert_eq!(role("service/ecs").as_deref(), Ok("arn:aws-cn:iam::210987654321:role/service/ecs"));
        assert_eq!(role("arn:aws:iam::123456789012:role/ecs").as_deref(), Ok("arn:aws:iam::123456789012:role/ecs"));
        for text in ["", "a b", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x", "arn:aws:s3:::bucket", "a//b"] {
            assert!(role(text).is_err(), "{text}");
        }
    }
}
