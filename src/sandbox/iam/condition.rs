//! Condition operators, as the IAM user guide defines them (reference_policies_elements_condition_operators.html).

use std::{net::IpAddr, time::UNIX_EPOCH};

use serde_json::Value;

use super::{context::Context, glob};

/// One operator with one key: `{"StringLike": {"aws:RequestTag/team": ["a*"]}}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    over: Over,
    test: Test,
    /// Whether it holds for values that do not fit, in place of those that do.
    negated: bool,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// How the values of a request stand to those of the policy where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    One,
    All,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equals,
    EqualsIgnoringCase,
    Like,
    Number(Order),
    Date(Order),
    Bool,
    Ip,
    Arn,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, found: f64, wanted: f64) -> bool {
        match self {
            Self::Equal => (found - wanted).abs() < f64::EPSILON,
            Self::Less => found < wanted,
            Self::LessOrEqual => found <= wanted,
            Self::Greater => found > wanted,
            Self::GreaterOrEqual => found >= wanted,
        }
    }

    fn named(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

/// Operator and whether it is negated.
fn named(name: &str) -> Option<(Test, bool)> {
    if let Some(order) = name.strip_prefix("Numeric") {
        return Order::named(order).map(|(order, negated)| (Test::Number(order), negated));
    }
    if let Some(order) = name.strip_prefix("Date") {
        return Order::named(order).map(|(order, negated)| (Test::Date(order), negated));
    }
    Some(match name {
        "StringEquals" => (Test::Equals, false),
        "StringNotEquals" => (Test::Equals, true),
        "StringEqualsIgnoreCase" => (Test::EqualsIgnoringCase, false),
        "StringNotEqualsIgnoreCase" => (Test::EqualsIgnoringCase, true),
        "StringLike" => (Test::Like, false),
        "StringNotLike" => (Test::Like, true),
        "Bool" => (Test::Bool, false),
        "IpAddress" => (Test::Ip, false),
        "NotIpAddress" => (Test::Ip, true),
        // The two are the same (user guide, "ARN condition operators").
        "ArnEquals" | "ArnLike" => (Test::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Test::Arn, true),
        "Null" => (Test::Null, false),
        _ => return None,
    })
}

impl Condition {
    /// Reads one operator with one of its keys; the text says what is wrong.
    pub(super) fn read(operator: &str, key: &str, values: &Value) -> Result<Self, String> {
        let (over, rest) = match operator.split_once(':') {
            None => (Over::One, operator),
            Some(("ForAllValues", rest)) => (Over::All, rest),
            Some(("ForAnyValue", rest)) => (Over::Any, rest),
            Some((other, _)) => return Err(format!("`{other}:` is not `ForAllValues:` or `ForAnyValue:`")),
        };
        let (name, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |name| (name, true));
        let (test, negated) = named(name).ok_or_else(|| format!("there is no condition operator `{operator}`"))?;
        if test == Test::Null && if_exists {
            return Err("`Null` cannot be `IfExists`".to_owned());
        }
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("the values of `{key}` must be text")),
        };
        let values = match values {
            Value::Array(values) => values.iter().map(text).collect::<Result<Vec<_>, _>>()?,
            one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![text(one)?],
        };
        for value in &values {
            let understood = match test {
                Test::Number(_) => value.parse::<f64>().is_ok(),
                Test::Date(_) => seconds(value).is_some(),
                Test::Bool | Test::Null => matches!(value.as_str(), "true" | "false"),
                Test::Ip => network(value).is_some(),
                Test::Arn => value == "*" || value.splitn(6, ':').count() == 6 || value.contains("${"),
                Test::Equals | Test::EqualsIgnoringCase | Test::Like => true,
            };
            if !understood {
                return Err(format!("`{value}` is no value for `{operator}`"));
            }
        }
        Ok(Self { over, test, negated, if_exists, key: key.to_owned(), values })
    }

    /// Whether the request is as the condition wants it.
    pub(super) fn holds(&self, context: &Context) -> bool {
        let found = context.values(&self.key);
        if self.test == Test::Null {
            return self.values.iter().any(|wanted| (wanted == "true") == found.is_none());
        }
        let Some(found) = found else {
            // A key that is not there fits nothing, so that a negated operator holds (user guide, "Condition operators").
            return match self.over {
                Over::All => true,
                Over::Any => self.if_exists,
                Over::One => self.if_exists || self.negated,
            };
        };
        let wanted: Vec<String> = self.values.iter().filter_map(|value| context.filled(value)).collect();
        let holds_for = |found: &String| wanted.iter().any(|wanted| self.fits(found, wanted)) != self.negated;
        match self.over {
            Over::All => found.iter().all(holds_for),
            Over::Any | Over::One => found.iter().any(holds_for),
        }
    }

    fn fits(&self, found: &str, wanted: &str) -> bool {
        match self.test {
            Test::Equals => found == wanted,
            Test::EqualsIgnoringCase => found.eq_ignore_ascii_case(wanted),
            Test::Like => glob::fits(wanted, found),
            Test::Number(order) => {
                matches!((found.parse(), wanted.parse()), (Ok(found), Ok(wanted)) if order.holds(found, wanted))
            }
            Test::Date(order) => {
                matches!((seconds(found), seconds(wanted)), (Some(found), Some(wanted)) if order.holds(found, wanted))
            }
            Test::Bool => found.eq_ignore_ascii_case(wanted),
            Test::Ip => matches!((found.parse(), network(wanted)), (Ok(found), Some(wanted)) if within(found, wanted)),
            Test::Arn => wanted == "*" || glob::fits_arn(wanted, found),
            Test::Null => false,
        }
    }

    /// The key that it asks.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

/// A date of a policy, RFC 3339 or seconds since 1970, as seconds.
fn seconds(text: &str) -> Option<f64> {
    let parsed = || humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64());
    text.parse().ok().or_else(parsed)
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok()).filter(|bits| *bits <= most)?;
    Some((address, bits))
}

fn within(address: IpAddr, (network, bits): (IpAddr, u32)) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            u32::MAX.checked_shl(32 - bits).is_none_or(|mask| address.to_bits() & mask == network.to_bits() & mask)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            u128::MAX.checked_shl(128 - bits).is_none_or(|mask| address.to_bits() & mask == network.to_bits() & mask)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Condition, Context};

    fn holds(operator: &str, key: &str, wanted: &Value) -> bool {
        let mut context = Context::default();
        context.set("aws:RequestedRegion", "eu-central-1");
        context.set("aws:SourceIp", "127.0.0.1");
        context.set("aws:CurrentTime", "2026-11-22T00:00:00Z");
        context.set("n", "7");
        context.set("ecs:cluster", "arn:aws:ecs:eu-central-1:123456789012:cluster/c");
        context.set_all("aws:TagKeys", vec!["team".to_owned(), "app".to_owned()]);
        Condition::read(operator, key, wanted).unwrap().holds(&context)
    }

    #[test]
    fn every_operator() {
        let table = [
            ("StringEquals", "aws:requestedregion", json!("eu-central-1"), true),
            ("StringEquals", "aws:RequestedRegion", json!(["us-east-1", "eu-central-1"]), true),
            ("StringNotEquals", "aws:RequestedRegion", json!(["us-east-1", "eu-central-1"]), false),
            ("StringEqualsIgnoreCase", "aws:RequestedRegion", json!("EU-central-1"), true),
            ("StringLike", "aws:RequestedRegion", json!("eu-*"), true),
            ("StringNotLike", "aws:RequestedRegion", json!("us-*"), true),
            ("StringEquals", "aws:ResourceTag/app", json!("x"), false),
            ("StringNotEquals", "aws:ResourceTag/app", json!("x"), true),
            ("StringEqualsIfExists", "aws:ResourceTag/app", json!("x"), true),
            ("StringEqualsIfExists", "aws:RequestedRegion", json!("x"), false),
            ("Null", "aws:ResourceTag/app", json!("true"), true),
            ("Null", "aws:RequestedRegion", json!(true), false),
            ("Bool", "aws:SecureTransport", json!("true"), false),
            ("NumericLessThan", "n", json!("8"), true),
            ("NumericGreaterThanEquals", "n", json!(8), false),
            ("NumericNotEquals", "n", json!(8), true),
            ("DateGreaterThan", "aws:CurrentTime", json!("2026-01-01T00:00:00Z"), true),
            ("DateLessThan", "aws:CurrentTime", json!("2026-01-01T00:00:00Z"), false),
            ("IpAddress", "aws:SourceIp", json!("127.0.0.0/8"), true),
            ("IpAddress", "aws:SourceIp", json!("0.0.0.0/0"), true),
            ("NotIpAddress", "aws:SourceIp", json!("10.0.0.0/8"), true),
            ("ArnLike", "ecs:cluster", json!("arn:aws:ecs:*:123456789012:cluster/c"), true),
            ("ArnNotEquals", "ecs:cluster", json!("arn:aws:ecs:*:123456789012:cluster/d"), true),
            ("ForAllValues:StringEquals", "aws:TagKeys", json!(["team", "app", "more"]), true),
            ("ForAllValues:StringEquals", "aws:TagKeys", json!(["team"]), false),
            ("ForAnyValue:StringEquals", "aws:TagKeys", json!(["team"]), true),
            ("ForAllValues:StringNotEquals", "aws:TagKeys", json!(["team"]), false),
            ("ForAllValues:StringEquals", "nothing", json!("x"), true),
            ("ForAnyValue:StringEquals", "nothing", json!("x"), false),
        ];
        for (operator, key, wanted, expected) in table {
            assert_eq!(holds(operator, key, &wanted), expected, "{operator} {key} {wanted}");
        }
    }

    #[test]
    fn what_is_no_condition_is_told() {
        let table = [
            ("StringEqual", json!("a"), "there is no condition operator `StringEqual`"),
            ("ForSomeValues:StringLike", json!("a"), "`ForSomeValues:` is not `ForAllValues:` or `ForAnyValue:`"),
            ("NumericEquals", json!("seven"), "`seven` is no value for `NumericEquals`"),
            ("IpAddress", json!("10.0.0.0/33"), "`10.0.0.0/33` is no value for `IpAddress`"),
            ("Bool", json!({}), "the values of `k` must be text"),
        ];
        for (operator, values, expected) in table {
            assert_eq!(Condition::read(operator, "k", &values).unwrap_err(), expected);
        }
    }
}
