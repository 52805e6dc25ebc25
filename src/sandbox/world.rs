//! The world in motion: a plain value that changes by requests and by `advance(now)`, and by nothing else.

use super::{
    autoscaling, cloudwatch, dataplane, ecs, fault, github, iam, lattice, people, ram, route53,
    scenario::{Mistake, Scenario},
    ssm,
};
use crate::clock::Timestamp;

/// How many lines of the log are kept at least: those of the longest rehearsal many times over, some tens of megabytes.
const LOG_LINES: usize = 100_000;

/// Everything there is. The same scenario and the same requests at the same times give the same world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) lattice: lattice::State,
    pub(crate) ecs: ecs::State,
    pub(crate) cloudwatch: cloudwatch::State,
    pub(crate) scaling: autoscaling::State,
    pub(crate) github: github::State,
    pub(crate) iam: iam::State,
    pub(crate) ssm: ssm::State,
    pub(crate) ram: ram::State,
    pub(crate) route53: route53::State,
    pub(crate) scenario: Scenario,
    pub(crate) faults: fault::Faults,
    pub(crate) people: people::People,
    pub(crate) dataplane: dataplane::State,
    pub(crate) traffic: dataplane::Traffic,
    pub(crate) log: Vec<LogLine>,
    /// What of the scenario AWS would refuse, so that it is not there; empty for a scenario that was checked.
    pub(crate) unseeded: Vec<Mistake>,
    /// Changes whenever anything may have changed that somebody can see. Health checks that find nothing new leave it as it is.
    stirs: u64,
    /// Its value when ECS looked at the world last.
    settled: u64,
    ids: u64,
    requests: u64,
}

/// When something happens next by itself, by where.
struct Next {
    lattice: Option<Timestamp>,
    ecs: Option<Timestamp>,
    scaling: Option<Timestamp>,
    people: Option<Timestamp>,
    faults: Option<Timestamp>,
    traffic: Option<Timestamp>,
    metrics: Option<Timestamp>,
}

impl Next {
    fn first(&self) -> Option<Timestamp> {
        let Self { lattice, ecs, scaling, people, faults, traffic, metrics } = *self;
        [lattice, ecs, scaling, people, faults, traffic, metrics].into_iter().flatten().min()
    }
}

/// One thing that happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct LogLine {
    pub(crate) at: Timestamp,
    /// The operation, or what kind of event: `vpc-lattice:UpdateRule`, `target`, `task`, `person`.
    pub(crate) what: String,
    pub(crate) summary: String,
}

impl World {
    /// The scenario's world at its start, settled: what it lists as running runs and is healthy.
    pub(crate) fn new(scenario: Scenario) -> Self {
        let mut world = Self {
            now: scenario.start,
            lattice: lattice::State::default(),
            ecs: ecs::State::default(),
            cloudwatch: cloudwatch::State::default(),
            scaling: autoscaling::State::default(),
            github: github::State::of(&scenario),
            iam: iam::State::default(),
            ssm: ssm::State::default(),
            ram: ram::State::default(),
            route53: route53::State::default(),
            faults: fault::Faults::new(scenario.faults.clone()),
            people: people::People::new(scenario.people.clone()),
            dataplane: dataplane::State::default(),
            traffic: dataplane::Traffic::default(),
            scenario,
            log: Vec::new(),
            unseeded: Vec::new(),
            stirs: 1,
            settled: 0,
            ids: 0,
            requests: 0,
        };
        lattice::seed(&mut world);
        ecs::seed(&mut world);
        autoscaling::seed(&mut world);
        lattice::settle(&mut world);
        route53::seed(&mut world);
        cloudwatch::seed(&mut world);
        dataplane::account(&mut world);
        world
    }

    /// Lets everything happen that is due until `now`, in the order of time; never goes back.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.pass(now);
        dataplane::account(self);
    }

    /// The same, with traffic counted whenever a minute is over and not before.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        while self.step(now) {}
        self.now = self.now.max(now);
        lattice::done_until_now(self);
        if !self.traffic.is_of_minute(self.now) {
            dataplane::account(self);
        }
    }

    /// Lets the next thing happen that is due until `now`; false when there is none.
    pub(crate) fn step(&mut self, now: Timestamp) -> bool {
        let next = self.next();
        let Some(at) = next.first().filter(|at| *at <= now) else { return false };
        self.now = self.now.max(at);
        if next.metrics == Some(at) {
            // Load went its course until now, whatever changes now.
            dataplane::account(self);
        }
        if lattice::on_time(self) {
            self.stir();
        }
        // ECS and what scales it look at what others do.
        let is_due = |event: Option<Timestamp>| event.is_some_and(|due| due <= at);
        if self.stirs != self.settled || is_due(next.ecs) || is_due(next.scaling) {
            ecs::on_time(self);
            autoscaling::on_time(self);
            self.stir();
            self.settled = self.stirs;
        }
        if is_due(next.people) || is_due(next.faults) {
            people::on_time(self);
            fault::on_time(self);
            self.stir();
        }
        // Last: what happened until now is measured.
        cloudwatch::on_time(self);
        true
    }

    /// When something happens next by itself.
    fn next(&mut self) -> Next {
        people::notice(self);
        dataplane::notice(self);
        Next {
            lattice: lattice::next_event(self),
            ecs: ecs::next_event(self),
            scaling: autoscaling::next_event(self),
            people: people::next_event(self),
            faults: fault::next_event(self),
            traffic: dataplane::next_event(self),
            metrics: cloudwatch::next_event(self),
        }
    }

    /// Writes down what happened.
    pub(crate) fn note(&mut self, what: impl Into<String>, summary: impl Into<String>) {
        self.stir();
        self.log.push(LogLine { at: self.now, what: what.into(), summary: summary.into() });
    }

    /// Something may have changed.
    pub(crate) const fn stir(&mut self) {
        self.stirs += 1;
    }

    /// Two equal values mean that nothing has changed in between but time and the state of health checks.
    pub(crate) const fn stirs(&self) -> u64 {
        self.stirs
    }

    /// From now on the next request is done. What happened long ago is forgotten, so that a sandbox can serve for days.
    pub(crate) fn begin_request(&mut self) {
        self.requests += 1;
        if self.log.len() >= 2 * LOG_LINES {
            self.log.drain(..LOG_LINES);
        }
    }

    /// The next id: `prefix-` and 17 characters of `[0-9a-z]`, as VPC Lattice's are.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let mut id = format!("{prefix}-0");
        for round in 0..2 {
            let mut rest = self.scramble(round);
            for _ in 0..8 {
                id.push(char::from_digit(u32::try_from(rest % 36).unwrap_or(0), 36).unwrap_or('0'));
                rest /= 36;
            }
        }
        self.ids += 1;
        id
    }

    /// The next id of 32 hexadecimal digits, as ECS's task ids are.
    pub(crate) fn uuid32(&mut self) -> String {
        let id = format!("{:016x}{:016x}", self.scramble(0), self.scramble(1));
        self.ids += 1;
        id
    }

    /// The id of the request that is being done, a UUID: its number, from 1.
    pub(crate) fn request_id(&self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.requests)
    }

    /// One of a fixed sequence of well-mixed numbers (SplitMix64's finaliser).
    fn scramble(&self, round: u64) -> u64 {
        let seeded = self.scenario.seed.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mut mixed = (self.ids * 2 + round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seeded);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::{LOG_LINES, World};
    use crate::sandbox::scenario;

    #[test]
    fn what_happened_long_ago_is_forgotten() {
        let mut world = World::new(scenario::load("promoted").unwrap());
        for line in 0..=2 * LOG_LINES {
            world.note("target", line.to_string());
        }
        world.begin_request();
        assert!((LOG_LINES..2 * LOG_LINES).contains(&world.log.len()), "{}", world.log.len());
        assert_eq!(world.log.last().unwrap().summary, (2 * LOG_LINES).to_string());
    }
}
