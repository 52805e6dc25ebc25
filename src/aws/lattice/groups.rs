//! Target groups: finding them, making one like another, and the health of their targets.

use std::collections::BTreeMap;

use aws_sdk_vpclattice::{
    operation::{create_target_group::CreateTargetGroupOutput, get_target_group::GetTargetGroupOutput},
    types::{TargetGroupConfig, TargetGroupSummary, TargetSummary},
};
use sha2::{Digest as _, Sha256};

use super::{
    Lattice,
    action::NamedGroup,
    ids::{Given, Resource, TargetGroupArn, TargetGroupId},
    resolve::{Listed, ResolveError},
};
use crate::{aws::fault::Fault, verify::limits::HealthCheck};

/// A target group. Its port, protocol, addresses and VPC never change once it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetGroup {
    /// Its id.
    pub id: TargetGroupId,
    /// Its ARN.
    pub arn: TargetGroupArn,
    /// Its name.
    pub name: String,
    /// Where its creation or deletion stands.
    pub status: GroupStatus,
    /// AWS's own words when that failed.
    pub failure: Option<String>,
    /// `IP`, `INSTANCE`, `ALB`, `LAMBDA`. ECS fills `IP` groups.
    pub target_type: String,
    /// The port that targets listen on.
    pub port: Option<u16>,
    /// `HTTP`, `HTTPS`, `TCP`.
    pub protocol: Option<String>,
    /// `HTTP1`, `HTTP2`, `GRPC`.
    pub protocol_version: Option<String>,
    /// The VPC's id.
    pub vpc: Option<String>,
    /// `IPV4`, `IPV6`.
    pub ip_address_type: Option<String>,
    /// Its health check is on. Off by default for HTTP2, gRPC and TCP; absent for Lambda and ALB.
    pub health_checked: bool,
    /// The health check's path, where it has one.
    pub health_check_path: Option<String>,
    /// The Lattice services that use it: at most one (AWS documentation).
    pub service_arns: Vec<String>,
    /// Everything about it that a group like it is made with.
    config: Option<TargetGroupConfig>,
}

/// Where a target group's life stands (service model, `TargetGroupStatus`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupStatus {
    /// Not usable yet.
    CreateInProgress,
    /// Usable.
    Active,
    /// Going.
    DeleteInProgress,
    /// Must be deleted and made again.
    CreateFailed,
    /// Still there.
    DeleteFailed,
    /// One that this version does not know.
    Other(String),
}

/// A target and its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// An IP address, an instance's id, a function's or a load balancer's ARN.
    pub address: String,
    /// The port; none for functions.
    pub port: Option<u16>,
    /// Its health.
    pub status: TargetStatus,
    /// AWS's code for why, such as `HealthCheckFailed`: a free text.
    pub reason: Option<String>,
}

/// A target's health (service model, `TargetStatus`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetStatus {
    /// Its first check is pending.
    Initial,
    /// It passes.
    Healthy,
    /// It fails.
    Unhealthy,
    /// Its group is used by no service.
    Unused,
    /// It is being deregistered.
    Draining,
    /// Nothing checks it.
    Unavailable,
    /// One that this version does not know.
    Other(String),
}

impl From<&str> for GroupStatus {
    fn from(text: &str) -> Self {
        match text {
            "CREATE_IN_PROGRESS" => Self::CreateInProgress,
            "ACTIVE" => Self::Active,
            "DELETE_IN_PROGRESS" => Self::DeleteInProgress,
            "CREATE_FAILED" => Self::CreateFailed,
            "DELETE_FAILED" => Self::DeleteFailed,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<&str> for TargetStatus {
    fn from(text: &str) -> Self {
        match text {
            "INITIAL" => Self::Initial,
            "HEALTHY" => Self::Healthy,
            "UNHEALTHY" => Self::Unhealthy,
            "UNUSED" => Self::Unused,
            "DRAINING" => Self::Draining,
            "UNAVAILABLE" => Self::Unavailable,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl TargetGroup {
    /// Its health check, as far as it decides; none where there is none.
    #[must_use]
    pub fn check(&self) -> Option<HealthCheck> {
        let check = self.config.as_ref()?.health_check.as_ref().filter(|check| check.enabled == Some(true))?;
        let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
        let matcher = check.matcher.as_ref().and_then(|matcher| matcher.as_http_code().ok()).cloned();
        Some(HealthCheck {
            path: check.path.clone(),
            matcher,
            interval: number(check.health_check_interval_seconds),
            unhealthy_after: number(check.unhealthy_threshold_count),
        })
    }

    /// Its id and name.
    #[must_use]
    pub fn named(&self) -> NamedGroup {
        NamedGroup { id: self.id.clone(), name: self.name.clone() }
    }
}

impl Lattice {
    /// The target group of this name, id or ARN; none where there is none. One that is being deleted counts only when nothing else
    /// has its name.
    ///
    /// # Errors
    /// When the text names no target group; when AWS refuses.
    pub async fn resolve_group(&self, given: &str) -> Result<Option<TargetGroup>, ResolveError> {
        match Given::parse(Resource::TargetGroup, given)? {
            Given::Id(id) | Given::Arn(id) => Ok(self.get_group(&id).await?),
            Given::Tag(..) => {
                let groups = self.reads.list_target_groups().max_results(100).into_paginator().items().send();
                let groups: Vec<_> = groups.try_collect().await.map_err(|error| Fault::from_sdk("ListTargetGroups", &error))?;
                let listed = groups.into_iter().filter(|group| !is_going(group)).map(listed).collect();
                Ok(self.get_group(&self.choose(Resource::TargetGroup, given, listed).await?.id).await?)
            }
            Given::Name(name) => match self.find_group(&name).await? {
                Some(id) => Ok(self.get_group(&id).await?),
                None => Ok(None),
            },
        }
    }

    async fn find_group(&self, name: &str) -> Result<Option<String>, Fault> {
        let mut groups = self.reads.list_target_groups().max_results(100).into_paginator().items().send();
        let mut going = None;
        while let Some(group) = groups.try_next().await.map_err(|error| Fault::from_sdk("ListTargetGroups", &error))? {
            if group.name() != Some(name) {
                continue;
            }
            if is_going(&group) {
                going = group.id;
            } else {
                return Ok(group.id);
            }
        }
        Ok(going)
    }

    /// The target group of this id or ARN as it is now; none where there is none.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn get_group(&self, id_or_arn: &str) -> Result<Option<TargetGroup>, Fault> {
        match self.reads.get_target_group().target_group_identifier(id_or_arn).send().await {
            Ok(group) => Ok(Some(from_get(group))),
            Err(error) => {
                let fault = Fault::from_sdk("GetTargetGroup", &error);
                if fault.is_not_found() { Ok(None) } else { Err(fault) }
            }
        }
    }

    /// Makes a group with this name that is otherwise like `model`: type, port, protocol, VPC, health check. It answers before the
    /// group is `Active`: ask [`Lattice::get_group`] again. The same call a second time makes no second group; one that was taken away
    /// meanwhile is made again under another `life`, for AWS answers what it has answered before.
    ///
    /// # Errors
    /// When AWS refuses: the name is taken, a quota is reached.
    pub async fn create_like(
        &self,
        name: &str,
        model: &TargetGroup,
        tags: &BTreeMap<String, String>,
        life: &str,
    ) -> Result<TargetGroup, Fault> {
        let tags_sent = (!tags.is_empty()).then(|| tags.clone().into_iter().collect());
        let answer = self
            .reads
            .create_target_group()
            .name(name)
            .r#type(model.target_type.as_str().into())
            .set_config(model.config.clone())
            .set_tags(tags_sent)
            .client_token(client_token(name, model, tags, life))
            .send()
            .await;
        answer.map(from_create).map_err(|error| Fault::from_sdk("CreateTargetGroup", &error))
    }

    /// Every target of the group.
    ///
    /// # Errors
    /// When AWS refuses, or the group is gone.
    pub async fn list_targets(&self, group: &TargetGroupArn) -> Result<Vec<Target>, Fault> {
        let pages = self.reads.list_targets().target_group_identifier(group.as_str()).max_results(100).into_paginator();
        let targets: Vec<TargetSummary> =
            pages.items().send().try_collect().await.map_err(|error| Fault::from_sdk("ListTargets", &error))?;
        let target = |target: TargetSummary| Target {
            address: target.id.unwrap_or_default(),
            port: target.port.and_then(|port| u16::try_from(port).ok()),
            status: TargetStatus::from(target.status.as_ref().map_or("", |status| status.as_str())),
            reason: target.reason_code,
        };
        Ok(targets.into_iter().map(target).collect())
    }
}

fn listed(group: TargetGroupSummary) -> Listed {
    let about = [
        group.r#type.as_ref().map(|kind| kind.as_str()),
        group.vpc_identifier.as_deref(),
        group.status.as_ref().map(|status| status.as_str()),
    ];
    Listed::new(group.id.clone(), group.name.clone(), group.arn.clone()).about(&about)
}

fn is_going(group: &TargetGroupSummary) -> bool {
    GroupStatus::from(group.status().map_or("", |status| status.as_str())) == GroupStatus::DeleteInProgress
}

/// AWS answers a token with the first answer it gave to it, and fails when the parameters differ: so the token is made of all of
/// them (at most 64 characters, service model `ClientToken`).
fn client_token(name: &str, model: &TargetGroup, tags: &BTreeMap<String, String>, life: &str) -> String {
    let parameters = format!("{name} {} {:?} {tags:?} {life}", model.target_type, model.config);
    let digest = Sha256::digest(parameters.as_bytes());
    digest.iter().take(16).fold("espalier-".to_owned(), |token, byte| format!("{token}{byte:02x}"))
}

fn from_get(group: GetTargetGroupOutput) -> TargetGroup {
    let failure = match (group.failure_code, group.failure_message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    };
    let created = CreateTargetGroupOutput::builder()
        .set_id(group.id)
        .set_arn(group.arn)
        .set_name(group.name)
        .set_type(group.r#type)
        .set_config(group.config)
        .set_status(group.status)
        .build();
    TargetGroup { failure, service_arns: group.service_arns.unwrap_or_default(), ..from_create(created) }
}

fn from_create(group: CreateTargetGroupOutput) -> TargetGroup {
    let config = group.config;
    let of = config.as_ref();
    let check = of.and_then(|config| config.health_check.as_ref());
    let arn = TargetGroupArn::of(&group.arn.unwrap_or_default());
    TargetGroup {
        id: group.id.map_or_else(|| arn.id(), |id| TargetGroupId::of(&id)),
        arn,
        name: group.name.unwrap_or_default(),
        status: GroupStatus::from(group.status.as_ref().map_or("", |status| status.as_str())),
        failure: None,
        target_type: group.r#type.map_or_else(String::new, |kind| kind.as_str().to_owned()),
        port: of.and_then(|config| config.port).and_then(|port| u16::try_from(port).ok()),
        protocol: of.and_then(|config| config.protocol.as_ref()).map(|protocol| protocol.as_str().to_owned()),
        protocol_version: of.and_then(|config| config.protocol_version.as_ref()).map(|version| version.as_str().to_owned()),
        vpc: of.and_then(|config| config.vpc_identifier.clone()),
        ip_address_type: of.and_then(|config| config.ip_address_type.as_ref()).map(|kind| kind.as_str().to_owned()),
        health_checked: check.is_some_and(|check| check.enabled == Some(true)),
        health_check_path: check.and_then(|check| check.path.clone()),
        service_arns: Vec::new(),
        config,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_service_model_is_known() {
        for status in aws_sdk_vpclattice::types::TargetStatus::values() {
            assert!(!matches!(TargetStatus::from(*status), TargetStatus::Other(_)), "{status}");
        }
        for status in aws_sdk_vpclattice::types::TargetGroupStatus::values() {
            assert!(!matches!(GroupStatus::from(*status), GroupStatus::Other(_)), "{status}");
        }
        assert_eq!(TargetStatus::from("RESTING"), TargetStatus::Other("RESTING".to_owned()));
    }
}
