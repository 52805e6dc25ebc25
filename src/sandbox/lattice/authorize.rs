//! Whether auth policies let a request in (user guide, "Control access to VPC Lattice services using auth policies").
//!
//! Deliberately absent: the caller's own identity policies, which are IAM's, and whatever a policy says with operators or keys that
//! are not known here: such a statement allows nothing, and denies what it would deny without its condition.

use serde_json::Value;

use super::state::{Card, Policies};
use crate::sandbox::world::World;

/// A request to a service, as auth policies see it.
pub(crate) struct Invocation<'a> {
    pub(crate) method: &'a str,
    /// The path, without the query.
    pub(crate) path: &'a str,
    /// The query, as it stands in the request.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a http::HeaderMap,
    /// The port of the listener.
    pub(crate) port: u16,
    /// The ARN of the user or role (or of its session) that signed the request; None is anonymous.
    pub(crate) caller: Option<&'a str>,
}

/// Whether the service of that id or ARN takes the request: the service's auth policy and that of a service network of its must
/// both allow it, each only where its auth type is AWS_IAM; without a policy that denies everything.
pub(crate) fn authorized(world: &World, service: &str, request: &Invocation<'_>) -> bool {
    let Ok(found) = world.lattice.service(service) else { return false };
    let card = &found.card;
    let mut networks = world.lattice.associations.iter().filter(|association| association.service == card.id).peekable();
    if networks.peek().is_none() {
        return lets_in(world, service, card, "", request);
    }
    // Which network a request came through nobody can tell on loopback: one that would let it in.
    let mut networks = networks.filter_map(|association| world.lattice.network(&association.network).ok());
    networks.any(|network| {
        let arn = &network.card.arn;
        lets_in(world, service, card, arn, request) && lets_in(world, &network.card.id, card, arn, request)
    })
}

/// Whether the policy of one service or network allows a request to the service of that card.
fn lets_in(world: &World, guard: &str, service: &Card, network: &str, request: &Invocation<'_>) -> bool {
    let Ok((_, auth_type, Policies { auth, .. })) = world.lattice.guarded(guard) else { return false };
    if auth_type != "AWS_IAM" {
        return true;
    }
    let Some(policy) = auth.as_ref().and_then(|auth| serde_json::from_str::<Value>(&auth.text).ok()) else { return false };
    let asked = Asked { service, network, account: &world.scenario.account, request };
    let said: Vec<_> = listed(&policy["Statement"]).iter().filter_map(|statement| asked.effect(statement)).collect();
    said.contains(&Effect::Allow) && !said.contains(&Effect::Deny)
}

/// A value, or the list of them that stands in its place.
fn listed(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| if value.is_null() { &[] } else { std::slice::from_ref(value) }, Vec::as_slice)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

struct Asked<'a> {
    service: &'a Card,
    /// The ARN of the service network; empty for none.
    network: &'a str,
    account: &'a str,
    request: &'a Invocation<'a>,
}

impl Asked<'_> {
    /// What a statement says of the request; None when it is about others.
    fn effect(&self, statement: &Value) -> Option<Effect> {
        let effect = if statement["Effect"] == "Allow" { Effect::Allow } else { Effect::Deny };
        let resource = format!("{}{}", self.service.arn, self.request.path);
        let among = |member: &str, not: &str, means: &dyn Fn(&Value) -> bool| {
            let (given, others) = (&statement[member], &statement[not]);
            if others.is_null() { listed(given).iter().any(means) } else { !listed(others).iter().any(means) }
        };
        let is_action = |pattern: &Value| like(&text(pattern).to_ascii_lowercase(), "vpc-lattice-svcs:invoke");
        // A resource is written with or without the path.
        let is_resource = |pattern: &Value| like(text(pattern), &resource) || like(text(pattern), &self.service.arn);
        let about = among("Principal", "NotPrincipal", &|principal| self.is(principal))
            && among("Action", "NotAction", &is_action)
            && among("Resource", "NotResource", &is_resource);
        let holds = self.holds(&statement["Condition"]).unwrap_or(effect == Effect::Deny);
        (about && holds).then_some(effect)
    }

    /// Whether the caller is among a statement's principals.
    fn is(&self, principal: &Value) -> bool {
        let named = if principal.is_string() { principal } else { &principal["AWS"] };
        listed(named).iter().filter_map(Value::as_str).any(|name| name == "*" || self.is_called(name))
    }

    /// Whether a principal's name (an account, its root, a user, a role, a session) means the caller.
    fn is_called(&self, name: &str) -> bool {
        let Some(caller) = self.request.caller else { return false };
        let account = caller.split(':').nth(4).unwrap_or_default();
        let root = format!(":iam::{account}:root");
        caller == name || name == account || name.ends_with(&root) || role_of(caller).is_some_and(|role| name.ends_with(&role))
    }

    /// Whether all conditions hold; None when one of them cannot be told.
    fn holds(&self, conditions: &Value) -> Option<bool> {
        for (operator, keys) in conditions.as_object().into_iter().flatten() {
            for (key, wanted) in keys.as_object()? {
                if !compare(operator, &self.known(key)?, listed(wanted))? {
                    return Some(false);
                }
            }
        }
        Some(true)
    }

    /// The values of a condition key, none when the request has none; None when the key is not known here.
    fn known(&self, key: &str) -> Option<Vec<String>> {
        let request = self.request;
        let key = key.to_ascii_lowercase();
        if let Some(name) = key.strip_prefix("vpc-lattice-svcs:requestheader/") {
            let all = request.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
            return Some(all.map(str::to_owned).collect());
        }
        if let Some(name) = key.strip_prefix("vpc-lattice-svcs:requestquerystring/") {
            let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let pairs = request.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let wanted = pairs.filter(|(at, _)| decode(at).eq_ignore_ascii_case(name));
            return Some(wanted.map(|(_, value)| decode(value)).collect());
        }
        let one = |text: &str| Some(vec![text.to_owned()]);
        match key.as_str() {
            "vpc-lattice-svcs:port" => Some(vec![request.port.to_string()]),
            "vpc-lattice-svcs:requestmethod" => one(request.method),
            "vpc-lattice-svcs:requestpath" => one(request.path),
            "vpc-lattice-svcs:servicearn" => one(&self.service.arn),
            "vpc-lattice-svcs:servicenetworkarn" if self.network.is_empty() => Some(Vec::new()),
            "vpc-lattice-svcs:servicenetworkarn" => one(self.network),
            "vpc-lattice-svcs:sourcevpcowneraccount" => one(self.account),
            "aws:principaltype" if request.caller.is_none() => one("Anonymous"),
            "aws:principaltype" => {
                one(if request.caller.is_some_and(|arn| arn.contains(":user/")) { "User" } else { "AssumedRole" })
            }
            "aws:principalarn" => Some(request.caller.map(role_arn).into_iter().collect()),
            "aws:principalaccount" => {
                Some(request.caller.and_then(|arn| arn.split(':').nth(4)).map(str::to_owned).into_iter().collect())
            }
            _ => None,
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `:iam::ACCOUNT:role/NAME` of the ARN of a role's session.
fn role_of(caller: &str) -> Option<String> {
    let (before, session) = caller.split_once(":assumed-role/")?;
    Some(format!(":iam::{}:role/{}", before.rsplit(':').next()?, session.split('/').next()?))
}

/// The role of a session, as `aws:PrincipalArn` has it; any other ARN as it is.
fn role_arn(caller: &str) -> String {
    let partition = caller.split(':').nth(1).unwrap_or("aws");
    role_of(caller).map_or_else(|| caller.to_owned(), |role| format!("arn:{partition}{role}"))
}

/// Whether a condition holds; None for an operator that is not known here. Without a value only a negation or `…IfExists` holds.
fn compare(operator: &str, given: &[String], wanted: &[Value]) -> Option<bool> {
    if operator == "Null" {
        return Some(wanted.iter().any(|wanted| text(wanted) == if given.is_empty() { "true" } else { "false" }));
    }
    let (operator, optional) = operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let (operator, every) = match operator.split_once(':') {
        Some(("ForAnyValue", operator)) => (operator, false),
        Some(("ForAllValues", operator)) => (operator, true),
        Some(_) => return None,
        None => (operator, false),
    };
    let positive = operator.replacen("Not", "", 1);
    let same: fn(&str, &str) -> bool = match positive.as_str() {
        "StringEquals" | "NumericEquals" => |wanted, given| wanted == given,
        "StringEqualsIgnoreCase" => |wanted, given| wanted.eq_ignore_ascii_case(given),
        "StringLike" | "ArnLike" | "ArnEquals" => like,
        _ => return None,
    };
    let negated = positive != operator;
    if given.is_empty() {
        return Some(negated || optional || every);
    }
    let is = |given: &String| {
        let among = wanted.iter().any(|wanted| match wanted.as_str() {
            Some(text) => same(text, given),
            None => same(&wanted.to_string(), given),
        });
        among != negated
    };
    // A negation without ForAnyValue means that none of the values is among them.
    Some(if every || negated { given.iter().all(is) } else { given.iter().any(is) })
}

/// Whether a text is like a pattern with `*` and `?`.
fn like(pattern: &str, given: &str) -> bool {
    let (pattern, given): (Vec<char>, Vec<char>) = (pattern.chars().collect(), given.chars().collect());
    let (mut p, mut g) = (0, 0);
    // Where the last star stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while g < given.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, g));
                p += 1;
            }
            Some(c) if *c == '?' || Some(c) == given.get(g) => {
                p += 1;
                g += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    g = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == '*'))
}
