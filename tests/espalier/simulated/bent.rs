//! The rules can be broken: machines with a defect, and worlds in which something happens beside them. Each has to be caught by the
//! rule that it breaks.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::{Analysis, Measured, Number, Question, Readings},
        hooks::{HookEnd, HookReading, Point},
        machine::{Desired, Effect, Event, Role, Steer},
        observation::{Refusal, RefusalKind},
        scaling::Suspended,
        split::Split,
    },
    sandbox::{
        direct::{Behaviour, Direct, Effect as Happens},
        scenario::Exit,
    },
    time::Timestamp,
};
use serde_json::json;

use super::hazards::{dying, fault, quiet};
use crate::simulation::{
    case::{Blow, Case, Errand, Falls, Runs, Verb},
    facts::Facts,
    furnish::{command, errors},
    play::{Bend, play_bent},
};

/// One thing that is not as it should be.
#[derive(Clone, Copy)]
pub(super) enum Bent {
    Asks(fn(Effect, &Facts) -> Effect),
    Hears(fn(Event) -> Event),
    Does(fn(&mut Direct, &Effect)),
    /// Something happens, and it understands otherwise.
    Blind(fn(&mut Direct, &Effect), fn(Event) -> Event),
    /// No later job finds anything to do.
    Idles,
}

impl Bend for Bent {
    fn asks(&self, effect: Effect, facts: &Facts) -> Effect {
        if let Self::Asks(bend) = self { bend(effect, facts) } else { effect }
    }

    fn hears(&self, event: Event) -> Event {
        if let Self::Hears(bend) | Self::Blind(_, bend) = self { bend(event) } else { event }
    }

    fn begins(&self, _verb: Verb) -> bool {
        !matches!(self, Self::Idles)
    }

    fn does(&self, world: &mut Direct, effect: &Effect) {
        if let Self::Does(bend) | Self::Blind(bend, _) = self {
            bend(world, effect);
        }
    }
}

/// What is defective, in which case it shows, how, and the beginning of the rule that it breaks.
pub(super) type Defect = (&'static str, fn() -> Case, Bent, &'static str);

/// Done in place of something that is left out: it changes nothing.
pub(super) fn nothing(effect: Effect, left_out: bool) -> Effect {
    if left_out { Effect::Renew(Timestamp::from_secs(4_000_000_000)) } else { effect }
}

pub(super) const RESTORES: [Desired; 2] = [Desired::BaselineBesideCandidate, Desired::Baseline];

/// One that is judged by its error rate, at a hundred requests a second.
pub(super) fn judged() -> Case {
    let mut case = Case { load: 100.0, ..quiet() };
    let lag = Duration::from_secs(60);
    case.analysis = Analysis { metrics: vec![errors()], alarms: Vec::new(), lag, steps: vec![None; 3] };
    case
}

/// One of ten of its answers is an error.
fn failing() -> Case {
    Case { candidate: Behaviour { error_rate: 10.0, ..Behaviour::default() }, ..judged() }
}

/// Metrics cannot be read for a while.
fn unmeasured() -> Case {
    Case { faults: vec![fault(&["cloudwatch:*"], 60, 400, Happens::Error500)], ..judged() }
}

fn scaled() -> Case {
    Case { scaled: Some(Suspended::default()), ..quiet() }
}

/// Killed while it watches its first step.
fn killed(afterwards: Vec<(u64, Verb)>) -> Case {
    Case { blows: vec![Blow { job: 0, at: 30, falls: Falls::KillAfter }], afterwards, ..quiet() }
}

/// With a hook of this kind.
pub(super) fn hooked(at: Point, takes: u64, exit: i32) -> Case {
    let mut case = quiet();
    case.errands.push(Errand { at, runs: Runs::Task, takes, exit, limit: Duration::from_secs(60) });
    case.candidate.commands.insert(command(at), Exit { after: takes, code: exit, reason: None });
    case
}

/// Tells the machine other metrics than there are.
pub(super) fn measures(event: Event, is: fn(&Measured) -> bool, failures: f64) -> Event {
    let Event::Observed(mut seen) = event else { return event };
    if let Some(measured) = seen.metrics.as_mut().filter(|measured| is(measured)) {
        let mut readings = if let Measured::Read(readings) = measured { readings.clone() } else { Readings::default() };
        let window = *readings.window.get_or_insert(espalier::rollout::analysis::Window {
            from: Timestamp::from_secs(seen.at.as_secs() / 60 * 60 - 120),
            until: Timestamp::from_secs(seen.at.as_secs() / 60 * 60 - 60),
        });
        let number = |value| Number::new(value).expect("finite");
        readings.candidate.requests.minutes = window.minutes().map(|minute| (minute, number(1000.0))).collect();
        readings.candidate.metrics.resize_with(1, Default::default);
        readings.candidate.metrics[0].minutes = window.minutes().map(|minute| (minute, number(failures))).collect();
        *measured = Measured::Read(readings);
    }
    Event::Observed(seen)
}

/// Says something to ECS beside what the machine says.
pub(super) fn change(world: &mut Direct, body: serde_json::Value) {
    world.call("ecs", "UpdateService", &[], body).expect("ECS takes it");
}

const DEFECTS: [Defect; 24] = [
    (
        "it does not restore",
        dying,
        Bent::Asks(|effect, facts: &Facts| {
            let restores = facts.share(1) > 0 && matches!(&effect, Effect::Write(desired) if RESTORES.contains(desired));
            nothing(effect, restores)
        }),
        "1: a candidate with weight and no healthy target",
    ),
    (
        "it looks too seldom",
        || Case { candidate: Behaviour { healthy_for: Some(400), ..Behaviour::default() }, ..quiet() },
        Bent::Asks(|effect, _| {
            if let Effect::WaitUntil(until) = effect { Effect::WaitUntil(until + Duration::from_secs(120)) } else { effect }
        }),
        "1: a candidate with weight and no healthy target",
    ),
    (
        "it gives everything at once",
        quiet,
        Bent::Asks(|effect, _| {
            let step = matches!(effect, Effect::Write(Desired::Split(_)));
            if step { Effect::Write(Desired::Split(Split::CANDIDATE)) } else { effect }
        }),
        "2: steps come from the plan",
    ),
    (
        "it writes what no step says",
        quiet,
        Bent::Asks(|effect, _| {
            let step = matches!(effect, Effect::Write(Desired::Split(_)));
            if step { Effect::Write(Desired::Split(Split { stable: 50, candidate: 51 })) } else { effect }
        }),
        "2: steps come from the plan",
    ),
    (
        "it announces nothing",
        quiet,
        Bent::Asks(|effect, _| {
            let step = matches!(&effect, Effect::Record(record, _) if record.intent.candidate > 0);
            nothing(effect, step)
        }),
        "9: a split is announced",
    ),
    (
        "it stops the side that serves",
        quiet,
        Bent::Asks(|effect, _| if effect == Effect::Scale(Role::Stable, 0) { Effect::Scale(Role::Candidate, 0) } else { effect }),
        "6: stable is never shrunk",
    ),
    (
        "it calls everything rolled back",
        dying,
        Bent::Asks(|effect, _| if effect == Effect::Write(Desired::Baseline) { nothing(effect, true) } else { effect }),
        "5: rolled back is exactly",
    ),
    (
        "it takes the candidate's group out of the actions at once",
        dying,
        Bent::Asks(|effect, facts: &Facts| {
            let restores = facts.share(1) > 0 && effect == Effect::Write(Desired::BaselineBesideCandidate);
            if restores { Effect::Write(Desired::Baseline) } else { effect }
        }),
        "5: a rejected candidate stays listed",
    ),
    (
        "it takes throttling for a refusal for good",
        || Case { faults: vec![fault(&["vpc-lattice:write"], 60, 200, Happens::Throttle)], ..dying() },
        Bent::Hears(|event| {
            let Event::Refused(refusal) = event else { return event };
            Event::Refused(Refusal { kind: RefusalKind::Permanent, ..refusal })
        }),
        "5: rolled back is exactly",
    ),
    ("a later job finds nothing to do", || killed(vec![(200, Verb::Sweep)]), Bent::Idles, "9: whoever comes after the last job"),
    ("the last sweep finds nothing to do", || killed(Vec::new()), Bent::Idles, "9: whoever comes after the last job"),
    ("it takes bad metrics for good ones", failing, Bent::Hears(|event| measures(event, |_| true, 0.0)), "7: a step passes"),
    (
        "it takes no data for good data",
        || Case { load: 0.0, ..judged() },
        Bent::Hears(|event| measures(event, |_| true, 0.0)),
        "7: a step passes",
    ),
    (
        "it does not ask for metrics",
        failing,
        Bent::Asks(|effect, _| if let Effect::Observe(Some(Question { .. })) = effect { Effect::Observe(None) } else { effect }),
        "7: what was measured beyond a limit",
    ),
    (
        "it takes no data for bad data",
        unmeasured,
        Bent::Hears(|event| measures(event, |measured| matches!(measured, Measured::Unread(_)), 500.0)),
        "7: analysis fails by what was measured",
    ),
    (
        "it takes an outage of metrics for a refusal",
        unmeasured,
        Bent::Hears(|event| {
            let is_unread = matches!(&event, Event::Observed(seen) if matches!(seen.metrics, Some(Measured::Unread(_))));
            let refusal = || Refusal { kind: RefusalKind::Permanent, message: "no metrics".to_owned() };
            if is_unread { Event::Refused(refusal()) } else { event }
        }),
        "8: where nothing else goes wrong",
    ),
    (
        "it takes a failed hook for one that passed",
        || hooked(Point::BeforeShift, 5, 1),
        Bent::Hears(|event| {
            let Event::Observed(mut seen) = event else { return event };
            if let Some(HookReading { end: Some(end), .. }) = &mut seen.hook {
                *end = HookEnd { exit: Some(0), why: None };
            }
            Event::Observed(seen)
        }),
        "hooks: nothing goes on past a gate",
    ),
    (
        "it leaves the task of a hook running",
        || hooked(Point::AfterStep, 5000, 0),
        Bent::Asks(|effect, _| {
            let ends = effect == Effect::EndHook;
            nothing(effect, ends)
        }),
        "hooks: nothing goes on past a gate that did not pass, and nothing of them outlives",
    ),
    (
        "it lets stable shrink by itself",
        scaled,
        Bent::Asks(|effect, _| {
            let holds = effect == Effect::Steer(Steer::Hold);
            nothing(effect, holds)
        }),
        "6: stable's scale-in is suspended",
    ),
    (
        "it does not give scaling back",
        scaled,
        Bent::Asks(|effect, _| {
            let gives = matches!(effect, Effect::Steer(Steer::GiveBack(_) | Steer::Wake(_)));
            nothing(effect, gives)
        }),
        "6: what scales a side by itself is given back",
    ),
    (
        "it shrinks stable beside the candidate",
        quiet,
        Bent::Does(|world, effect| {
            if matches!(effect, Effect::Write(Desired::Split(_))) {
                world.set_desired("myservice", 1);
            }
        }),
        "6: the stable slot keeps",
    ),
    (
        "it leaves its test rule",
        || Case { tests: true, ..quiet() },
        Bent::Asks(|effect, _| {
            let closes = effect == Effect::CloseTest;
            nothing(effect, closes)
        }),
        "10: a test rule is taken away",
    ),
    (
        "it takes another rollout's test rule away",
        quiet,
        Bent::Does(|world, effect| {
            if matches!(effect, Effect::Write(Desired::Split(_))) {
                let rule = ["svc-12345678901234567", "listener-12345678901234567", "rule-0000000000000000t"];
                let _gone_the_second_time = world.call("vpc-lattice", "DeleteRule", &rule, json!({}));
            }
        }),
        "10: nothing is changed or deleted",
    ),
    (
        "it puts the candidate behind a load balancer",
        quiet,
        Bent::Does(|world, effect| {
            if matches!(effect, Effect::Launch(_)) {
                let elb = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/front/0123456789abcdef";
                let balancers = json!([{ "targetGroupArn": elb, "containerName": "web", "containerPort": 80 }]);
                change(world, json!({ "cluster": "my-cluster", "service": "myservice-green", "loadBalancers": balancers }));
            }
        }),
        "13, 14: weights are the only way",
    ),
];

/// Each of them is caught.
pub(super) fn caught(defects: &[Defect]) {
    for (what, case, bend, rule) in defects {
        let violation = play_bent(&case(), false, Some(bend)).violation;
        let broken = violation.map(|violation| violation.rule).unwrap_or("none");
        assert!(broken.starts_with(rule), "{what}: broken is rule {broken}");
    }
}

#[test]
fn a_machine_with_a_defect_is_caught_by_the_rule_that_it_breaks() {
    caught(&DEFECTS);
}
