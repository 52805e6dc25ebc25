//! Requests as VPC Lattice would route them: rules in the order of their priorities, weights, healthy targets, and the answer of
//! the task behind. It sees actions only when the propagation delay has passed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sandbox::{
    ecs, lattice,
    lattice::Routed,
    wire::{Reply, Request},
    world::World,
};

/// What makes weighted choices and round robin come out even, without chance.
#[derive(Default)]
pub(crate) struct State {
    /// For each rule its weights and how much each group is owed.
    owed: BTreeMap<String, Owed>,
    /// How many requests each group has had.
    turns: BTreeMap<String, usize>,
    /// How much of an error each group has run up, in percent.
    errors: BTreeMap<String, f64>,
}

#[derive(Default)]
struct Owed {
    weights: Vec<(String, u32)>,
    owed: Vec<f64>,
}

/// The name of the Lattice service that a request is for, when it is for the data plane.
pub(crate) fn addressed(world: &World, request: &Request) -> Option<String> {
    if let Some(rest) = request.path.strip_prefix("/_dataplane/") {
        return rest.split('/').next().map(str::to_owned);
    }
    let host = request.header("host")?;
    lattice::service_of_domain(world, host.split(':').next().unwrap_or(host))
}

/// The answer of the service of that name.
pub(crate) fn answer(world: &mut World, service: &str, request: &Request) -> Reply {
    let prefix = format!("/_dataplane/{service}");
    let path = request.path.strip_prefix(prefix.as_str()).unwrap_or(&request.path);
    let request = Request { path: if path.is_empty() { "/".to_owned() } else { path.to_owned() }, ..request.clone() };
    if !admitted(world, service, &request) {
        return Reply::json(
            403,
            &json!({"message": "AccessDeniedException: no auth policy allows this request, or one denies it"}),
        );
    }
    let Some(routed) = lattice::route(world, service, |matching| matches(matching, &request)) else {
        return Reply::json(404, &json!({"message": format!("there is no service {service}, or nothing listens for it yet")}));
    };
    let Routed { rule, service_arn, fixed, groups } = routed;
    if let Some(status) = fixed {
        return Reply::json(status, &json!({"fixed_response": status}));
    }
    let Some(group) = choose(&mut world.dataplane, &rule, &groups) else {
        return Reply::json(503, &json!({"message": "no target group has a weight above 0"}));
    };
    let targets = lattice::routable(world, &group);
    let turn = world.dataplane.turns.entry(group.clone()).or_default();
    let target = targets.get(*turn % targets.len().max(1)).cloned();
    *turn += 1;
    let arn = lattice::group_arn(world, &group);
    let shown = format!("ServiceArn={service_arn};TargetGroupArn={arn}");
    let Some((ip, port)) = target else {
        return Reply::json(503, &json!({"target_group": arn, "message": "the target group has no targets"}))
            .with("x-amzn-lattice-target", shown);
    };
    let Some(answer) = ecs::answer(world, &ip, port) else {
        return Reply::json(
            502,
            &json!({"target_group": arn, "target": format!("{ip}:{port}"), "message": "connection refused"}),
        )
        .with("x-amzn-lattice-target", shown);
    };
    let due = world.dataplane.errors.entry(group).or_default();
    *due += answer.error_rate;
    let failed = *due >= 100.0;
    if failed {
        *due -= 100.0;
    }
    let status = if failed { 500 } else { answer.status };
    let latency = u64::try_from(answer.latency.as_millis()).unwrap_or(u64::MAX);
    Reply::json(status, &json!({"target_group": arn, "target": format!("{ip}:{port}"), "latency_ms": latency}))
        .with("x-amzn-lattice-target", shown)
}

/// Whether the auth policies let a request to the service of that name in. Whoever signs it is the one identity that there is
/// (`GetCallerIdentity`); whoever does not is anonymous.
fn admitted(world: &World, service: &str, request: &Request) -> bool {
    let signed = request.header("authorization").is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256"));
    let caller = signed.then(|| format!("arn:aws:sts::{}:assumed-role/deployer/GitHubActions", world.scenario.account));
    let port = request.header("host").and_then(|host| host.rsplit_once(':')?.1.parse().ok()).unwrap_or(80);
    let invocation = lattice::Invocation {
        method: request.method.as_str(),
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        port,
        caller: caller.as_deref(),
    };
    lattice::service_of_name(world, service).is_none_or(|id| lattice::authorized(world, &id, &invocation))
}

/// The group that is owed the most: over time each gets exactly its share, whatever the order of requests.
fn choose(state: &mut State, rule: &str, groups: &[(String, u32)]) -> Option<String> {
    let total: u32 = groups.iter().map(|(_, weight)| weight).sum();
    if total == 0 {
        return None;
    }
    let Owed { weights: known, owed } = state.owed.entry(rule.to_owned()).or_default();
    if known != groups {
        groups.clone_into(known);
        *owed = vec![0.0; groups.len()];
    }
    let mut best: Option<usize> = None;
    for (index, (_, weight)) in groups.iter().enumerate() {
        owed[index] += f64::from(*weight) / f64::from(total);
        if *weight > 0 && best.is_none_or(|best| owed[index] > owed[best] + 1e-9) {
            best = Some(index);
        }
    }
    let best = best?;
    owed[best] -= 1.0;
    Some(groups[best].0.clone())
}

/// Whether a rule's match means this request; null, the default rule's, means every one.
fn matches(matching: &Value, request: &Request) -> bool {
    let http = &matching["httpMatch"];
    let method = http["method"].as_str().is_none_or(|method| method == request.method.as_str());
    let path = &http["pathMatch"];
    let path = path.is_null() || text_matches(path, &request.path);
    let headers = http["headerMatches"].as_array().into_iter().flatten();
    let mut headers = headers.map(|wanted| {
        let value = wanted["name"].as_str().and_then(|name| request.header(name));
        value.is_some_and(|value| text_matches(wanted, value))
    });
    method && path && headers.all(|matched| matched)
}

/// `match` and `caseSensitive` of a path or a header.
fn text_matches(wanted: &Value, given: &str) -> bool {
    let sensitive = wanted["caseSensitive"].as_bool().unwrap_or(true);
    let fold = |text: &str| if sensitive { text.to_owned() } else { text.to_ascii_lowercase() };
    let given = fold(given);
    let kind = &wanted["match"];
    let is = |member: &str, holds: &dyn Fn(&str) -> bool| kind[member].as_str().is_none_or(|text| holds(&fold(text)));
    is("exact", &|text| given == text)
        && is("prefix", &|text| given.starts_with(text))
        && is("contains", &|text| given.contains(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{State, choose, matches};
    use crate::sandbox::wire::Request;

    #[test]
    fn every_group_gets_its_share_exactly() {
        let mut state = State::default();
        let groups = [("a".to_owned(), 75), ("b".to_owned(), 25), ("c".to_owned(), 0)];
        let chosen: Vec<_> = (0..100).filter_map(|_| choose(&mut state, "rule", &groups)).collect();
        let count = |name: &str| chosen.iter().filter(|group| *group == name).count();
        assert_eq!((count("a"), count("b"), count("c")), (75, 25, 0));
        assert_eq!(choose(&mut state, "rule", &[("a".to_owned(), 0)]), None);
    }

    #[test]
    fn a_match_needs_all_its_parts() {
        let matching = json!({"httpMatch": {
            "method": "GET", "pathMatch": {"match": {"prefix": "/api"}},
            "headerMatches": [{"name": "x-test", "match": {"contains": "ES"}, "caseSensitive": false}],
        }});
        let mut request = Request {
            method: http::Method::GET,
            path: "/api/users".to_owned(),
            query: String::new(),
            headers: [("x-test".parse().unwrap(), "yes".parse().unwrap())].into_iter().collect(),
            body: bytes::Bytes::new(),
        };
        assert!(matches(&matching, &request));
        request.path = "/other".to_owned();
        assert!(!matches(&matching, &request));
        assert!(matches(&serde_json::Value::Null, &request));
    }
}
