//! The worlds that cases play in, made once and copied for each.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use espalier::{
    aws::{
        lattice::{
            action::{Action, NamedGroup},
            ids::TargetGroupArn,
            traffic::TrafficTarget,
        },
        slots::{Launch, Slot, Slots},
    },
    rollout::{
        analysis::Alarm,
        journal::Release,
        record::{Record, SlotRecord},
        scaling::Suspended,
    },
    sandbox::{
        direct::{self, Direct},
        scenario::{
            self, ActionSeed, AlarmSeed, Demand, EcsServiceSeed, GroupSeed, Load, RuleSeed, ScalingSeed, Scenario, TargetSeed,
        },
    },
    time::Timestamp,
};
use serde_json::json;

use super::{
    case::{CANDIDATE_IMAGE, Case, STABLE_IMAGE, Shape},
    definitions::Place,
};

const ACCOUNT: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012";
const GROUPS: [&str; 2] = ["tg-12345678901234567", "tg-0000000000000000b"];
const SERVICES: [&str; 2] = ["myservice", "myservice-green"];
/// Revision 2 is released; revision 3 is another pipeline's.
pub(crate) const RELEASED: &str = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:2";
pub(crate) const STRANGERS: &str = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:3";

/// The release's id.
pub(crate) const OURS: &str = "simulated";

/// A world at its start with what a release needs to know about it.
pub(crate) struct Stage {
    pub(crate) world: Direct,
    pub(crate) service_arn: String,
    /// The listener that all of them are on.
    pub(crate) listener: String,
    /// The traffic targets with their baselines.
    pub(crate) targets: Vec<(TrafficTarget, Action)>,
    /// What serves at the start, and the other one.
    pub(crate) slots: [Slot; 2],
    pub(crate) bootstrap: bool,
    /// Nothing checks the targets of either slot.
    unchecked: bool,
}

/// What worlds are told apart by.
type Key = (Shape, u32, u64, Option<[bool; 3]>, [bool; 2]);

thread_local! {
    static MADE: RefCell<BTreeMap<Key, Rc<Stage>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Stage {
    /// The stage of a case, without what befalls it.
    pub(crate) fn of(case: &Case) -> Rc<Self> {
        let scaled = case.scaled.map(|was| [was.scale_in, was.scale_out, was.scheduled]);
        let is = [!case.analysis.alarms.is_empty(), case.plan.health.unchecked];
        let key = (case.shape, case.tasks, case.checks, scaled, is);
        MADE.with_borrow_mut(|made| Rc::clone(made.entry(key).or_insert_with(|| Rc::new(Self::make(case)))))
    }

    fn make(case: &Case) -> Self {
        let shape = case.shape;
        let mut world = Direct::new(furniture(case));
        if let Some(suspended) = case.scaled {
            suspend(&mut world, suspended);
        }
        let mut arns = world.traffic_targets();
        // As a survey lists them: rules before the default action, and those alone that forward to the live group.
        arns.retain(|arn| {
            !arn.contains("/rule/") || (shape != Shape::Default && !STRANGE_RULES.iter().any(|id| arn.ends_with(id)))
        });
        let targets: Vec<_> = arns
            .iter()
            .map(|arn| {
                let action = world.action(arn).map(seen).expect("it is there");
                (TrafficTarget::from_arn(arn).expect("an ARN of the sandbox's"), action)
            })
            .collect();
        let service_arn = world.lattice_service(&arns[0]).expect("it is there").to_owned();
        let slot = |index: usize| {
            let group_arn = TargetGroupArn::of(&format!("{ACCOUNT}:targetgroup/{}", GROUPS[index]));
            let id = group_arn.id();
            Slot {
                name: ["a", "b"][index].to_owned(),
                group: NamedGroup { name: id.to_string(), id },
                group_arn,
                ecs_service: Some(SERVICES[index].to_owned()),
                task_definition: Some(if index == 0 { RELEASED.replace(":2", ":1") } else { RELEASED.to_owned() }),
            }
        };
        let listener = arns.last().expect("the default action's").clone();
        let (slots, bootstrap) = ([slot(0), slot(1)], shape == Shape::Bootstrap);
        Self { world, service_arn, listener, targets, slots, bootstrap, unchecked: case.plan.health.unchecked }
    }

    /// The bodies of a definition's launch; none where the definition is refused.
    pub(crate) fn launch(&self, case: &Case) -> Option<Launch> {
        let Some(definition) = case.definition else {
            return Some(Launch::Previous { task_definition: RELEASED.to_owned() });
        };
        let place = Place {
            cluster: "my-cluster",
            ecs_service: SERVICES[1],
            group: self.slots[1].group_arn.as_str(),
            task_definition: RELEASED,
        };
        let (create, update) = (*definition.bodies(&place)).clone()?;
        Some(Launch::Definition { create, update, token: "token".to_owned() })
    }

    /// The slots of a release that begins at the start of the world.
    pub(crate) fn released(&self, launch: Launch) -> Slots {
        let [stable, candidate] = self.slots.clone();
        Slots {
            cluster: Some("my-cluster".to_owned()),
            targets: self.targets.clone(),
            stable: (!self.bootstrap).then_some(stable),
            candidate,
            launch,
            unchecked: self.unchecked,
        }
    }

    /// Its record.
    pub(crate) fn record(&self, case: &Case, started: Timestamp) -> Record {
        let slots = self.released(Launch::Nothing);
        let stable = slots.stable.as_ref().map(|slot| recorded(slot, case.tasks));
        let plan = case.plan.clone();
        let mut record = Record::new(OURS.to_owned(), "deploy", started, plan, stable, recorded(&slots.candidate, case.tasks));
        record.owner = "deploy".to_owned();
        record.cluster.clone_from(&slots.cluster);
        record.targets = self.targets.iter().map(|(target, _)| target.arn().to_owned()).collect();
        record
    }
}

/// Who, what, where.
pub(crate) fn release(record: &Record, slots: &Slots) -> Release {
    Release {
        rollout_id: record.id.clone(),
        verb: record.verb.clone(),
        name: record.name.clone(),
        traffic_targets: slots.targets.iter().map(|(target, _)| target.label()).collect(),
        steps: record.plan.steps.clone(),
        ..Release::default()
    }
}

fn recorded(slot: &Slot, count: u32) -> SlotRecord {
    SlotRecord {
        name: slot.name.clone(),
        group: slot.group_arn.as_str().to_owned(),
        ecs_service: slot.ecs_service.clone(),
        task_definition: slot.task_definition.clone(),
        count,
    }
}

/// The sandbox's action in the client's terms.
pub(crate) fn seen(action: &direct::Action) -> Action {
    match action {
        direct::Action::Fixed(status) => Action::Fixed(*status),
        direct::Action::Forward(groups) => Action::Forward(
            groups.iter().map(|(id, weight)| (TargetGroupArn::of(id).id(), u16::try_from(*weight).unwrap_or(u16::MAX))).collect(),
        ),
    }
}

/// And back.
pub(crate) fn told(action: &Action) -> direct::Action {
    match action {
        Action::Forward(groups) => {
            direct::Action::Forward(groups.iter().map(|(id, weight)| (id.as_str().to_owned(), u32::from(*weight))).collect())
        }
        Action::Fixed(status) => direct::Action::Fixed(*status),
        Action::Other => unreachable!("the sandbox has no other kind"),
    }
}

/// Somebody has suspended some of stable's scaling.
fn suspend(world: &mut Direct, suspended: Suspended) {
    let body = json!({
        "ServiceNamespace": "ecs",
        "ResourceId": format!("service/my-cluster/{}", SERVICES[0]),
        "ScalableDimension": "ecs:service:DesiredCount",
        "SuspendedState": {
            "DynamicScalingInSuspended": suspended.scale_in,
            "DynamicScalingOutSuspended": suspended.scale_out,
            "ScheduledScalingSuspended": suspended.scheduled,
        },
    });
    world.call("application-autoscaling", "RegisterScalableTarget", &[], body).expect("it is there");
}

/// Who makes requests.
pub(crate) fn load(case: &Case) -> Option<Load> {
    (case.load > 0.0).then(|| Load { rps: case.load, ..Load::default() })
}

/// How many tasks stable needs, and when.
pub(crate) fn demand(case: &Case) -> Vec<Demand> {
    let entry =
        |(at, desired): &(u64, u32)| Demand { at: *at, desired: *desired, service: SERVICES[0].to_owned(), share_at_least: None };
    case.demand.iter().map(entry).collect()
}

/// The whole scenario of a case, for a sandbox behind HTTP.
pub(crate) fn scenario(case: &Case) -> Scenario {
    let mut scenario = furniture(case);
    scenario.load.extend(load(case));
    scenario.scaling.demand = demand(case);
    scenario.knobs = case.knobs.clone();
    scenario.images.insert(STABLE_IMAGE.to_owned(), case.stable.clone());
    scenario.images.insert(CANDIDATE_IMAGE.to_owned(), case.candidate.clone());
    scenario.faults.clone_from(&case.faults);
    scenario.people.clone_from(&case.people);
    scenario
}

/// Rules that no release of this application moves, on the same listener: one of another application's, one that another rollout tests by,
/// one of a preview's.
pub(crate) const STRANGE_RULES: [&str; 3] = ["rule-0000000000000000s", "rule-0000000000000000t", PREVIEW_RULE];
const PREVIEW_RULE: &str = "rule-0000000000000000u";

/// A world in which nothing goes wrong.
fn furniture(case: &Case) -> Scenario {
    thread_local! {
        static BASE: Scenario = scenario::load("promoted").expect("it is built in");
    }
    let (shape, tasks, scaled) = (case.shape, case.tasks, case.scaled.is_some());
    let mut scenario = BASE.with(Scenario::clone);
    let [live, idle] = GROUPS;
    scenario.lattice.target_groups[0].config["healthCheck"]["healthCheckIntervalSeconds"] = json!(case.checks);
    if case.plan.health.unchecked {
        scenario.lattice.target_groups[0].config["healthCheck"] = json!({ "enabled": false });
    }
    let mut green: GroupSeed = scenario.lattice.target_groups[0].clone();
    green.name = "myservice-b".to_owned();
    green.id = idle.to_owned();
    scenario.lattice.target_groups.push(green);
    let listener = &mut scenario.lattice.services[0].listeners[0];
    let serving = if shape == Shape::Bootstrap {
        ActionSeed { fixed_response: Some(404), ..ActionSeed::default() }
    } else {
        ActionSeed { forward: [(live.to_owned(), 100)].into_iter().collect(), fixed_response: None }
    };
    listener.default_action = serving.clone();
    listener.rules[0].action = serving;
    if shape == Shape::Default {
        listener.rules.clear();
    }
    if shape == Shape::BatchAndDefault {
        let rule: RuleSeed = listener.rules[0].clone();
        let matching = json!({ "httpMatch": { "pathMatch": { "match": { "prefix": "/v2" } } } });
        let id = "rule-0000000000000000c".to_owned();
        listener.rules.push(RuleSeed { name: "v2".to_owned(), id, priority: 20, r#match: matching, ..rule });
    }
    let of_theirs = ActionSeed { forward: [("other".to_owned(), 100)].into_iter().collect(), fixed_response: None };
    for (id, name, priority, tag) in
        [(STRANGE_RULES[0], "static", 50, "team"), (STRANGE_RULES[1], "espalier-test-theirs", 2, "espalier:test")]
    {
        let matching = json!({ "httpMatch": { "pathMatch": { "match": { "prefix": format!("/{name}") } } } });
        listener.rules.push(RuleSeed {
            name: name.to_owned(),
            id: id.to_owned(),
            priority,
            r#match: matching,
            action: of_theirs.clone(),
            tags: [(tag.to_owned(), "theirs".to_owned())].into_iter().collect(),
        });
    }
    // A pull request's preview: no release brings production's requests to its group, and none to its rule another's.
    listener.rules.push(RuleSeed {
        name: "espalier-preview-myservice-pr-1".to_owned(),
        id: PREVIEW_RULE.to_owned(),
        priority: 9,
        r#match: json!({ "httpMatch": { "headerMatches": [{ "name": "x-espalier-preview", "match": { "exact": "pr-1" } }] } }),
        action: ActionSeed { forward: [("myservice-pr-1".to_owned(), 100)].into_iter().collect(), fixed_response: None },
        tags: [("espalier:owner", "myservice"), ("espalier:preview", "octo/myservice:1")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
    });
    listener.tags.insert("team".to_owned(), "web".to_owned());
    let alarm = |alarm: &Alarm| AlarmSeed { name: alarm.name.clone(), ..AlarmSeed::default() };
    scenario.alarms = case.analysis.alarms.iter().map(alarm).collect();
    scenario.lattice.services[0].tags.insert("team".to_owned(), "web".to_owned());
    let mut other: GroupSeed = scenario.lattice.target_groups[0].clone();
    (other.name, other.id) = ("other".to_owned(), "tg-0000000000000000c".to_owned());
    let preview = GroupSeed { name: "myservice-pr-1".to_owned(), id: "tg-0000000000000000d".to_owned(), ..other.clone() };
    scenario.lattice.target_groups.extend([other, preview]);
    if scaled {
        let policy = json!({
            "PolicyName": "cpu",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" },
            },
        });
        let target =
            TargetSeed { service: SERVICES[0].to_owned(), min: 1, max: 8, policies: vec![policy], scheduled_actions: Vec::new() };
        scenario.scaling = ScalingSeed { targets: vec![target], demand: Vec::new() };
    }
    let myservice: EcsServiceSeed = scenario.ecs_services[0].clone();
    scenario.ecs_services[0].desired = if shape == Shape::Bootstrap { 0 } else { tasks };
    // The other slot has run revision 1 before. Two services without tasks are why revisions 2 and 3 are registered.
    for (name, group, image) in [(SERVICES[1], idle, 1), ("spare-2", idle, 2), ("spare-3", idle, 3)] {
        let mut service = EcsServiceSeed { name: name.to_owned(), desired: 0, ..myservice.clone() };
        service.definition["vpcLatticeConfigurations"][0]["targetGroupArn"] = json!(format!("{ACCOUNT}:targetgroup/{group}"));
        service.task_definition["containerDefinitions"][0]["image"] = json!(format!("myservice:{image}"));
        scenario.ecs_services.push(service);
    }
    scenario
}
