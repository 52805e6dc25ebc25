//! The world without HTTP and JSON, for a simulator in the same process: its own verbs, and its time.
//!
//! Nothing of the product uses it, which is the point: a simulator reads here what is the case, and not what a program says.
//! What it does is done at once and without faults; [`Direct::strike`] says which fault of the scenario would have met a call.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    autoscaling, cloudwatch,
    dataplane::Key,
    ecs,
    fault::{self, Kind},
    lattice, people,
    protocol::{self, Call},
    scenario::{self, Demand, Load, Person, Scenario},
    world::{LogLine, World},
};
pub use super::{
    autoscaling::ScalableSeen,
    ecs::{DeploymentSeen, ServiceSeen, TaskSeen},
    inventory::{Inventory, Noted, Part},
    lattice::{Action, Health, RuleSeen},
    scenario::{Behaviour, Effect},
};
use crate::clock::Timestamp;

/// What a target group got in one minute, by the traffic itself: whether and when it is published is another matter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MinuteSeen {
    /// Requests.
    pub requests: u64,
    /// Those of them that were answered with 5xx, or by nobody.
    pub failures: u64,
    /// 99 % of the answers took no longer, in milliseconds; none without answers.
    pub p99: Option<f64>,
}

/// A world in the same process. A clone goes its own way from here.
#[derive(Clone)]
pub struct Direct {
    world: World,
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").field("now", &self.world.now).finish_non_exhaustive()
    }
}

impl Direct {
    /// The scenario's world at its start.
    #[must_use]
    pub fn new(scenario: Scenario) -> Self {
        let mut world = World::new(scenario);
        // What was there at the start is there now; copies need not carry it along.
        world.scenario.ecs_services.clear();
        world.scenario.lattice = scenario::LatticeSeed::default();
        Self { world }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.now
    }

    /// Lets the next thing happen that is due until `to`, and whatever happens at the same moment; false when nothing is.
    pub fn step(&mut self, to: Timestamp) -> bool {
        self.world.step(to)
    }

    /// Lets everything happen that is due until `to`.
    pub fn advance(&mut self, to: Timestamp) {
        self.world.pass(to);
    }

    /// Two equal values mean that nothing has changed in between but time, and tags that were written.
    #[must_use]
    pub const fn stirs(&self) -> u64 {
        self.world.stirs()
    }

    /// What happened since the log had `from` lines: when, what kind of thing, and its words.
    pub fn log(&self, from: usize) -> impl Iterator<Item = (Timestamp, &str, &str)> {
        let lines = self.world.log.get(from..).unwrap_or_default();
        lines.iter().map(|LogLine { at, what, summary }| (*at, what.as_str(), summary.as_str()))
    }

    /// Writes something into the log.
    pub fn note(&mut self, what: &str, summary: impl Into<String>) {
        self.world.note(what, summary);
    }

    /// The ARNs of all traffic targets, a listener's for its default action.
    #[must_use]
    pub fn traffic_targets(&self) -> Vec<String> {
        lattice::traffic_targets(&self.world)
    }

    /// The ARN of the service that a traffic target is of.
    #[must_use]
    pub fn lattice_service(&self, traffic_target: &str) -> Option<&str> {
        lattice::behind(&self.world, traffic_target)
    }

    /// The action that was last written to a traffic target; none when it is gone.
    #[must_use]
    pub fn action(&self, traffic_target: &str) -> Option<&Action> {
        lattice::written(&self.world, traffic_target)
    }

    /// What the data plane does at a traffic target: it follows what is written after a while.
    #[must_use]
    pub fn routed(&self, traffic_target: &str) -> Option<&Action> {
        lattice::routed(&self.world, traffic_target)
    }

    /// Writes an action.
    ///
    /// # Errors
    /// What is not there, in words.
    pub fn write_action(&mut self, traffic_target: &str, action: Action) -> Result<(), String> {
        self.world.stir();
        lattice::write_action(&mut self.world, traffic_target, action)
    }

    /// Address, port and status of every target of a group, by the group's id or ARN.
    pub fn targets(&self, group: &str) -> impl Iterator<Item = (&str, u64, Health)> {
        lattice::targets(&self.world, group)
    }

    /// The word that `ListTargets` has for a status, and its reason code.
    #[must_use]
    pub fn in_words(health: Health) -> (&'static str, Option<&'static str>) {
        (health.word(), health.reason())
    }

    /// The tags of a service, listener, rule or target group; none when it is gone.
    #[must_use]
    pub fn tags(&self, arn: &str) -> Option<&BTreeMap<String, String>> {
        lattice::tags(&self.world, arn)
    }

    /// Adds tags, replacing those of the same keys. False when there is no such resource.
    pub fn write_tags(&mut self, arn: &str, tags: impl IntoIterator<Item = (String, String)>) -> bool {
        lattice::write_tags(&mut self.world, arn, tags)
    }

    /// An ACTIVE ECS service by its name.
    #[must_use]
    pub fn ecs_service(&self, name: &str) -> Option<ServiceSeen<'_>> {
        ecs::service(&self.world, &self.world.scenario.cluster, name)
    }

    /// What an ECS service said to people and when, the newest first.
    pub fn events(&self, ecs_service: &str) -> impl Iterator<Item = (Timestamp, &str)> {
        ecs::said(&self.world, &self.world.scenario.cluster, ecs_service)
    }

    /// The tasks of an ECS service, in the order of their creation, stopped ones too as long as ECS remembers them.
    pub fn tasks<'a>(&'a self, ecs_service: &'a str) -> impl Iterator<Item = TaskSeen<'a>> {
        ecs::tasks(&self.world, &self.world.scenario.cluster, ecs_service)
    }

    /// Registers a task definition, a body of `RegisterTaskDefinition`; its ARN.
    ///
    /// # Errors
    /// What ECS says against it.
    pub fn register(&mut self, task_definition: &Value) -> Result<String, String> {
        ecs::register(&mut self.world, task_definition)
    }

    /// Has an ECS service run a task definition at this many tasks.
    ///
    /// # Errors
    /// What ECS says against it.
    pub fn launch(&mut self, ecs_service: &str, task_definition: &str, desired: usize) -> Result<(), String> {
        self.world.stir();
        let cluster = self.world.scenario.cluster.clone();
        ecs::launch(&mut self.world, &cluster, ecs_service, task_definition, desired)
    }

    /// Sets how many tasks an ECS service wants.
    pub fn set_desired(&mut self, ecs_service: &str, desired: usize) {
        self.world.stir();
        let cluster = self.world.scenario.cluster.clone();
        ecs::set_desired(&mut self.world, &cluster, ecs_service, desired);
    }

    /// From now on the tasks of an image behave so.
    pub fn behave(&mut self, image: &str, behaviour: Behaviour) {
        self.world.stir();
        self.world.scenario.images.insert(image.to_owned(), behaviour);
    }

    /// Changes how long things take, from now on.
    pub fn knobs(&mut self) -> &mut super::scenario::Knobs {
        &mut self.world.scenario.knobs
    }

    /// The rules of a listener, by its ARN, without the default one.
    pub fn rules(&self, listener: &str) -> impl Iterator<Item = RuleSeen<'_>> {
        lattice::rules(&self.world, listener)
    }

    /// What Application Auto Scaling has for an ECS service.
    #[must_use]
    pub fn scalable(&self, ecs_service: &str) -> Option<ScalableSeen> {
        autoscaling::scalable(&self.world, &self.world.scenario.cluster, ecs_service)
    }

    /// How many tasks are what the policies of an ECS service find to be right.
    pub fn demand(&mut self, demand: Demand) {
        autoscaling::demand(&mut self.world, demand);
    }

    /// From the start on these requests are made; to be said before time passes.
    pub fn load(&mut self, load: Load) {
        self.world.scenario.load.push(load);
    }

    /// What a target group, by its id, got in each whole minute that begins at `from` or after it and before `until`.
    pub fn traffic(&self, group: &str, from: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, MinuteSeen)> {
        let key = Key::TargetGroup(group.to_owned());
        let minutes: Vec<_> = self.world.traffic.minutes(&key, from, until).collect();
        minutes.into_iter().map(|(at, minute)| {
            let failures = minute.status_5xx + minute.connection_errors + minute.connection_timeouts;
            (at, MinuteSeen { requests: minute.requests, failures, p99: minute.latency.quantile(0.99) })
        })
    }

    /// What CloudWatch has of a metric of a target group, by the group's id, minute by minute: as far as it is published.
    #[must_use]
    pub fn measured(&self, group: &str, name: &str, statistic: &str, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, f64)> {
        cloudwatch::measured(&self.world, group, name, statistic, from, until)
    }

    /// The state of an alarm, as AWS writes it: `OK`, `ALARM` or `INSUFFICIENT_DATA`; none where there is no such alarm.
    #[must_use]
    pub fn alarm(&self, name: &str) -> Option<&'static str> {
        cloudwatch::alarm_state(&self.world, name)
    }

    /// Everything that is written down about what there is, by what it is about: resources, actions, tags, sizes, scaling. Two of
    /// these tell what has changed.
    #[must_use]
    pub fn inventory(&self) -> Inventory<'_> {
        let mut inventory = lattice::inventory(&self.world);
        inventory.extend(ecs::inventory(&self.world));
        inventory.extend(autoscaling::inventory(&self.world));
        inventory
    }

    /// Does an operation as a request of it does: at once, without faults, and without being held against the service model.
    ///
    /// # Errors
    /// The code and the message of a refusal.
    pub fn call(&mut self, service: &str, operation: &str, labels: &[&str], input: Value) -> Result<Value, String> {
        let emulated = protocol::emulated(service).ok_or_else(|| format!("nothing emulates {service}"))?;
        let known = emulated.operations.iter().find(|(name, _)| *name == operation);
        let (operation, perform) = known.ok_or_else(|| format!("{service} has no {operation}"))?;
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self.world.stir();
        let call = Call { service: emulated.name, operation, input, labels, access_key: String::new() };
        perform(&mut self.world, &call).map_err(|refusal| format!("{}: {}", refusal.code, refusal.message))
    }

    /// One more fault, counting from now.
    pub fn add_fault(&mut self, fault: super::scenario::Fault) {
        self.world.faults.add(fault);
    }

    /// One more person; times count from now.
    pub fn add_person(&mut self, person: Person) {
        let now = self.world.now;
        self.world.people.add(person, now);
        people::notice(&mut self.world);
    }

    /// Counts a call against the scenario's faults: what would happen to it in place of an answer.
    pub fn strike(&mut self, service: &'static str, operation: &str, writes: bool) -> Option<Effect> {
        if self.world.faults.is_empty() {
            return None;
        }
        fault::strike(&mut self.world, &Kind { service, operation: operation.into(), writes })
    }
}
