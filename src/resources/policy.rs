//! Auth policies: what Lattice refuses of them, said beforehand.

use serde_json::Value;

/// The most characters of a policy (service model, `AuthPolicyString`; the quota is 10 KB).
const LONGEST: usize = 10_000;
/// The one action that requests to services are (AWS documentation, "Auth policies").
const INVOKE: &str = "vpc-lattice-svcs:Invoke";

/// A policy as it is sent: in one line, because Lattice refuses newlines and blank lines; and what is wrong with it.
#[must_use]
pub fn read(document: &Value) -> (String, Vec<String>) {
    let text = document.to_string();
    let mut wrong = Vec::new();
    if text.len() > LONGEST {
        wrong.push(format!("it has {} characters, {LONGEST} are the most", text.len()));
    }
    let Some(members) = document.as_object() else {
        return (text, vec!["a policy is an object with `Version` and `Statement`".to_owned()]);
    };
    for name in members.keys().filter(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        wrong.push(format!("`{name}` is no member of a policy"));
    }
    if !members.get("Version").is_some_and(|version| version == "2012-10-17" || version == "2008-10-17") {
        wrong.push("`Version` is to be \"2012-10-17\"".to_owned());
    }
    let statements = match members.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        Some(_) | None => {
            wrong.push("`Statement` is to be a statement or a list of them".to_owned());
            Vec::new()
        }
    };
    for (number, statement) in statements.into_iter().enumerate() {
        wrong.extend(statement_problems(statement).into_iter().map(|what| format!("statement {}: {what}", number + 1)));
    }
    (text, wrong)
}

fn statement_problems(statement: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if !statement["Effect"].as_str().is_some_and(|effect| matches!(effect, "Allow" | "Deny")) {
        wrong.push("`Effect` is to be `Allow` or `Deny`".to_owned());
    }
    let has = |names: [&str; 2]| names.into_iter().any(|name| !statement[name].is_null());
    if !has(["Principal", "NotPrincipal"]) {
        wrong.push("it names no `Principal`: `\"*\"` is everybody".to_owned());
    }
    if !has(["Action", "NotAction"]) {
        wrong.push(format!("it names no `Action`: requests are `{INVOKE}`"));
    }
    if !has(["Resource", "NotResource"]) {
        wrong.push("it names no `Resource`: `\"*\"` is every path".to_owned());
    }
    let actions = match &statement["Action"] {
        Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
        Value::String(action) => vec![action.as_str()],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    for action in actions {
        let is_ours = action == "*" || action.to_ascii_lowercase().starts_with("vpc-lattice-svcs:");
        if !is_ours {
            wrong.push(format!("`{action}` is no action of requests: they are `{INVOKE}`"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_is_sent_in_one_line() {
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": "vpc-lattice-svcs:Invoke", "Resource": "*" },
        ] });
        let (text, wrong) = read(&policy);
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(!text.contains('\n') && text.starts_with(r#"{"Version":"2012-10-17","#), "{text}");
    }

    #[test]
    fn everything_that_lattice_would_refuse_is_said() {
        let told = |policy: Value| read(&policy).1.join(" | ");
        assert_eq!(told(json!([])), "a policy is an object with `Version` and `Statement`");
        assert_eq!(
            told(json!({ "version": "x" })),
            "`version` is no member of a policy | `Version` is to be \"2012-10-17\" | `Statement` is to be a statement or a list of them"
        );
        assert_eq!(
            told(
                json!({ "Version": "2012-10-17", "Statement": { "Effect": "allow", "Action": ["vpc-lattice-svcs:Invoke", "s3:GetObject"] } })
            ),
            "statement 1: `Effect` is to be `Allow` or `Deny` | statement 1: it names no `Principal`: `\"*\"` is everybody | \
             statement 1: it names no `Resource`: `\"*\"` is every path | \
             statement 1: `s3:GetObject` is no action of requests: they are `vpc-lattice-svcs:Invoke`"
        );
        let long = json!({ "Version": "2012-10-17", "Id": "x".repeat(LONGEST), "Statement": [] });
        assert!(told(long).contains("10000 are the most"));
    }
}
