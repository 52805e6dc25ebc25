//! What ECS is sent for a preview: the definitions of a release, made small.

use serde_json::{Value, json};

use super::stage::Stage;
use crate::{
    aws::slots::Launch,
    commands::definitions::{Definitions, ForSlot},
    definition::{Given, request},
    exit::Error,
    preview::{
        name::Names,
        size::{self, FILTER},
    },
    settings::{DeploySettings, PreviewSettings},
};

/// The definitions of one preview.
pub(super) struct Bodies<'s> {
    settings: &'s PreviewSettings,
    names: &'s Names,
    definitions: Definitions,
    filters: Vec<Given>,
    tags: Vec<(String, String)>,
}

impl<'s> Bodies<'s> {
    /// Reads and judges them.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn read(stage: &'s Stage<'_>, release: &DeploySettings, names: &'s Names) -> Result<Self, Error> {
        let settings = stage.settings;
        let mut release = release.clone();
        for variable in &mut release.variables {
            variable.value = names.fill(&variable.value);
        }
        let definitions = Definitions::read_with(&release, settings.previews.task_overrides.as_ref())?;
        let built_in = Given::new(FILTER, "what a preview leaves out");
        let filters = [built_in].into_iter().chain(settings.previews.overrides.clone()).collect();
        let tags = stage.home.tags(names.number).into_iter().collect();
        Ok(Self { settings, names, definitions, filters, tags })
    }

    /// The body of RegisterTaskDefinition.
    pub(super) fn register(&self) -> Value {
        let mut body = self.definitions.register.body.clone();
        size::task(&mut body, &self.settings.previews.size, &self.names.family, &self.tags);
        body
    }

    /// The bodies of CreateService and UpdateService, with what was left out of them.
    ///
    /// # Errors
    /// Everything that keeps the definition from a preview.
    pub(super) fn launch(&self, group_arn: &str, task_definition: &str) -> Result<(Value, Value, Vec<String>), Error> {
        let slot = ForSlot {
            slot: &self.names.key,
            ecs_service: &self.names.ecs_service,
            group_arn,
            overrides: &self.filters,
            beside_stable: true,
            rules: Vec::new(),
        };
        let patched = self.definitions.for_slot(slot)?;
        let (cluster, name) = (self.settings.cluster.as_str(), self.names.ecs_service.as_str());
        let (launch, notes) = self.definitions.launch(&patched, cluster, name, task_definition, (&self.settings.service, ""));
        let Launch::Definition { mut create, mut update, .. } = launch else {
            return Err(Error::invalid("the definition cannot be launched"));
        };
        size::service(&mut create, &self.settings.previews.size, Some(&self.tags));
        size::service(&mut update, &self.settings.previews.size, None);
        let warnings = patched.warnings.iter().map(ToString::to_string);
        Ok((create, update, warnings.chain(notes).collect()))
    }
}

/// Creates the ECS service, or has the one that is there run this.
///
/// # Errors
/// AWS's refusal.
pub(super) async fn launch(
    stage: &Stage<'_>,
    names: &Names,
    (create, update): (&Value, &Value),
    (life, is_new): (&str, bool),
) -> Result<(), crate::aws::Fault> {
    if is_new {
        let mut body = create.clone();
        // A repeated call after a lost answer is the same call (ECS: up to 36 ASCII characters).
        body["clientToken"] = json!(life);
        return stage.home.launch(&stage.aws, &body, true).await;
    }
    let described = stage.aws.ecs.describe_services(&stage.settings.cluster, &[&names.ecs_service]).await?;
    let mut body = update.clone();
    if let Some(service) = described.into_iter().flatten().next() {
        request::clear(&mut body, &service.raw);
    }
    stage.home.launch(&stage.aws, &body, false).await
}
