//! ECS tasks that hooks run: in the candidate's own network, from its task definition unless another is named.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value, json};

use super::{
    Aws,
    fault::Fault,
    slots::{Launch, Slots},
};
use crate::rollout::hooks::{HookEnd, HookReading};

/// What of a service's definition says where its tasks run.
const PLACEMENT: [&str; 4] = ["networkConfiguration", "launchType", "capacityProviderStrategy", "platformVersion"];

/// A task to start.
#[derive(Clone, Debug)]
pub struct TaskOrder<'a> {
    /// The command of the container; that of the task definition when empty.
    pub command: &'a [String],
    /// The container that gets command and variables; the first essential one when `None`.
    pub container: Option<&'a str>,
    /// The task definition; the candidate's when `None`.
    pub task_definition: Option<&'a str>,
    /// Variables for the container, beside those of its definition.
    pub variables: &'a [(&'static str, String)],
    /// The same for a repeated call, different for any other: 1 to 64 printable ASCII characters.
    pub token: String,
    /// What ECS lists the task by: up to 128 letters, digits, hyphens, slashes and underscores.
    pub started_by: String,
}

/// A task of a hook, started or about to be.
#[derive(Debug)]
pub struct HookTask {
    started_by: String,
    /// The cluster, the task's ARN and the container that is watched; none until the start was answered.
    known: Option<(String, String, String)>,
    /// How it ended, once it was seen: it is not asked for again.
    end: RefCell<Option<HookEnd>>,
    /// Its ARN was told.
    told: Cell<bool>,
}

impl HookTask {
    /// One of this name, not started yet.
    #[must_use]
    pub const fn named(started_by: String) -> Self {
        Self { started_by, known: None, end: RefCell::new(None), told: Cell::new(false) }
    }

    /// Starts it: two calls, and one more where no definition of the release says where tasks run.
    ///
    /// # Errors
    /// When AWS refuses; when the candidate has no ECS service, or its task definition no such container.
    pub async fn start(&mut self, aws: &Aws, slots: &Slots, order: &TaskOrder<'_>) -> Result<(), Fault> {
        let (Some(cluster), Some(service)) = (&slots.cluster, &slots.candidate.ecs_service) else {
            return Err(Fault::invalid("RunTask", "the candidate has no ECS service whose network a task could run in"));
        };
        let definition = order.task_definition.or(slots.candidate.task_definition.as_deref()).unwrap_or_default();
        let definition = aws.ecs.describe_task_definition(definition).await?;
        let container = container(&definition.raw, order.container)
            .map_err(|message| Fault::invalid("RunTask", format!("{message} in {}", definition.short())))?;
        let place = match &slots.launch {
            Launch::Definition { create, .. } => create.clone(),
            Launch::Previous { .. } | Launch::Nothing => {
                let found = aws.ecs.describe_services(cluster, &[service]).await?.into_iter().flatten().next();
                found.map(|service| service.raw).unwrap_or_default()
            }
        };
        let body = body(cluster, &definition.arn, &container, &place, order);
        let arn = aws.ecs.run_task(&body).await?;
        self.known = Some((cluster.clone(), arn, container));
        Ok(())
    }

    /// Its ARN, the first time that it is known: what it says is in the logs of its container, not here.
    pub fn news(&self) -> Option<String> {
        let (_, arn, container) = self.known.as_ref()?;
        (!self.told.replace(true)).then(|| format!("started {arn}, container {container}"))
    }

    /// What there is to see of it; none until its start was answered.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn read(&self, aws: &Aws) -> Result<Option<HookReading>, Fault> {
        let Some((cluster, arn, container)) = &self.known else { return Ok(None) };
        // What it said is in the logs of its container; this is what they are found by.
        let tail = |status: &str| vec![format!("{arn} ({status})")];
        if let Some(end) = self.end.borrow().clone() {
            return Ok(Some(HookReading { end: Some(end), tail: tail("STOPPED") }));
        }
        let Some(task) = aws.ecs.one_task(cluster, arn, container).await? else {
            let end = HookEnd { exit: None, why: Some(format!("ECS does not know {arn} any more")) };
            return Ok(Some(HookReading { end: Some(end), tail: Vec::new() }));
        };
        self.end.borrow_mut().clone_from(&task.end);
        Ok(Some(HookReading { end: task.end, tail: tail(&task.last_status) }))
    }

    /// Stops it; one whose start was never answered, or not by this job, is what was started by its name in this cluster.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn end(&self, aws: &Aws, cluster: Option<&str>) -> Result<(), Fault> {
        const WHY: &str = "espalier: the rollout does not wait for this hook any more";
        if self.end.borrow().is_some() {
            return Ok(());
        }
        if let Some((cluster, arn, _)) = &self.known {
            return aws.ecs.stop_task(cluster, arn, WHY).await;
        }
        let Some(cluster) = cluster else { return Ok(()) };
        for arn in aws.ecs.started_by(cluster, &self.started_by).await? {
            aws.ecs.stop_task(cluster, &arn, WHY).await?;
        }
        Ok(())
    }
}

/// The container of this name, or the first essential one.
///
/// # Errors
/// When there is none, in words.
pub fn container(definition: &Value, wanted: Option<&str>) -> Result<String, String> {
    let containers = definition.get("containerDefinitions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |container: &Value| container.get("name").and_then(Value::as_str).map(str::to_owned);
    let is_essential = |container: &&Value| container.get("essential") != Some(&Value::Bool(false));
    let found = match wanted {
        Some(wanted) => containers.iter().filter_map(name).find(|name| name == wanted),
        None => containers.iter().find(is_essential).and_then(name),
    };
    found.ok_or_else(|| match wanted {
        Some(wanted) => {
            let there: Vec<_> = containers.iter().filter_map(name).collect();
            format!("there is no container `{wanted}` beside {}", there.join(", "))
        }
        None => "there is no essential container".to_owned(),
    })
}

fn body(cluster: &str, definition: &str, container: &str, place: &Value, order: &TaskOrder<'_>) -> Value {
    let variable = |(name, value): &(&str, String)| json!({ "name": name, "value": value });
    let mut told = Map::from_iter([
        ("name".to_owned(), json!(container)),
        ("environment".to_owned(), order.variables.iter().map(variable).collect()),
    ]);
    if !order.command.is_empty() {
        told.insert("command".to_owned(), json!(order.command));
    }
    let mut body = json!({
        "cluster": cluster,
        "taskDefinition": definition,
        "count": 1,
        "startedBy": order.started_by,
        "clientToken": order.token,
        "overrides": { "containerOverrides": [told] },
    });
    for member in PLACEMENT {
        let value = place.get(member).filter(|value| !value.is_null() && **value != json!([]) && **value != json!({}));
        // One of the two: a service that has a strategy is described with a launch type as well.
        let doubled =
            member == "launchType" && place.get("capacityProviderStrategy").is_some_and(|strategy| *strategy != json!([]));
        if let Some(value) = value.filter(|_| !doubled) {
            body[member] = value.clone();
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            slots::Slot,
            testing::{Asked, asked, ok, with_aws},
        },
        *,
    };
    use crate::rollout::{observation::RefusalKind, record::SlotRecord};

    fn order<'a>(command: &'a [String]) -> TaskOrder<'a> {
        TaskOrder {
            command,
            container: None,
            task_definition: None,
            variables: &[],
            token: "t".to_owned(),
            started_by: "espalier/id".to_owned(),
        }
    }

    #[test]
    fn a_task_runs_where_the_service_runs() {
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}});
        let place = json!({
            "networkConfiguration": network, "launchType": "FARGATE", "capacityProviderStrategy": [], "desiredCount": 3
        });
        let command = ["./probe".to_owned()];
        let made = body("c", "d:1", "web", &place, &order(&command));
        assert_eq!((&made["networkConfiguration"], &made["launchType"]), (&network, &json!("FARGATE")));
        assert!(made.get("desiredCount").is_none() && made.get("capacityProviderStrategy").is_none());
        assert_eq!(made["overrides"]["containerOverrides"][0]["command"], json!(["./probe"]));
        let told = [("ESPALIER_HOOK", "before_shift".to_owned())];
        let made = body("c", "d:1", "web", &place, &TaskOrder { variables: &told, ..order(&command) });
        let variables = &made["overrides"]["containerOverrides"][0]["environment"];
        assert_eq!(*variables, json!([{"name": "ESPALIER_HOOK", "value": "before_shift"}]));

        let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
        let place = json!({"launchType": "FARGATE", "capacityProviderStrategy": strategy});
        let made = body("c", "d:1", "web", &place, &order(&[]));
        assert_eq!(made["capacityProviderStrategy"], strategy);
        assert!(made.get("launchType").is_none(), "RunTask refuses both");
        assert!(made["overrides"]["containerOverrides"][0].get("command").is_none());
    }

    /// The network that `RunTask` is given by a job that has this of the release, and how the start went.
    fn started(launch: Launch, answer: Value) -> (Value, Result<(), Fault>) {
        let described = json!({ "services": [{
            "serviceName": "web", "status": "ACTIVE", "networkConfiguration": network("subnet-9"), "launchType": "FARGATE",
        }] });
        let definition = json!({ "taskDefinition": {
            "taskDefinitionArn": "arn:td/web:2", "family": "web", "revision": 2, "containerDefinitions": [{ "name": "web" }],
        } });
        let script = move |asked: &Asked, _| {
            Some(ok(match asked.what.as_str() {
                "DescribeTaskDefinition" => &definition,
                "DescribeServices" => &described,
                _ => &answer,
            }))
        };
        let told = std::cell::RefCell::new(None);
        with_aws(script, async |aws, log| {
            let slot = SlotRecord { ecs_service: Some("web".to_owned()), ..SlotRecord::default() };
            let candidate = Slot::recorded(&SlotRecord { task_definition: Some("web:2".to_owned()), ..slot });
            let cluster = Some("main".to_owned());
            let slots = Slots { cluster, targets: Vec::new(), stable: None, candidate, launch, unchecked: false };
            let began = HookTask::named("espalier/id".to_owned()).start(&aws, &slots, &order(&[])).await;
            let asked = asked(&log).into_iter().find(|asked| asked.what == "RunTask").expect("it is asked for");
            *told.borrow_mut() = Some((asked.json()["networkConfiguration"].clone(), began));
        });
        told.into_inner().expect("it was tried")
    }

    fn network(subnet: &str) -> Value {
        json!({ "awsvpcConfiguration": { "subnets": [subnet], "securityGroups": ["sg-1"] } })
    }

    /// Also in a job that goes on with a release and has no definitions: then it is what the service says.
    #[test]
    fn a_task_runs_in_the_services_own_network_in_every_job() {
        let begun = json!({ "tasks": [{ "taskArn": "arn:task" }] });
        let create = json!({ "networkConfiguration": network("subnet-1") });
        let launch = Launch::Definition { create, update: Value::Null, token: "t".to_owned() };
        assert_eq!(started(launch, begun.clone()), (network("subnet-1"), Ok(())));
        let resumed = Launch::Previous { task_definition: "web:2".to_owned() };
        assert_eq!(started(resumed, begun), (network("subnet-9"), Ok(())));
    }

    /// AWS answers that with 200.
    #[test]
    fn a_task_that_could_not_be_placed_has_not_begun_and_may_be_tried_again() {
        let failed = json!({ "tasks": [], "failures": [{ "reason": "RESOURCE:CPU" }] });
        let fault = started(Launch::Nothing, failed).1.expect_err("no room");
        assert!(fault.to_string().contains("RESOURCE:CPU"), "{fault}");
        assert_eq!(fault.refusal().kind, RefusalKind::Transient);
    }

    #[test]
    fn the_container_that_decides_is_named_or_the_first_essential_one() {
        let definition = json!({"containerDefinitions": [{"name": "agent", "essential": false}, {"name": "web"}]});
        assert_eq!(container(&definition, None), Ok("web".to_owned()));
        assert_eq!(container(&definition, Some("agent")), Ok("agent".to_owned()));
        assert_eq!(container(&definition, Some("x")), Err("there is no container `x` beside agent, web".to_owned()));
        assert_eq!(container(&json!({}), None), Err("there is no essential container".to_owned()));
    }
}
