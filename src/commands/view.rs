//! Everything that `deploy` knows before its first write, and what follows from it.

use sha2::{Digest as _, Sha256};

use super::{
    conduct::Prepared,
    definitions::{Definitions, ForSlot, weighted},
    judging, preflight, test_rule,
};
use crate::{
    aws::{
        Aws,
        ecs::{
            services::{EcsService, VpcLattice},
            task_definitions::TaskDefinition,
        },
        lattice::groups::TargetGroup,
        ledger::{Found, Ledger},
        slots::{Slot, Slots},
        survey::{Roles, Survey},
    },
    clock::Timestamp,
    definition::{Finding, Patched, change::Change},
    exit::Error,
    hooks,
    rollout::{
        journal::{Happening, Release},
        machine::Rollout,
        plan::{Hold, OnTimeout},
        record::{Record, SlotRecord},
    },
    settings::{DeploySettings, Slot as SlotSettings},
};

/// Everything that is known before the first write.
pub(crate) struct View<'a> {
    pub(crate) settings: &'a DeploySettings,
    pub(crate) survey: &'a Survey,
    pub(crate) roles: &'a Roles,
    pub(crate) definitions: &'a Definitions,
}

impl View<'_> {
    fn slot(&self, index: usize) -> &SlotSettings {
        &self.settings.lattice.slots[index]
    }

    fn for_slot<'s>(&'s self, index: usize, group_arn: &'s str) -> ForSlot<'s> {
        let slot = self.slot(index);
        ForSlot {
            slot: &slot.name,
            ecs_service: &slot.ecs_service,
            group_arn,
            overrides: slot.overrides.as_slice(),
            beside_stable: self.roles.stable.is_some_and(|stable| stable != index),
            rules: weighted(&self.roles.targets),
        }
    }

    /// The group that the candidate will register in; while there is none, the one that it will be made like.
    pub(crate) fn model_group(&self) -> Option<&TargetGroup> {
        let group = |index: usize| self.survey.slots[index].group.as_ref();
        group(self.roles.candidate).or_else(|| group(self.roles.stable?))
    }

    /// Candidate and stable as they are measured.
    pub(crate) fn sides<'s>(&'s self, stable: usize) -> [Option<judging::Side<'s>>; 2] {
        let side = |index: usize, group: Option<&'s TargetGroup>| {
            let ecs_service = self.survey.slots[index].wanted.ecs_service.as_deref();
            Some(judging::Side { group: group?, ecs_service, cluster: Some(&self.settings.cluster) })
        };
        [side(self.roles.candidate, self.model_group()), side(stable, self.survey.slots[stable].group.as_ref())]
    }

    /// The definitions as the candidate's slot will have them: what is wrong with them is told before anything is written.
    pub(crate) fn judge(&self) -> Result<(), Error> {
        self.patched()?;
        Ok(())
    }

    /// The definition as the candidate's slot will have it.
    pub(crate) fn patched(&self) -> Result<Patched, Vec<Finding>> {
        let arn = self.model_group().map_or("", |group| group.arn.as_str());
        self.definitions.for_slot(self.for_slot(self.roles.candidate, arn))
    }

    /// Whether stable already runs what the definitions say, completely, and would again: an image that may be another one
    /// tomorrow is always a change.
    pub(crate) async fn is_unchanged(&self, aws: &Aws) -> Result<bool, Error> {
        let Some(stable) = self.roles.stable.filter(|_| !self.settings.force && self.definitions.floating_images().is_empty())
        else {
            return Ok(false);
        };
        let seen = &self.survey.slots[stable];
        let (Some(service), Some(group)) = (&seen.service, &seen.group) else { return Ok(false) };
        if service.deployments.len() != 1 || service.running != service.desired {
            return Ok(false);
        }
        let patched = self.definitions.for_slot(self.for_slot(stable, group.arn.as_str()))?;
        let entry = |entry: &VpcLattice| {
            let wanted = patched.lattice.as_ref();
            wanted.is_some_and(|wanted| {
                (&entry.role, &entry.target_group, &entry.port_name)
                    == (&wanted.role_arn, &wanted.target_group_arn, &wanted.port_name)
            })
        };
        if !service.vpc_lattice.iter().any(entry) {
            return Ok(false);
        }
        let changes = self.changes_of(aws, &patched, service).await?;
        Ok(changes.iter().all(Change::is_empty))
    }

    async fn changes_of(&self, aws: &Aws, patched: &Patched, service: &EcsService) -> Result<[Change; 2], Error> {
        let running = aws.ecs.describe_task_definition(&service.task_definition).await?;
        let revision = running.short();
        Ok(self.definitions.changes(patched, (&revision, &running.raw), (&service.name, &service.raw)))
    }

    /// What a release would change in what stable runs; none where nothing serves yet.
    pub(crate) async fn changes(&self, aws: &Aws) -> Result<Option<[Change; 2]>, Error> {
        let Some(stable) = self.roles.stable else { return Ok(None) };
        let seen = &self.survey.slots[stable];
        let (Some(service), Some(group)) = (&seen.service, &seen.group) else { return Ok(None) };
        let patched = self.definitions.for_slot(self.for_slot(stable, group.arn.as_str()))?;
        self.changes_of(aws, &patched, service).await.map(Some)
    }

    /// The revision that serves, in short; empty at bootstrap.
    pub(crate) fn stable_revision(&self) -> String {
        let service = self.roles.stable.and_then(|stable| self.survey.slots[stable].service.as_ref());
        service.map(|service| preflight::short(&service.task_definition)).unwrap_or_default()
    }

    fn known_stable(&self) -> Option<String> {
        Some(self.stable_revision()).filter(|revision| !revision.is_empty())
    }

    /// Who, what, where: for the reports.
    pub(crate) fn release(&self, aws: &Aws, rollout_id: String, candidate_revision: String) -> Release {
        let bootstrap = self.roles.stable.is_none();
        Release {
            rollout_id,
            verb: "deploy".to_owned(),
            name: self.settings.service.clone(),
            cluster: Some(preflight::short(&self.settings.cluster)),
            stable_revision: self.known_stable(),
            candidate_revision,
            stable_slot: self.roles.stable.map(|stable| self.slot(stable).name.clone()).unwrap_or_default(),
            candidate_slot: self.slot(self.roles.candidate).name.clone(),
            traffic_targets: self.roles.targets.iter().map(|(target, _)| target.label()).collect(),
            steps: if bootstrap { Vec::new() } else { self.settings.plan.steps.clone() },
            settle: self.settings.plan.settle,
            endpoint: aws.endpoint.clone(),
            standing: None,
        }
    }

    /// The machine at its beginning, with everything that it moves.
    pub(crate) fn prepare(
        &self,
        aws: &Aws,
        now: Timestamp,
        group: &TargetGroup,
        registered: &TaskDefinition,
        records: &[Found],
    ) -> Result<Prepared, Error> {
        let settings = self.settings;
        let slot = self.slot(self.roles.candidate);
        let patched = self.definitions.for_slot(self.for_slot(self.roles.candidate, group.arn.as_str()))?;
        let candidate = Slot {
            name: slot.name.clone(),
            group: group.named(),
            group_arn: group.arn.clone(),
            ecs_service: Some(slot.ecs_service.clone()),
            task_definition: Some(registered.arn.clone()),
        };
        let stable = self.roles.stable.and_then(|index| self.stable(index));

        let started = aws.date().unwrap_or(now);
        let id = rollout_id(started, &[&settings.cluster, &slot.ecs_service, &registered.arn]);
        let (launch, left_out) =
            self.definitions.launch(&patched, &settings.cluster, &slot.ecs_service, &registered.arn, (&settings.service, &id));
        let count = self.size();
        let mut record = Record::new(
            id.clone(),
            "deploy",
            started,
            settings.plan.clone(),
            stable.as_ref().map(|slot| recorded(slot, count)),
            recorded(&candidate, count),
        );
        // By the id, so that the same release in the same world is the same to the byte.
        record.owner = id.rsplit('-').next().unwrap_or_default().to_owned();
        record.name.clone_from(&settings.service);
        record.cluster = Some(settings.cluster.clone());
        record.targets = self.roles.targets.iter().map(|(target, _)| target.arn().to_owned()).collect();
        record.end_of(records.iter().map(|found| &found.record));
        record.previous = records.iter().find_map(|found| found.record.previous_of(record.stable.as_ref()));

        let slots = Slots {
            cluster: Some(settings.cluster.clone()),
            targets: self.roles.targets.clone(),
            stable,
            candidate,
            launch,
            unchecked: settings.plan.health.unchecked,
        };
        preflight::refuse_unwritable(&slots)?;
        let ledger = Ledger::new(&self.survey.service.arn, &slots.targets, false)?;
        let test_rules = test_rule::begin(&mut record, &slots, settings.lattice.test_rule.as_ref(), (self.survey, records));
        let hooks = hooks::Runner::new(settings.hooks.clone()).inheriting(record.unended.clone());
        let mut rollout = Rollout::release(record, self.release(aws, id, registered.short()));
        if let Some(what) = settings.plan_origin.expansion.clone() {
            rollout.note(now, Happening::Note { what });
        }
        for finding in &patched.warnings {
            rollout.note(now, Happening::Note { what: finding.to_string() });
        }
        for what in self.definitions.register.notes.iter().chain(&left_out).cloned() {
            rollout.note(now, Happening::Note { what });
        }
        if self.candidate_group().is_none() {
            let model = self.model_group().map(|model| model.name.clone()).unwrap_or_default();
            rollout.note(now, Happening::Prepared { what: format!("created target group {} like {model}", group.name) });
        }
        rollout.note(now, Happening::Prepared { what: format!("registered task definition {}", registered.short()) });
        Ok(Prepared { rollout, slots, ledger, test_rules, hooks, task_definition_arn: Some(registered.arn.clone()) })
    }

    /// The ECS services of stable and candidate; none at bootstrap.
    pub(crate) fn ecs_services(&self) -> Option<(&str, &str)> {
        let stable = self.survey.slots[self.roles.stable?].service.as_ref()?;
        Some((&stable.name, self.candidate_service()))
    }

    /// The candidate's ECS service.
    pub(crate) fn candidate_service(&self) -> &str {
        &self.slot(self.roles.candidate).ecs_service
    }

    /// The candidate's size: stable's, as it wants and as it runs; at bootstrap what the file says.
    fn size(&self) -> u32 {
        let service = self.roles.stable.and_then(|index| self.survey.slots[index].service.as_ref());
        service.map_or_else(|| self.definitions.desired_count(), |service| service.desired.max(service.running))
    }

    fn stable(&self, index: usize) -> Option<Slot> {
        let (seen, slot) = (&self.survey.slots[index], self.slot(index));
        let group = seen.group.as_ref()?;
        Some(Slot {
            name: slot.name.clone(),
            group: group.named(),
            group_arn: group.arn.clone(),
            ecs_service: seen.service.as_ref().map(|service| service.name.clone()),
            task_definition: seen.service.as_ref().map(|service| service.task_definition.clone()),
        })
    }

    /// What `--dry-run` shows.
    pub(crate) fn plan_in_words(&self) -> Vec<String> {
        let (plan, slot) = (&self.settings.plan, self.slot(self.roles.candidate));
        let verb = |exists: bool| if exists { "update" } else { "create" };
        let mut lines = vec![match self.roles.stable {
            Some(stable) => format!(
                "would release {}: {} in slot {} keeps serving while a new revision of {} starts in slot {}",
                self.settings.service,
                self.known_stable().unwrap_or_else(|| "what serves".to_owned()),
                self.slot(stable).name,
                self.definitions.family(),
                slot.name
            ),
            None => {
                format!("would release {} for the first time, in slot {}: nothing serves yet", self.settings.service, slot.name)
            }
        }];
        if self.candidate_group().is_none() {
            let model = self.model_group().map(|model| model.name.clone()).unwrap_or_default();
            lines.push(format!("create target group {} like {model}", slot.target_group.text));
        }
        lines.push(format!("register a revision of task definition {}", self.definitions.family()));
        lines.extend(
            self.roles.targets.iter().map(|(target, _)| format!("attach {} to {}", slot.target_group.text, target.label())),
        );
        let exists = self.survey.slots[self.roles.candidate].service.is_some();
        lines.push(format!("{} ECS service {} with {} tasks", verb(exists), slot.ecs_service, self.size()));
        if let Some(stable) = self.roles.stable {
            let time = |time| humantime::format_duration(time);
            lines.extend(self.settings.plan_origin.expansion.clone());
            lines.extend(plan.steps.iter().enumerate().map(|(index, step)| {
                let hold = step.hold.map(|Hold { timeout, on_timeout }| {
                    let then = if on_timeout == OnTimeout::Continue { "it goes on" } else { "it is rolled back" };
                    format!("after a hold of {} ({then} where nobody promotes it), ", time(timeout))
                });
                let hold = hold.unwrap_or_default();
                format!(
                    "step {}: {hold}{} of the requests, settle {}, watch {}",
                    index + 1,
                    step.share,
                    time(plan.settle),
                    time(step.bake)
                )
            }));
            lines.extend(judging::in_words(&self.settings.judging.analysis, plan.steps.len()));
            let holds = if plan.steps.iter().any(|step| step.hold.is_some()) { "; holds do not count" } else { "" };
            lines.push(format!(
                "all steps take at least {}; after {} it is rolled back{holds}",
                time(plan.least_time()),
                time(plan.timeout)
            ));
            let is_there = self.survey.slots[stable].service.is_some();
            lines.push(match plan.retire_after {
                Some(_) if !is_there => format!("nobody stops what is registered in {}", self.slot(stable).target_group.text),
                Some(after) => {
                    format!("{} after the promotion: stop the tasks of {}", time(after), self.slot(stable).ecs_service)
                }
                None => format!("the tasks of {} are left running", self.slot(stable).ecs_service),
            });
        }
        lines
    }

    pub(crate) fn wanted_group(&self) -> &str {
        &self.slot(self.roles.candidate).target_group.text
    }

    pub(crate) fn candidate_group(&self) -> Option<&TargetGroup> {
        self.survey.slots[self.roles.candidate].group.as_ref()
    }
}

/// A slot as the record keeps it.
pub(super) fn recorded(slot: &Slot, count: u32) -> SlotRecord {
    SlotRecord {
        name: slot.name.clone(),
        group: slot.group_arn.as_str().to_owned(),
        ecs_service: slot.ecs_service.clone(),
        task_definition: slot.task_definition.clone(),
        count,
    }
}

/// `20261122T013000Z-1a2b3c4d`: when, and what made it different from another begun in the same second.
pub(super) fn rollout_id(started: Timestamp, of: &[&str]) -> String {
    let digest = Sha256::digest(of.join(" "));
    let hexadecimal: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let when: String = started.to_string().chars().filter(|character| !matches!(character, '-' | ':')).collect();
    format!("{when}-{hexadecimal}")
}
