//! The two definition files of a release: read, judged on their own, and turned into what ECS is sent.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    aws::{
        hook_tasks,
        lattice::{action::Action, traffic::TrafficTarget},
        slots::Launch,
    },
    definition::{
        Document, Finding, Given, PatchRequest, Patched, Severity, candidate,
        casing::{Definition, canonical},
        change::Change,
        compare, conform, fit,
        patch::{Seen, Weighted, edited, patch},
        request::{self, ServiceTarget},
    },
    hooks::{
        Jobs, Task,
        job::{Job, Wanted},
    },
    resources::resource::OWNER,
    settings::{DeploySettings, Templating, templating::Readable},
};

/// What a slot's definition depends on beside the files.
#[derive(Clone, Debug)]
pub(crate) struct ForSlot<'a> {
    /// The slot's name.
    pub(crate) slot: &'a str,
    /// Its ECS service.
    pub(crate) ecs_service: &'a str,
    /// Its target group's ARN.
    pub(crate) group_arn: &'a str,
    /// Its own filters.
    pub(crate) overrides: &'a [Given],
    /// Another slot serves beside it.
    pub(crate) beside_stable: bool,
    /// What moves, as it is before the release.
    pub(crate) rules: Vec<Weighted>,
}

/// The traffic targets as filters see them.
pub(crate) fn weighted(targets: &[(TrafficTarget, Action)]) -> Vec<Weighted> {
    let weights = |action: &Action| action.groups().iter().map(|(group, weight)| (group.as_str().to_owned(), *weight)).collect();
    targets.iter().map(|(target, action)| Weighted { arn: target.arn().to_owned(), weights: weights(action) }).collect()
}

/// Hooks that are to run a container of the released task definition which it has not.
fn absent_containers(hooks: &Jobs, released: &Value) -> Vec<Finding> {
    let absent = |Wanted { job, from, .. }: &Wanted| {
        let Job::Task(Task { container, task_definition: None, .. }) = job else { return None };
        let message = hook_tasks::container(released, container.as_deref()).err()?;
        Some(Finding::error(from, format!("{message} in the released task definition, which this hook is to run")))
    };
    hooks.wanted.values().filter_map(absent).collect()
}

/// The files, read.
#[derive(Debug)]
pub(crate) struct Definitions {
    service: Document,
    task: Document,
    /// What RegisterTaskDefinition is sent.
    pub(crate) register: request::Request,
    infrastructure_role: Option<Given>,
    port_name: Option<Given>,
    filters: Vec<Given>,
    seen: Seen,
    /// What is to be said about the files themselves.
    warnings: Vec<Finding>,
}

impl Definitions {
    /// Reads and judges both files.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub(crate) fn read(settings: &DeploySettings) -> Result<Self, Vec<Finding>> {
        Self::read_with(settings, None)
    }

    /// The same with a filter over the task definition.
    ///
    /// # Errors
    /// As [`Definitions::read`]; the filter fails.
    pub(crate) fn read_with(settings: &DeploySettings, task_filter: Option<&Given>) -> Result<Self, Vec<Finding>> {
        match Self::judged(settings, task_filter) {
            (Some(read), findings) if findings.is_empty() => Ok(read),
            (_, findings) => Err(findings),
        }
    }

    /// Both files, where they can be read at all, and everything that is wrong with them: for who goes on to look for more.
    pub(crate) fn judged(settings: &DeploySettings, task_filter: Option<&Given>) -> (Option<Self>, Vec<Finding>) {
        let (lattice, templating) = (&settings.lattice, &settings.templating);
        let read = (
            document(&settings.service_definition, templating, Definition::Service),
            document(&settings.task_definition, templating, Definition::Task)
                .and_then(|task| edited(task, task_filter, &settings.seen)),
        );
        let (service, task) = match read {
            (Ok(service), Ok(task)) => (service, task),
            (service, task) => {
                return (None, [service.err(), task.err()].into_iter().flatten().flatten().collect());
            }
        };
        let mut findings = candidate::for_any_slot(&service);
        let mut warnings = templating.warnings.clone();
        let alone = conform::service(&service).into_iter().chain(conform::task_definition(&task));
        for finding in alone.chain(fit::together(&service, &task)) {
            if finding.severity == Severity::Error { findings.push(finding) } else { warnings.push(finding) }
        }
        match request::register_task_definition(&task, &settings.images, &settings.variables) {
            Ok(register) => {
                findings.extend(absent_containers(&settings.hooks, &register.body));
                let infrastructure_role = lattice.infrastructure_role.clone();
                let (port_name, filters, seen) = (lattice.port_name.clone(), settings.jq.clone(), settings.seen.clone());
                (Some(Self { service, task, register, infrastructure_role, port_name, filters, seen, warnings }), findings)
            }
            Err(more) => {
                findings.extend(more);
                (None, findings)
            }
        }
    }

    /// The service definition as it is for a slot: Lattice entry, the user's filters, the slot's own, and rule 13 of DESIGN §5.
    ///
    /// # Errors
    /// Everything that keeps it from this slot.
    pub(crate) fn for_slot(&self, slot: ForSlot<'_>) -> Result<Patched, Vec<Finding>> {
        let mut filters = self.filters.clone();
        filters.extend_from_slice(slot.overrides);
        let mut patched = patch(&PatchRequest {
            service_definition: &self.service,
            task_definition: Some(&self.task),
            target_group: Some(Given::new(slot.group_arn, format!("slot {}", slot.slot))),
            infrastructure_role: self.infrastructure_role.clone(),
            port_name: self.port_name.clone(),
            ecs_service: Some(slot.ecs_service.to_owned()),
            filters,
            seen: Seen { rules: slot.rules, ..self.seen.clone() },
        })?;
        patched.warnings.splice(0..0, self.warnings.iter().cloned());
        if slot.beside_stable {
            let findings = candidate::beside_stable(&patched.document, slot.slot);
            if !findings.is_empty() {
                return Err(findings);
            }
            let before = candidate::beside_stable(&self.service, slot.slot);
            patched.warnings.extend(before.into_iter().map(|finding| {
                let member = finding.pointer.trim_start_matches('/');
                let message = format!(
                    "`{member}` is left out of slot {}'s definition: it would bring traffic to the candidate past the weights",
                    slot.slot
                );
                Finding { message, hint: None, severity: Severity::Warning, ..finding }
            }));
        }
        Ok(patched)
    }

    /// The bodies that create or update the slot's ECS service, without its size; and what was left out of them. One that is created
    /// is marked as ours.
    pub(crate) fn launch(
        &self,
        patched: &Patched,
        cluster: &str,
        ecs_service: &str,
        task_definition_arn: &str,
        (owner, token): (&str, &str),
    ) -> (Launch, Vec<String>) {
        let target = ServiceTarget { cluster, ecs_service, task_definition_arn, desired_count: 0 };
        let mut create = request::create_service(&patched.document, target);
        if let Value::Array(tags) = &mut create.body["tags"] {
            tags.retain(|tag| tag["key"] != OWNER);
        } else {
            create.body["tags"] = json!([]);
        }
        if let Value::Array(tags) = &mut create.body["tags"] {
            tags.push(json!({ "key": OWNER, "value": owner }));
        }
        let update = request::update_service(&patched.document, target);
        (Launch::Definition { create: create.body, update: update.body, token: token.to_owned() }, create.notes)
    }

    /// The size that the file asks for, 1 where it is silent: what a first release is given.
    pub(crate) fn desired_count(&self) -> u32 {
        let count = self.service.root.to_json().get("desiredCount").and_then(Value::as_u64);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1)
    }

    /// The task definition's family.
    pub(crate) fn family(&self) -> &str {
        self.register.body.get("family").and_then(Value::as_str).unwrap_or_default()
    }

    /// The container port behind a port mapping's name.
    pub(crate) fn port_of(&self, name: &str) -> Option<u16> {
        let list = |of: &Value, member: &str| of[member].as_array().cloned().unwrap_or_default();
        let containers = list(&self.register.body, "containerDefinitions");
        let port = containers.iter().flat_map(|container| list(container, "portMappings")).find(|port| port["name"] == name)?;
        port["containerPort"].as_u64().and_then(|port| u16::try_from(port).ok())
    }

    /// The roles that tasks are given.
    pub(crate) fn task_roles(&self) -> impl Iterator<Item = &str> {
        let role = |member: &str| self.register.body.get(member).and_then(Value::as_str);
        ["taskRoleArn", "executionRoleArn"].into_iter().filter_map(role)
    }

    /// The infrastructure role as it is configured, else as the service definition has it.
    pub(crate) fn infrastructure_role(&self) -> Option<String> {
        let configured = self.infrastructure_role.as_ref().map(|Given { text, .. }| text.clone());
        configured.or_else(|| {
            let service = self.service.root.to_json();
            service.pointer("/vpcLatticeConfigurations/0/roleArn").and_then(Value::as_str).map(str::to_owned)
        })
    }

    /// What is created with tags, as the ends of ARNs of ECS: these services, with ours and their own, and a task definition that has some.
    pub(crate) fn tagged(&self, created: &[String], cluster: &str) -> Vec<String> {
        let services = created.iter().map(|name| format!("service/{cluster}/{name}"));
        let has_tags = self.register.body["tags"].as_array().is_some_and(|tags| !tags.is_empty());
        services.chain(has_tags.then(|| format!("task-definition/{}:*", self.family()))).collect()
    }

    /// The task definitions that hooks run, as `FAMILY:REVISION` or `FAMILY:*`.
    pub(crate) fn run_by(&self, hooks: &Jobs) -> Vec<String> {
        let name = |task: &Task| {
            let named = task.task_definition.as_deref().unwrap_or_else(|| self.family());
            let named = named.rsplit('/').next().unwrap_or(named);
            if named.contains(':') { named.to_owned() } else { format!("{named}:*") }
        };
        hooks.tasks().map(|(_, task)| name(task)).collect()
    }

    /// Whether this task definition, as ECS describes it, is what this release would register.
    pub(crate) fn registers(&self, described: &Value) -> bool {
        compare::says(&self.register.body, described).is_empty()
    }

    /// Images that may be another one tomorrow under the same name.
    pub(crate) fn floating_images(&self) -> Vec<String> {
        compare::floating_images(&self.register.body)
    }

    /// What differs from what runs: in the task definition, then in the service.
    pub(crate) fn changes(
        &self,
        patched: &Patched,
        (revision, task_definition): (&str, &Value),
        (ecs_service, service): (&str, &Value),
    ) -> [Change; 2] {
        let mut given = patched.document.root.to_json();
        if let Some(members) = given.as_object_mut() {
            // The group is the slot's, names and task definition are the release's.
            for member in ["vpcLatticeConfigurations", "vpcLatticeConfiguration", "serviceName", "taskDefinition", "cluster"] {
                members.remove(member);
            }
        }
        // What ECS prints of a deployment only.
        let mut service = service.clone();
        for member in ["serviceConnectConfiguration", "volumeConfigurations"] {
            if let Some(value) = service.pointer(&format!("/deployments/0/{member}")).cloned() {
                service[member] = value;
            }
        }
        let secrets = self.task.secrets.union(&self.service.secrets).cloned().collect();
        let of =
            |name: String, given: &Value, described: &Value| Change::new(name, given, compare::says(given, described), &secrets);
        [
            of(format!("task definition {revision}"), &self.register.body, task_definition),
            of(format!("ECS service {ecs_service}"), &given, &service),
        ]
    }
}

/// Reads one definition from a file.
///
/// # Errors
/// It cannot be read, or is not JSON: everything that is wrong with it.
pub(super) fn document(path: &Path, templating: &Templating, definition: Definition) -> Result<Document, Vec<Finding>> {
    match templating.read(path)? {
        Readable::Whole(document) => canonical(*document, definition),
        // Everything was looked up before; a file that was changed since refers to something else now.
        Readable::Lacking(lacking) => {
            let lacking = lacking.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(vec![Finding::error(path.display().to_string(), format!("not looked up: {lacking}")).hint("run it again")])
        }
    }
}
