//! The cases that seeds mean: which worlds there are, and how often what befalls them.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::Analysis,
        plan::{HealthLimits, Hold, OnCancel, OnDrift, OnTimeout, Plan, Step},
        scaling::Suspended,
        split::Share,
    },
    sandbox::{
        direct::Behaviour,
        scenario::{ActionSeed, Edit, Effect, Exit, Fault, Knobs, Person},
    },
};

use super::{
    case::{Blow, CANDIDATE_IMAGE, Case, Falls, Other, Runs, STABLE_IMAGE, Shape, Verb},
    definitions::Definition,
    dice::Dice,
};

/// The longest that anything is waited for: misfortunes are spread over the first of so many seconds.
const HORIZON: u64 = 420;

const WRITES: [&str; 3] = ["vpc-lattice:UpdateRule", "vpc-lattice:UpdateListener", "vpc-lattice:BatchUpdateRule"];
const TAGS: [&str; 1] = ["vpc-lattice:TagResource"];
const READS: [&str; 4] =
    ["vpc-lattice:GetRule", "vpc-lattice:GetListener", "vpc-lattice:ListTargets", "vpc-lattice:ListTagsForResource"];
const ECS: [&str; 3] = ["ecs:DescribeServices", "ecs:ListTasks", "ecs:UpdateService"];

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

impl Case {
    /// The case of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut case = Self::calm(seed, &mut dice);
        case.furnish(&mut dice);
        case.latency = Duration::from_millis(dice.one(&[0, 0, 80, 300, 900, 1800]));
        case.ahead = dice.one(&[0, 0, -600, -7, 7, 600]);
        for _ in 0..dice.one(&[0, 1, 1, 2, 2, 3]) {
            case.befall((5, HORIZON), &mut dice);
        }
        case.interrupt(&mut dice);
        case.watch_an_alarm(&mut dice);
        case.be_as_patient(&mut dice);
        case.think_again(&mut dice);
        case
    }

    /// Whether a sandbox and jobs one after the other can be told all of it, so that it can be played over the wire. What they cannot be told:
    /// how long calls take, programs of a runner's own, jobs beside each other, and what only the simulator does. Whether a blow can fall
    /// there is asked of the wire's own runner.
    /// A write that hangs takes two real seconds, so that those which hang for minutes are left to the simulator.
    pub(crate) fn is_a_scenario(&self) -> bool {
        let lasts = |fault: &Fault| fault.before.unwrap_or(u64::MAX) - fault.after.unwrap_or_default();
        self.latency.is_zero()
            && self.others.is_empty()
            && self.faults.iter().all(|fault| fault.effect != Effect::Hang || lasts(fault) <= 60)
            && self.beside.is_empty()
            && self.together.is_none()
            && self.afterwards.iter().all(|(_, verb)| *verb != Verb::Deploy)
            && self.errands.iter().all(|errand| errand.runs == Runs::Task)
            && self.scaled.is_none_or(|suspended| suspended == Suspended::default())
            && self.definition.is_none_or(Definition::is_allowed)
    }

    /// Other limits on health than the usual ones.
    fn be_as_patient(&mut self, dice: &mut Dice) {
        if dice.percent(25) {
            let health = &mut self.plan.health;
            health.min_healthy = Share::percent(dice.one(&[50, 80, 100]));
            health.unhealthy_for = dice.one(&[1, 3]);
        }
    }

    /// A world in which nothing goes wrong.
    fn calm(seed: u64, dice: &mut Dice) -> Self {
        let steps = dice.one(&[&[100_u32][..], &[50, 100], &[5, 100], &[25, 100], &[5, 50, 100], &[1, 10, 50, 100]]);
        let settle = dice.one(&[30, 45, 90]);
        let step = |percent: &u32| Step {
            share: Share::percent(*percent),
            bake: Duration::from_secs(45),
            lag: Duration::ZERO,
            hold: None,
        };
        let plan = Plan {
            steps: steps.iter().map(step).collect(),
            settle: Duration::from_secs(settle),
            timeout: Duration::from_secs(dice.one(&[900, 1200, 2700])),
            interval: Duration::from_secs(dice.one(&[15, 20, 30])),
            health: HealthLimits { min_healthy: Share::percent(80), unhealthy_for: 2, unchecked: false },
            on_cancel: dice.one(&[OnCancel::Rollback, OnCancel::Rollback, OnCancel::Hold]),
            on_drift: dice.one(&[OnDrift::Stop, OnDrift::Stop, OnDrift::Restore]),
            retire_after: dice.one(&[Some(Duration::from_secs(60)), Some(Duration::from_secs(30)), None]),
        };
        let shapes = [
            Shape::RuleAndDefault,
            Shape::RuleAndDefault,
            Shape::RuleAndDefault,
            Shape::Default,
            Shape::BatchAndDefault,
            Shape::BatchAndDefault,
            Shape::Bootstrap,
        ];
        let mut plan = plan;
        if dice.percent(12)
            && let [_, .., last] = plan.steps.as_mut_slice()
        {
            let on_timeout = dice.one(&[OnTimeout::Rollback, OnTimeout::Continue]);
            last.hold = Some(Hold { timeout: Duration::from_secs(dice.between(100, 3600)), on_timeout });
        }
        Self {
            seed,
            shape: dice.one(&shapes),
            tasks: u32::try_from(dice.between(1, 4)).expect("small"),
            checks: dice.one(&[10, 30, 30]),
            plan,
            knobs: Knobs { propagation: dice.between(1, settle), drain: 30, ..Knobs::default() },
            ahead: 0,
            latency: Duration::ZERO,
            stable: Behaviour::default(),
            candidate: Behaviour { starts_after: dice.one(&[5, 10, 10, 40]), ..Behaviour::default() },
            faults: Vec::new(),
            analysis: Analysis::default(),
            load: 0.0,
            errands: Vec::new(),
            scaled: None,
            demand: Vec::new(),
            tests: false,
            definition: None,
            people: Vec::new(),
            others: Vec::new(),
            blows: Vec::new(),
            beside: Vec::new(),
            afterwards: Vec::new(),
            together: None,
        }
    }

    /// One thing goes wrong, between these two moments.
    pub(super) fn befall(&mut self, (from, until): (u64, u64), dice: &mut Dice) {
        let at = dice.between(from, until);
        if dice.percent(50) && self.befall_furniture(at, dice) {
            return;
        }
        let well = Behaviour::default;
        match dice.between(0, 13) {
            // The first ones from the very beginning.
            0..=5 => self.befall_in_a_file((if from == 5 { 0 } else { from }, until), dice),
            6 => {
                let tasks = u32::try_from(dice.between(1, 6)).expect("small");
                if self.scaled.is_some() { self.demand.push((at, tasks)) } else { self.others.push((at, Other::Resize(tasks))) }
            }
            7 => self.others.push((at, Other::Redeploy)),
            8 => self.others.push((at, Other::Usurp)),
            9 => self.stall(at, dice),
            10 => self.faults.push(unsized_in_time(at, dice)),
            11 => self.others.push((at, Other::SetClock(dice.one(&[-3600, -61, -5, 5, 61, 3600])))),
            _ => {
                // Up and down and up again.
                let image = dice.one(&[CANDIDATE_IMAGE, CANDIDATE_IMAGE, STABLE_IMAGE]);
                let mut when = at;
                for healthy in [false, true, false, true] {
                    self.others.push((when, Other::Behave(image, Box::new(Behaviour { healthy, ..well() }))));
                    when += dice.between(10, 70);
                }
            }
        }
    }

    fn befall_in_a_file(&mut self, (from, until): (u64, u64), dice: &mut Dice) {
        let at = dice.between(from, until);
        if dice.percent(30) && self.befall_furniture(at, dice) {
            return;
        }
        match dice.between(0, 10) {
            0 => self.candidate = sick(&self.candidate, dice),
            1 => self.candidate = Behaviour { unhealthy_above: Some(dice.one(&[4.0, 20.0, 60.0])), ..self.candidate.clone() },
            2 => self.stable.healthy_for = Some(dice.between(40, until.max(40))),
            3..=6 => self.faults.push(fault(at, dice)),
            7 => {
                let split = dice.one(&[[77, 23], [50, 50], [0, 100], [100, 0], [95, 5]]);
                let forward = ["initial", "added"].into_iter().map(str::to_owned).zip(split).collect();
                self.people.push(self.person(at, Edit::SetAction(ActionSeed { forward, fixed_response: None }), dice));
            }
            8 => self.people.push(self.person(at, Edit::RemoveTags, dice)),
            9 => self.move_everything(at, dice),
            _ => {
                let forward = ["initial".to_owned()].into_iter().map(|group| (group, 100)).collect();
                let back = Edit::SetAction(ActionSeed { forward, fixed_response: None });
                let edit = if self.shape != Shape::Default && dice.percent(30) { Edit::DeleteRule } else { back };
                self.people.push(self.person(at, edit, dice));
            }
        }
    }

    /// People move all of the traffic to one side by hand, a traffic target at a time.
    fn move_everything(&mut self, at: u64, dice: &mut Dice) {
        let split = dice.one(&[[100, 0], [100, 0], [0, 100]]);
        let rules: &[&str] = match self.shape {
            Shape::Default => &[""],
            Shape::RuleAndDefault | Shape::Bootstrap => &["api", ""],
            Shape::BatchAndDefault => &["", "v2", "api"],
        };
        let forward = ["initial", "added"].into_iter().map(str::to_owned).zip(split).collect();
        let edit = Edit::SetAction(ActionSeed { forward, fixed_response: None });
        let pause = dice.one(&[0, 0, 1, 10, 40]);
        for (place, rule) in (0..).zip(rules) {
            let person = self.person(at + place * pause, edit.clone(), dice);
            self.people.push(Person { rule: (*rule).to_owned(), ..person });
        }
    }

    /// The runner stands still, for hours now and then: by then somebody else has seen to its rollout, or nobody has.
    fn stall(&mut self, at: u64, dice: &mut Dice) {
        let seconds = dice.one(&[5, 30, 100, 300, 7200]);
        self.others.push((at, Other::Stall(seconds)));
        if seconds > 300 && dice.percent(60) {
            let verb = dice.one(&[Verb::Sweep, Verb::Sweep, Verb::Abort, Verb::Rollback, Verb::Deploy]);
            self.beside.push((at + dice.between(0, 900), verb));
        }
    }

    fn person(&self, at: u64, edit: Edit, dice: &mut Dice) -> Person {
        let on_rule = edit == Edit::DeleteRule || (self.shape != Shape::Default && dice.percent(50));
        Person {
            at,
            listener: "http-80".to_owned(),
            rule: if on_rule { "api".to_owned() } else { String::new() },
            r#do: edit,
            ..Person::default()
        }
    }

    /// How many effects the release has about, to the end of its retiring: a reading and a wait at each tick, and what is written.
    fn effects(&self) -> u64 {
        let Plan { settle, interval, .. } = &self.plan;
        let of_a_step = |step: &Step| (*settle + step.bake + step.lag * 2).as_secs();
        let seconds: u64 = 60 + self.plan.steps.iter().map(of_a_step).sum::<u64>();
        40 + 6 * self.plan.steps.len() as u64 + 2 * seconds / interval.as_secs()
    }

    /// Another release: at the same moment, while the first one runs, or after it.
    fn contest(&mut self, dice: &mut Dice) {
        if dice.percent(20) {
            self.afterwards.push((dice.between(0, 60), Verb::Deploy));
            return;
        }
        self.beside.push((dice.one(&[0, 0, 0, 1, 2, 4, 200]), Verb::Deploy));
        if dice.percent(30) {
            // Calls that are slow enough for the two to be at it at once, and one of both dies.
            let job = usize::try_from(dice.between(0, 1)).expect("small");
            let falls = dice.one(&[Falls::KillBefore, Falls::KillAfter, Falls::KillLate(1), Falls::KillLate(2), Falls::Signal]);
            self.blows.push(Blow { job, at: usize::try_from(dice.between(0, 12)).expect("small"), falls });
            self.afterwards.push((dice.between(0, 300), dice.one(&[Verb::Deploy, Verb::Abort, Verb::Sweep])));
        }
    }

    /// The action's own last step follows within seconds.
    fn take_the_last_step(&mut self, dice: &mut Dice) {
        if dice.percent(20) {
            self.afterwards.push((dice.between(0, 10), Verb::LastStep));
        }
    }

    fn interrupt(&mut self, dice: &mut Dice) {
        let verbs = [Verb::Abort, Verb::Abort, Verb::Rollback, Verb::ForcedAbort, Verb::Resume, Verb::Sweep, Verb::Recover];
        let promotes = [Verb::Promote, Verb::Promote, Verb::Sweep, Verb::Abort];
        if self.plan.steps.iter().any(|step| step.hold.is_some()) {
            self.afterwards.push((dice.between(0, 300), dice.one(&promotes)));
        }
        // Any of the effects that the job has: retiring has many as well, and promoting few.
        let most = self.effects();
        let place = |dice: &mut Dice| usize::try_from(dice.between(0, most)).expect("small");
        match dice.between(0, 9) {
            0 | 1 => {
                self.blows.push(Blow { job: 0, at: place(dice), falls: Falls::Signal });
                self.take_the_last_step(dice);
                if dice.percent(50) {
                    self.afterwards.push((dice.between(0, 200), dice.one(&verbs)));
                }
            }
            2..=4 => {
                let kills = [Falls::KillBefore, Falls::KillAfter, Falls::KillLate(1), Falls::KillLate(2)];
                self.blows.push(Blow { job: 0, at: place(dice), falls: dice.one(&kills) });
                self.take_the_last_step(dice);
                self.afterwards.push((dice.between(0, 400), dice.one(&verbs)));
                // Whoever goes on dies too, now and then, and then somebody else does.
                if dice.percent(25) {
                    let falls = dice.one(&[Falls::KillBefore, Falls::KillAfter, Falls::KillLate(2), Falls::Signal]);
                    let at = place(dice) / dice.one(&[1, 3]);
                    self.blows.push(Blow { job: 1, at, falls });
                    self.afterwards.push((dice.between(0, 400), dice.one(&verbs)));
                }
            }
            5 => self.beside.push((dice.between(5, HORIZON), dice.one(&verbs))),
            6 => self.afterwards.push((dice.between(0, 60), Verb::Rollback)),
            7 => self.contest(dice),
            _ => {}
        }
    }
}

fn sick(well: &Behaviour, dice: &mut Dice) -> Behaviour {
    let well = well.clone();
    let after = dice.between(5, 250);
    match dice.between(0, 4) {
        0 => Behaviour { healthy: false, ..well },
        1 => Behaviour { healthy_for: Some(after), ..well },
        2 => Behaviour { fails_after: Some(after), ..well },
        3 => Behaviour { exits: Some(Exit { after: dice.between(3, 120), code: 1, reason: None }), ..well },
        _ => Behaviour { placement_fails: Some("CannotPullContainerError: no such image".to_owned()), ..well },
    }
}

/// Sizes that are set and not answered, at once or later.
fn unsized_in_time(after: u64, dice: &mut Dice) -> Fault {
    let effect = dice.one(&[Effect::DropAfterWrite, Effect::LateWrite(1), Effect::LateWrite(2)]);
    let before = Some(after + dice.one(&[5, 20, 60, 200]));
    Fault { operations: names(&["ecs:UpdateService"]), after: Some(after), before, effect, ..Fault::default() }
}

fn fault(after: u64, dice: &mut Dice) -> Fault {
    let (operations, effects): (&[&str], &[Effect]) = match dice.between(0, 3) {
        0 | 1 => (
            &WRITES,
            &[
                Effect::Throttle,
                Effect::Conflict,
                Effect::Error500,
                Effect::Denied,
                Effect::DropAfterWrite,
                Effect::LateWrite(1),
                Effect::LateWrite(2),
                Effect::Hang,
            ],
        ),
        2 => (&TAGS, &[Effect::Throttle, Effect::Error500, Effect::Denied, Effect::DropAfterWrite]),
        _ if dice.percent(50) => (&READS, &[Effect::Throttle, Effect::Error500, Effect::Denied]),
        _ => (&ECS, &[Effect::Throttle, Effect::Error500, Effect::Denied]),
    };
    // One of them fails while the others go through, or all of them fail.
    let operations = if dice.percent(50) { names(operations) } else { names(&[dice.one(operations)]) };
    let lasts = dice.one(&[1, 5, 20, 60, 200, 2000]);
    Fault { operations, after: Some(after), before: Some(after + lasts), effect: dice.one(effects), ..Fault::default() }
}
