//! Policy documents: reading one, and asking what it says of a request.

use serde_json::{Map, Value};

use super::{
    condition::Condition,
    context::{self, Context},
    glob,
};

/// A policy document that was understood. Reads from and writes as its JSON.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Policy {
    document: Value,
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Statement {
    allows: bool,
    actions: Choice,
    /// None in a trust policy, which is about one role only.
    resources: Option<Choice>,
    /// None in an identity policy.
    principals: Option<Vec<(String, String)>>,
    conditions: Vec<Condition>,
}

/// What fits one of the patterns, or what fits none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    not: bool,
    patterns: Vec<String>,
}

/// What policies say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// Nothing allows it.
    Unsaid,
    /// Something denies it, whatever else allows it.
    Denied,
}

/// Who asks for a role in a trust policy: `("Federated", ARN)`.
pub(super) type Principal<'a> = (&'a str, &'a str);

impl Policy {
    /// What this policy says of an action on a resource by whoever it is attached to.
    pub(super) fn of_identity(&self, action: &str, resource: &str, context: &Context) -> Verdict {
        self.says(|statement| {
            statement.actions.has(|pattern| glob::fits_action(pattern, action))
                && statement.resources.as_ref().is_some_and(|resources| {
                    let fits = |pattern: &str| context.filled(pattern).is_some_and(|pattern| glob::fits(&pattern, resource));
                    resources.has(fits)
                })
                && statement.conditions.iter().all(|condition| condition.holds(context))
        })
    }

    /// What this trust policy says of somebody who wants the role that it is of.
    pub(super) fn of_trust(&self, action: &str, (kind, name): Principal<'_>, context: &Context) -> Verdict {
        self.says(|statement| {
            let trusted = |principals: &Vec<(String, String)>| {
                principals
                    .iter()
                    .any(|(of, who)| who == "*" && (of == "*" || of == "AWS" || of == kind) || of == kind && who == name)
            };
            statement.actions.has(|pattern| glob::fits_action(pattern, action))
                && statement.principals.as_ref().is_some_and(trusted)
                && statement.conditions.iter().all(|condition| condition.holds(context))
        })
    }

    fn says(&self, applies: impl Fn(&Statement) -> bool) -> Verdict {
        let mut verdict = Verdict::Unsaid;
        for statement in self.statements.iter().filter(|statement| applies(statement)) {
            if !statement.allows {
                return Verdict::Denied;
            }
            verdict = Verdict::Allowed;
        }
        verdict
    }

    /// The condition keys that it asks for.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| statement.conditions.iter().map(Condition::key))
    }

    /// Whether it says who may have a role, rather than what somebody may do.
    pub(crate) fn is_trust(&self) -> bool {
        self.statements.iter().any(|statement| statement.principals.is_some())
    }
}

impl Choice {
    fn has(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern)) != self.not
    }
}

impl From<Policy> for Value {
    fn from(policy: Policy) -> Self {
        policy.document
    }
}

impl TryFrom<Value> for Policy {
    type Error = String;

    fn try_from(document: Value) -> Result<Self, String> {
        let Value::Object(members) = &document else { return Err("a policy is an object".to_owned()) };
        known(members, &["Version", "Id", "Statement"], "a policy")?;
        let version = members.get("Version");
        if let Some(odd) = version.filter(|version| !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))) {
            return Err(format!("there is no policy version {odd}; write \"2012-10-17\""));
        }
        let statements = match members.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err("a policy needs `Statement`, a list of objects".to_owned()),
        };
        let read = |(index, value)| statement(value).map_err(|problem| format!("statement {}: {problem}", index + 1));
        let statements = statements.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut keys = statements.iter().flat_map(|statement| statement.conditions.iter().map(Condition::key));
        if let Some(key) = keys.find(|key| !context::is_known(key)) {
            return Err(format!("the sandbox does not know the condition key `{key}`"));
        }
        Ok(Self { document, statements })
    }
}

fn known(members: &Map<String, Value>, names: &[&str], of: &str) -> Result<(), String> {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!("{of} has no `{name}`; there are {}", names.join(", "))),
        None => Ok(()),
    }
}

fn statement(value: &Value) -> Result<Statement, String> {
    let Value::Object(members) = value else { return Err("must be an object".to_owned()) };
    let names = ["Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    known(members, &names, "a statement")?;
    let allows = match members.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err("`Effect` must be \"Allow\" or \"Deny\"".to_owned()),
    };
    let actions = choice(members, "Action")?.ok_or("needs `Action` or `NotAction`")?;
    if let Some(odd) = actions.patterns.iter().find(|action| *action != "*" && action.split(':').count() != 2) {
        return Err(format!("`{odd}` is no action; write one like \"ecs:UpdateService\""));
    }
    let resources = choice(members, "Resource")?;
    let arns = resources.iter().flat_map(|resources| &resources.patterns);
    if let Some(odd) = arns.into_iter().find(|arn| *arn != "*" && !arn.starts_with("${") && arn.splitn(6, ':').count() < 6) {
        return Err(format!("`{odd}` is no ARN; write one like \"arn:aws:ecs:*:123456789012:service/*\", or \"*\""));
    }
    let principals = members.get("Principal").map(principals).transpose()?;
    match (&resources, &principals) {
        (Some(_), Some(_)) => {
            return Err("has `Resource` and `Principal`: neither an identity policy nor a trust policy".to_owned());
        }
        (None, None) => return Err("needs `Resource` or `NotResource`".to_owned()),
        _ => {}
    }
    let mut conditions = Vec::new();
    match members.get("Condition") {
        None => {}
        Some(Value::Object(operators)) => {
            for (operator, keys) in operators {
                let Value::Object(keys) = keys else { return Err(format!("`{operator}` must be an object")) };
                for (key, values) in keys {
                    conditions.push(Condition::read(operator, key, values)?);
                }
            }
        }
        Some(_) => return Err("`Condition` must be an object".to_owned()),
    }
    Ok(Statement { allows, actions, resources, principals, conditions })
}

fn choice(members: &Map<String, Value>, name: &str) -> Result<Option<Choice>, String> {
    let negative = format!("Not{name}");
    let (not, value) = match (members.get(name), members.get(&negative)) {
        (Some(_), Some(_)) => return Err(format!("has both `{name}` and `{negative}`")),
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
        (None, None) => return Ok(None),
    };
    let patterns = texts(value).ok_or_else(|| format!("`{name}` must be text or a list of texts"))?;
    if patterns.is_empty() { Err(format!("`{name}` is empty")) } else { Ok(Some(Choice { not, patterns })) }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn principals(value: &Value) -> Result<Vec<(String, String)>, String> {
    let wrong = || "`Principal` must be \"*\" or an object like {\"Federated\": ARN}".to_owned();
    match value {
        Value::String(all) if all == "*" => Ok(vec![("*".to_owned(), "*".to_owned())]),
        Value::Object(kinds) => {
            let mut found = Vec::new();
            for (kind, names) in kinds {
                found.extend(texts(names).ok_or_else(wrong)?.into_iter().map(|name| (kind.clone(), name)));
            }
            Ok(found)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Context, Policy, Verdict};

    fn policy(statements: Value) -> Policy {
        Policy::try_from(json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
    }

    const RULE: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-1/listener/listener-1/rule/rule-1";

    #[test]
    fn an_explicit_deny_wins_and_nothing_said_is_no() {
        let allow =
            json!({"Effect": "Allow", "Action": "vpc-lattice:*Rule", "Resource": "arn:aws:vpc-lattice:*:*:service/svc-1/*"});
        let deny = json!({"Effect": "Deny", "NotAction": "vpc-lattice:Get*", "Resource": "*"});
        let context = Context::default();
        let both = policy(json!([allow, deny]));
        let table = [
            (policy(allow.clone()), "vpc-lattice:UpdateRule", RULE, Verdict::Allowed),
            (policy(allow.clone()), "VPC-lattice:updaterule", RULE, Verdict::Allowed),
            (policy(allow.clone()), "vpc-lattice:UpdateListener", RULE, Verdict::Unsaid),
            (
                policy(allow),
                "vpc-lattice:UpdateRule",
                "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-2/x",
                Verdict::Unsaid,
            ),
            (both.clone(), "vpc-lattice:UpdateRule", RULE, Verdict::Denied),
            (both, "vpc-lattice:GetRule", RULE, Verdict::Allowed),
            (policy(json!({"Effect": "Allow", "Action": "*", "NotResource": RULE})), "ecs:ListServices", "*", Verdict::Allowed),
            (
                policy(json!({"Effect": "Allow", "Action": "*", "NotResource": RULE})),
                "vpc-lattice:GetRule",
                RULE,
                Verdict::Unsaid,
            ),
        ];
        for (policy, action, resource, expected) in table {
            assert_eq!(policy.of_identity(action, resource, &context), expected, "{action} {resource} {policy:?}");
        }
    }

    #[test]
    fn variables_stand_for_what_the_request_says() {
        let mut context = Context::default();
        context.set("aws:PrincipalAccount", "123456789012");
        let own = policy(json!({"Effect": "Allow", "Action": "ecs:*", "Resource": "arn:aws:ecs:*:${aws:PrincipalAccount}:*"}));
        let own = |account: &str| own.of_identity("ecs:StopTask", &format!("arn:aws:ecs:x:{account}:task/c/1"), &context);
        assert_eq!((own("123456789012"), own("210987654321")), (Verdict::Allowed, Verdict::Unsaid));
    }

    #[test]
    fn what_is_no_policy_is_told() {
        let table = [
            (json!([]), "a policy is an object"),
            (json!({"Statements": []}), "a policy has no `Statements`; there are Version, Id, Statement"),
            (json!({"Version": "2012", "Statement": []}), "there is no policy version \"2012\"; write \"2012-10-17\""),
            (json!({"Statement": {"Effect": "allow"}}), "statement 1: `Effect` must be \"Allow\" or \"Deny\""),
            (json!({"Statement": {"Effect": "Allow"}}), "statement 1: needs `Action` or `NotAction`"),
            (json!({"Statement": {"Effect": "Allow", "Action": "ecs:*"}}), "statement 1: needs `Resource` or `NotResource`"),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "UpdateRule", "Resource": "*"}}),
                "statement 1: `UpdateRule` is no action; write one like \"ecs:UpdateService\"",
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "my-cluster"}}),
                "statement 1: `my-cluster` is no ARN; write one like \"arn:aws:ecs:*:123456789012:service/*\", or \"*\"",
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Equals": {"a": "b"}}}}),
                "statement 1: there is no condition operator `Equals`",
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:X": "true"}}}}),
                "the sandbox does not know the condition key `aws:X`",
            ),
        ];
        for (document, expected) in table {
            assert_eq!(Policy::try_from(document).unwrap_err(), expected);
        }
    }
}
