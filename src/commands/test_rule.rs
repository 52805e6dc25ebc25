//! The test rule of a release: whether there is room for it, and what is made of it.

use super::preflight::{Judged, owner_tags};
use crate::{
    aws::{
        lattice::{
            ids::ListenerId,
            rules::{Conditions, free_above},
            traffic::TrafficTarget,
        },
        ledger::Found,
        slots::Slots,
        survey::{Roles, Survey},
        test_rules::{Opening, TestRules},
    },
    exit::{Exit, Problem},
    rollout::record::Record,
    settings::TestRule,
    verify::Code,
};

/// How many rules a listener may have where AWS was not asked for more (AWS General Reference, "Amazon VPC Lattice endpoints and
/// quotas"); the default action is none.
const RULES_PER_LISTENER: u32 = 10;

/// Every listener on which there can be none: it takes no rules at all, or has no room for one more, or none above the rules that move.
/// What earlier rollouts left is taken away before.
pub(crate) fn judge(survey: &Survey, roles: &Roles, wanted: Option<&TestRule>, earlier: &[Found]) -> Vec<Judged> {
    let Some(wanted) = wanted.filter(|_| roles.stable.is_some()) else { return Vec::new() };
    let left = left(survey, earlier);
    let mut listeners: Vec<&ListenerId> = roles.targets.iter().map(|(target, _)| target.listener()).collect();
    listeners.dedup();
    let judged = |listener: &ListenerId, message: String, hint: String| Judged {
        exit: Exit::Invalid,
        code: Code::TestRule,
        about: listener.to_string(),
        problem: Problem { message, hint: Some(hint) },
    };
    // A group of TCP is behind a listener that passes TLS through, and only there (user guide, "TLS listeners"): that sees no headers.
    let passes_through =
        survey.slots.iter().filter_map(|slot| slot.group.as_ref()).any(|group| group.protocol.as_deref() == Some("TCP"));
    let problem = |listener: &ListenerId| {
        if passes_through {
            let message =
                format!("listener {} passes TLS through, and takes no rules: there can be no test rule", listener.as_str());
            return Some(judged(listener, message, "leave `test_rule` out: nothing tells requests apart there".to_owned()));
        }
        let there = || {
            survey
                .targets
                .iter()
                .chain(&survey.test_rules)
                .map(|(target, _)| target)
                .filter(|target| target.listener() == listener && !left.iter().any(|left| left == target.arn()))
        };
        let taken: Vec<u32> = there().filter_map(priority).collect();
        let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
        if let Some(most) = over(count, wanted.rules_per_listener) {
            let message = format!(
                "listener {} has {count} rules, and AWS lets it have {most} (the quota \"Rules per listener\", L-CF78395E): there is no room for the test rule",
                listener.as_str()
            );
            let hint = "remove a rule, or have the quota raised and say so: `rules_per_listener` under `lattice.test_rule`";
            return Some(judged(listener, message, hint.to_owned()));
        }
        let moving = || roles.targets.iter().map(|(target, _)| target).filter(|target| target.listener() == listener);
        let those: Vec<u32> = moving().filter_map(priority).collect();
        if free_above(&taken, &those).is_some() {
            return None;
        }
        let first = moving().filter(|target| priority(target).is_some()).min_by_key(|target| priority(target))?;
        let hint = match first {
            TrafficTarget::Rule { service, listener, rule, .. } => format!(
                "give that rule a higher number: aws vpc-lattice update-rule --service-identifier {} --listener-identifier {} --rule-identifier {} --priority 50",
                service.as_str(),
                listener.as_str(),
                rule.as_str()
            ),
            TrafficTarget::Default { .. } => String::new(),
        };
        let message = format!("there is no free priority above {} for the test rule", first.label());
        Some(judged(listener, message, hint))
    };
    listeners.into_iter().filter_map(problem).collect()
}

/// The quota, where one rule more would exceed it. More rules than the default allows tell that it was raised, not to what.
fn over(count: u32, raised: Option<u32>) -> Option<u32> {
    let most = raised.unwrap_or(RULES_PER_LISTENER);
    let is_unknown = raised.is_none() && count > RULES_PER_LISTENER;
    (count >= most && !is_unknown).then_some(most)
}

const fn priority(target: &TrafficTarget) -> Option<u32> {
    match target {
        TrafficTarget::Rule { priority, .. } => *priority,
        TrafficTarget::Default { .. } => None,
    }
}

/// The test rules of a release that begins. What earlier ones left is in the record from the start, to be taken away.
pub(crate) fn begin(
    record: &mut Record,
    slots: &Slots,
    wanted: Option<&TestRule>,
    (survey, earlier): (&Survey, &[Found]),
) -> TestRules {
    let left = left(survey, earlier);
    record.test = (!left.is_empty()).then(|| left.clone());
    let opening = wanted.filter(|_| slots.stable.is_some()).map(|rule| opening(rule, record, slots));
    TestRules::new(&record.id, &targets(slots), opening, left)
}

/// The ARNs of what earlier rollouts could not take away: what their records name, and every other test rule that leads to one of the
/// slots, which a job made that died before it had recorded it, whatever became of its record. None of these rollouts is at work any more.
fn left(survey: &Survey, earlier: &[Found]) -> Vec<String> {
    let recorded = earlier.iter().filter_map(|found| found.record.test.as_ref()).flatten();
    let mut left: Vec<String> = recorded.chain(survey.test_rules_to_slots()).cloned().collect();
    left.sort();
    left.dedup();
    left
}

/// Those of a rollout that another job goes on with: made where the job that is gone did not come to it.
pub(crate) fn resumed(record: &Record, slots: &Slots, wanted: Option<&TestRule>) -> TestRules {
    let opening = wanted.filter(|_| record.test.is_some()).map(|rule| opening(rule, record, slots));
    TestRules::new(&record.id, &targets(slots), opening, record.test.clone().unwrap_or_default())
}

fn opening(rule: &TestRule, record: &Record, slots: &Slots) -> Opening {
    Opening {
        conditions: Conditions { headers: rule.headers.clone(), path: rule.path.clone() },
        group: slots.candidate.group.id.clone(),
        owner: owner_tags(&record.name),
    }
}

/// Those of a recorded rollout, to be taken away.
pub(crate) fn recorded(record: &Record, slots: &Slots) -> TestRules {
    TestRules::new(&record.id, &targets(slots), None, record.test.clone().unwrap_or_default())
}

fn targets(slots: &Slots) -> Vec<TrafficTarget> {
    slots.targets.iter().map(|(target, _)| target.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::over;

    #[test]
    fn a_quota_that_was_raised_without_saying_so_is_not_guessed_at() {
        for (count, raised, over_it) in [
            (9, None, None),
            (10, None, Some(10)),
            (11, None, None),
            (10, Some(25), None),
            (24, Some(25), None),
            (25, Some(25), Some(25)),
            (26, Some(25), Some(25)),
        ] {
            assert_eq!(over(count, raised), over_it, "{count} of {raised:?}");
        }
    }
}
