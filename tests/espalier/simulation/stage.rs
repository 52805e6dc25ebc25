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
        journal::Release,
        record::{Record, SlotRecord},
    },
    sandbox::{
        direct::{self, Direct},
        scenario::{self, ActionSeed, EcsServiceSeed, GroupSeed, RuleSeed, Scenario},
    },
    time::Timestamp,
};
use serde_json::json;

use super::case::{CANDIDATE_IMAGE, Case, STABLE_IMAGE, Shape};

const ACCOUNT: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012";
const GROUPS: [&str; 2] = ["tg-12345678901234567", "tg-0000000000000000b"];
const SERVICES: [&str; 2] = ["myservice", "myservice-green"];
/// Revision 2 is released; revision 3 is another pipeline's.
pub(crate) const RELEASED: &str = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:2";
pub(crate) const STRANGERS: &str = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:3";

/// A world at its start with what a release needs to know about it.
pub(crate) struct Stage {
    pub(crate) world: Direct,
    pub(crate) service_arn: String,
    /// The traffic targets with their baselines.
    pub(crate) targets: Vec<(TrafficTarget, Action)>,
    /// What serves at the start, and the other one.
    pub(crate) slots: [Slot; 2],
    pub(crate) bootstrap: bool,
}

thread_local! {
    static MADE: RefCell<BTreeMap<(Shape, u32), Rc<Stage>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Stage {
    /// The stage of a case, without what befalls it.
    pub(crate) fn of(case: &Case) -> Rc<Self> {
        MADE.with_borrow_mut(|made| {
            Rc::clone(made.entry((case.shape, case.tasks)).or_insert_with(|| Rc::new(Self::make(case.shape, case.tasks))))
        })
    }

    fn make(shape: Shape, tasks: u32) -> Self {
        let world = Direct::new(furniture(shape, tasks));
        let mut arns = world.traffic_targets();
        // As a survey lists them: rules before the default action, and those alone that forward to the live group.
        arns.retain(|arn| shape != Shape::Default || !arn.contains("/rule/"));
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
        Self { world, service_arn, targets, slots: [slot(0), slot(1)], bootstrap: shape == Shape::Bootstrap }
    }

    /// The slots of a release that begins at the start of the world.
    pub(crate) fn released(&self) -> Slots {
        let [stable, candidate] = self.slots.clone();
        Slots {
            cluster: Some("my-cluster".to_owned()),
            targets: self.targets.clone(),
            stable: (!self.bootstrap).then_some(stable),
            candidate,
            launch: Launch::Previous { task_definition: RELEASED.to_owned() },
            unchecked: false,
        }
    }

    /// Its record.
    pub(crate) fn record(&self, case: &Case, started: Timestamp) -> Record {
        let slots = self.released();
        let stable = slots.stable.as_ref().map(|slot| recorded(slot, case.tasks));
        let plan = case.plan.clone();
        let mut record =
            Record::new("simulated".to_owned(), "deploy", started, plan, stable, recorded(&slots.candidate, case.tasks));
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

/// The whole scenario of a case, for a sandbox behind HTTP.
pub(crate) fn scenario(case: &Case) -> Scenario {
    let mut scenario = furniture(case.shape, case.tasks);
    scenario.knobs = case.knobs.clone();
    scenario.images.insert(STABLE_IMAGE.to_owned(), case.stable.clone());
    scenario.images.insert(CANDIDATE_IMAGE.to_owned(), case.candidate.clone());
    scenario.faults.clone_from(&case.faults);
    scenario.people.clone_from(&case.people);
    scenario
}

/// A world in which nothing goes wrong.
fn furniture(shape: Shape, tasks: u32) -> Scenario {
    let mut scenario = scenario::load("promoted").expect("it is built in");
    let [live, idle] = GROUPS;
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
