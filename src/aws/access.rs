//! Who calls, and what roles may: STS and IAM, asked and never changed.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    fault::Fault,
    signed::Signer,
    xml::{Element, tree},
};
use crate::time::Timestamp;

const STS: (&str, &str) = ("sts", "2011-06-15");
const IAM: (&str, &str) = ("iam", "2010-05-08");

/// Asks as the job's role.
#[derive(Clone, Debug)]
pub struct Access(Signer);

/// Whose credentials these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// As STS prints it: of a role it is a session.
    pub arn: String,
}

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleSeen {
    /// Its ARN, path included.
    pub arn: String,
    /// Who may have it.
    pub trust: Value,
}

/// What is asked about: actions on resources, with condition keys that the request would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `ecs:UpdateService`.
    pub actions: Vec<String>,
    /// ARNs, or `*`.
    pub resources: Vec<String>,
    /// Names and values.
    pub context: Vec<(String, String)>,
}

/// What IAM says of one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Condition keys that policies ask for and the question did not have.
    pub missing: Vec<String>,
}

/// Whether policies allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do.
    Allowed,
    /// None does.
    Unsaid,
    /// One forbids it.
    Denied,
}

impl Caller {
    /// The name of the role that this is a session of, without its path; none for users and the account itself.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.arn.split_once(":assumed-role/")?.1.split('/').next()
    }
}

impl Access {
    pub(super) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// Who calls. Nobody can be refused this.
    ///
    /// # Errors
    /// AWS's refusal: the credentials are none, or have ended.
    pub async fn caller(&self, now: Timestamp) -> Result<Caller, Fault> {
        const OPERATION: &str = "GetCallerIdentity";
        let text = self.0.query(STS, OPERATION, &[], now).await?;
        let root = tree(&text);
        let result = root.find("GetCallerIdentityResult");
        let result = result.ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no caller"))?;
        Ok(Caller { account: result.of("Account").to_owned(), arn: result.of("Arn").to_owned() })
    }

    /// A role by its name without a path; none where there is none.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn role(&self, name: &str, now: Timestamp) -> Result<Option<RoleSeen>, Fault> {
        const OPERATION: &str = "GetRole";
        let text = match self.0.query(IAM, OPERATION, &[("RoleName".to_owned(), name)], now).await {
            Err(fault) if fault.code.as_deref() == Some("NoSuchEntity") => return Ok(None),
            answer => answer?,
        };
        let root = tree(&text);
        let role = root.find("Role").ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no role"))?;
        let trust = percent_decode_str(role.of("AssumeRolePolicyDocument")).decode_utf8_lossy();
        Ok(Some(RoleSeen { arn: role.of("Arn").to_owned(), trust: serde_json::from_str(&trust).unwrap_or_default() }))
    }

    /// What the policies of a role or user say of all this. Session policies are not looked at, and neither are policies of resources.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn simulate(&self, principal: &str, question: &Question, now: Timestamp) -> Result<Vec<Ruling>, Fault> {
        const OPERATION: &str = "SimulatePrincipalPolicy";
        let mut fields = vec![("PolicySourceArn".to_owned(), principal), ("MaxItems".to_owned(), "1000")];
        let numbered =
            |list: &str, all: &[String]| (1..=all.len()).map(|number| format!("{list}.member.{number}")).collect::<Vec<_>>();
        let actions = numbered("ActionNames", &question.actions);
        fields.extend(actions.into_iter().zip(question.actions.iter().map(String::as_str)));
        let resources = numbered("ResourceArns", &question.resources);
        fields.extend(resources.into_iter().zip(question.resources.iter().map(String::as_str)));
        for (number, (key, value)) in (1..).zip(&question.context) {
            let entry = format!("ContextEntries.member.{number}");
            fields.push((format!("{entry}.ContextKeyName"), key));
            fields.push((format!("{entry}.ContextKeyType"), "string"));
            fields.push((format!("{entry}.ContextKeyValues.member.1"), value));
        }
        let mut all = Vec::new();
        let mut next = String::new();
        loop {
            let mut fields = fields.clone();
            if !next.is_empty() {
                fields.push(("Marker".to_owned(), &next));
            }
            let root = tree(&self.0.query(IAM, OPERATION, &fields, now).await?);
            all.extend(rulings(&root));
            // IAM may give fewer than it was asked for, and says so.
            match root.find("Marker").map(|marker| marker.text.clone()) {
                Some(marker) if !marker.is_empty() => next = marker,
                Some(_) | None => return Ok(all),
            }
        }
    }
}

/// The results in IAM's answer, whatever the order of their members.
fn rulings(root: &Element) -> Vec<Ruling> {
    let results = root.find("EvaluationResults").map(|list| list.inside.as_slice()).unwrap_or_default();
    let ruling = |result: &Element| Ruling {
        action: result.of("EvalActionName").to_owned(),
        resource: result.of("EvalResourceName").to_owned(),
        verdict: match result.of("EvalDecision") {
            "allowed" => Verdict::Allowed,
            "explicitDeny" => Verdict::Denied,
            _ => Verdict::Unsaid,
        },
        // Beside the result, or with each resource where several were named.
        missing: result.all("MissingContextValues").iter().flat_map(|list| &list.inside).map(|key| key.text.clone()).collect(),
    };
    results.iter().map(ruling).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Asked, ok, refused, with_aws};

    const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);

    #[test]
    fn who_calls_and_what_they_may_is_asked_in_forms_and_read_out_of_xml() {
        let script = |asked: &Asked, _: usize| {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            Some(match body.split('&').next().unwrap_or_default() {
                "Action=GetCallerIdentity" => ok(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/deployer/run</Arn>\
                     <UserId>A:run</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
                ),
                "Action=GetRole" if body.contains("RoleName=ecs") => ok(
                    "<GetRoleResponse><GetRoleResult><Role><Path>/x/</Path><AssumeRolePolicyDocument>%7B%22a%22%3A1%7D</AssumeRolePolicyDocument>\
                     <Arn>arn:aws:iam::123456789012:role/x/ecs</Arn></Role></GetRoleResult></GetRoleResponse>",
                ),
                "Action=GetRole" => refused(404, "NoSuchEntity", "")
                    .body("<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>"),
                _ => {
                    assert!(body.contains("ContextEntries.member.1.ContextKeyName=iam%3APassedToService"), "{body}");
                    assert!(body.contains("&ActionNames.member.1=iam%3APassRole&ResourceArns.member.1=arn"), "{body}");
                    // IAM prints a result's members in an order of its own.
                    ok("<R><EvaluationResults><member><MatchedStatements><member><SourcePolicyId>p</SourcePolicyId></member>\
                        </MatchedStatements><MissingContextValues/><EvalResourceName>arn:r</EvalResourceName>\
                        <EvalDecision>allowed</EvalDecision><EvalActionName>a:b</EvalActionName></member>\
                        <member><MissingContextValues><member>aws:ResourceTag/team</member></MissingContextValues>\
                        <EvalResourceName>*</EvalResourceName><EvalDecision>implicitDeny</EvalDecision>\
                        <EvalActionName>a:c</EvalActionName></member></EvaluationResults></R>")
                }
            })
        };
        with_aws(script, async |aws, _| {
            let caller = aws.access.caller(NOW).await.expect("a caller");
            assert_eq!((caller.account.as_str(), caller.role()), ("123456789012", Some("deployer")));
            let role = aws.access.role("ecs", NOW).await.expect("asked").expect("there");
            assert_eq!((role.arn.as_str(), role.trust), ("arn:aws:iam::123456789012:role/x/ecs", serde_json::json!({"a": 1})));
            assert_eq!(aws.access.role("gone", NOW).await, Ok(None));
            let question = Question {
                actions: vec!["iam:PassRole".to_owned()],
                resources: vec![role.arn],
                context: vec![("iam:PassedToService".to_owned(), "ecs.amazonaws.com".to_owned())],
            };
            let rulings = aws.access.simulate("arn:aws:iam::123456789012:role/deployer", &question, NOW).await.expect("rulings");
            let ruling = |action: &str, resource: &str, verdict, missing: &[&str]| Ruling {
                action: action.to_owned(),
                resource: resource.to_owned(),
                verdict,
                missing: missing.iter().map(ToString::to_string).collect(),
            };
            let expected =
                [ruling("a:b", "arn:r", Verdict::Allowed, &[]), ruling("a:c", "*", Verdict::Unsaid, &["aws:ResourceTag/team"])];
            assert_eq!(rulings, expected);
        });
    }
}
