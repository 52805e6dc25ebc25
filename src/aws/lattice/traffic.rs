//! Traffic targets: finding the places that hold weights, and reading what they say.

use aws_sdk_vpclattice::types::{FixedResponseAction, ForwardAction, RuleAction, WeightedTargetGroup};
use futures_util::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, FuturesOrdered},
};

use super::{
    Lattice,
    action::Action,
    ids::{ListenerId, Resource, RuleId, ServiceId, TargetGroupId, path_of},
    resolve::{Listed, ResolveError},
};
use crate::aws::fault::Fault;

/// Calls that a listing may have in flight at once: a service has at most 2 listeners of 10 rules (AWS quotas), and throttling is
/// dearer than waiting.
const AT_ONCE: usize = 8;

/// A Lattice service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatticeService {
    /// Its id.
    pub id: ServiceId,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
}

/// A place that holds weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrafficTarget {
    /// A rule that is not the default one.
    Rule {
        /// Its ARN: what its tags hang on.
        arn: String,
        /// The service's id.
        service: ServiceId,
        /// The listener's id.
        listener: ListenerId,
        /// The rule's id.
        rule: RuleId,
        /// The listener's name; its id where the name is not known.
        listener_name: String,
        /// The rule's name; its id where the name is not known.
        name: String,
        /// Lower goes first; none where it is not known.
        priority: Option<u32>,
    },
    /// A listener's default action, which is read and written at the listener and not at its default rule.
    Default {
        /// The listener's ARN: what its tags hang on.
        arn: String,
        /// The service's id.
        service: ServiceId,
        /// The listener's id.
        listener: ListenerId,
        /// The listener's name; its id where the name is not known.
        name: String,
    },
}

/// An ARN that is neither a rule's nor a listener's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a rule or a listener")]
pub struct NotATrafficTarget(String);

impl TrafficTarget {
    /// From an ARN alone, as a record holds it: no call, and no names.
    ///
    /// # Errors
    /// When it is neither a rule's nor a listener's.
    pub fn from_arn(arn: &str) -> Result<Self, NotATrafficTarget> {
        let (service, listener, rule) = path_of(arn).ok_or_else(|| NotATrafficTarget(arn.to_owned()))?;
        let arn = arn.to_owned();
        let listener_name = listener.to_string();
        Ok(match rule {
            Some(rule) => Self::Rule { arn, service, listener, listener_name, name: rule.to_string(), rule, priority: None },
            None => Self::Default { arn, service, listener, name: listener_name },
        })
    }

    /// The ARN of the rule, or of the listener for its default action: where its tags are.
    #[must_use]
    pub fn arn(&self) -> &str {
        match self {
            Self::Rule { arn, .. } | Self::Default { arn, .. } => arn,
        }
    }

    /// The service that it belongs to.
    #[must_use]
    pub const fn service(&self) -> &ServiceId {
        match self {
            Self::Rule { service, .. } | Self::Default { service, .. } => service,
        }
    }

    /// The listener that it belongs to.
    #[must_use]
    pub const fn listener(&self) -> &ListenerId {
        match self {
            Self::Rule { listener, .. } | Self::Default { listener, .. } => listener,
        }
    }

    /// For people: `rule api (priority 10) of http-80`, `default action of http-80`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Rule { name, priority: Some(priority), listener_name, .. } => {
                format!("rule {name} (priority {priority}) of {listener_name}")
            }
            Self::Rule { name, priority: None, listener_name, .. } => format!("rule {name} of {listener_name}"),
            Self::Default { name, .. } => format!("default action of {name}"),
        }
    }
}

/// Traffic targets, each with its action.
pub type Traffic = Vec<(TrafficTarget, Action)>;

impl Lattice {
    /// Every Lattice service of the account's region, and those that are shared with it: one call for a hundred.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn list_services(&self) -> Result<Vec<LatticeService>, Fault> {
        let service = |service: aws_sdk_vpclattice::types::ServiceSummary| LatticeService {
            id: ServiceId::of(&service.id.unwrap_or_default()),
            name: service.name.unwrap_or_default(),
            arn: service.arn.unwrap_or_default(),
        };
        Ok(self.summaries().await?.into_iter().map(service).collect())
    }

    async fn summaries(&self) -> Result<Vec<aws_sdk_vpclattice::types::ServiceSummary>, Fault> {
        let pages = self.reads.list_services().max_results(100).into_paginator().items().send();
        pages.try_collect().await.map_err(|error| Fault::from_sdk("ListServices", &error))
    }

    /// The Lattice service of this name, id or ARN.
    ///
    /// # Errors
    /// When there is none or several, with those that there are; when AWS refuses.
    pub async fn resolve_service(&self, given: &str) -> Result<LatticeService, ResolveError> {
        let services = self.summaries().await?;
        let listed = |service: aws_sdk_vpclattice::types::ServiceSummary| {
            let about = [
                service.status.as_ref().map(|status| status.as_str()),
                service.dns_entry.as_ref().and_then(|entry| entry.domain_name.as_deref()),
            ];
            Listed::new(service.id.clone(), service.name.clone(), service.arn.clone()).about(&about)
        };
        let listed = services.into_iter().map(listed).collect();
        let Listed { id, name, arn, .. } = self.choose(Resource::Service, given, listed).await?;
        Ok(LatticeService { id: ServiceId::of(&id), name, arn })
    }

    /// Every traffic target of a service, with its action: by listener's name, rules in the order in which they are matched, the default
    /// action last.
    ///
    /// `ListRules` does not give actions, so each rule takes a call of its own.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn traffic_targets(&self, service: &ServiceId) -> Result<Vec<(TrafficTarget, Action)>, Fault> {
        let listeners = self.listeners(service).await?;
        self.traffic_of(service, listeners).await
    }

    /// The same in two parts: what belongs to the listener of this name, id or ARN (to any of them, where none is given), and what belongs
    /// to the others.
    ///
    /// # Errors
    /// When there is no such listener; when AWS refuses.
    pub async fn traffic_targets_of(&self, service: &ServiceId, listener: Option<&str>) -> Result<[Traffic; 2], ResolveError> {
        let listeners = self.listeners(service).await?;
        let Some(given) = listener else { return Ok([self.traffic_of(service, listeners).await?, Vec::new()]) };
        let chosen = self.choose(Resource::Listener, given, listeners.clone()).await?;
        let all = self.traffic_of(service, listeners).await?;
        let (of_it, of_others) = all.into_iter().partition(|(target, _)| target.listener().as_str() == chosen.id);
        Ok([of_it, of_others])
    }

    async fn listeners(&self, service: &ServiceId) -> Result<Vec<Listed>, Fault> {
        let pages = self.reads.list_listeners().service_identifier(service.as_str()).max_results(100).into_paginator();
        let listeners: Vec<aws_sdk_vpclattice::types::ListenerSummary> =
            pages.items().send().try_collect().await.map_err(|error| Fault::from_sdk("ListListeners", &error))?;
        let listed = |listener: aws_sdk_vpclattice::types::ListenerSummary| Listed::new(listener.id, listener.name, listener.arn);
        let mut listed: Vec<Listed> = listeners.into_iter().map(listed).collect();
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    async fn traffic_of(&self, service: &ServiceId, listed: Vec<Listed>) -> Result<Vec<(TrafficTarget, Action)>, Fault> {
        let rules = listed.iter().map(|listener| self.targets_of(service, listener)).collect::<FuturesOrdered<_>>();
        let targets: Vec<TrafficTarget> = rules.try_collect::<Vec<_>>().await?.into_iter().flatten().collect();
        let actions = self.read_actions(&targets).await;
        let mut found = Vec::with_capacity(targets.len());
        for (target, action) in targets.into_iter().zip(actions) {
            // One that was deleted between listing and reading is not there.
            if let Some(action) = action? {
                found.push((target, action));
            }
        }
        Ok(found)
    }

    async fn targets_of(&self, service: &ServiceId, listener: &Listed) -> Result<Vec<TrafficTarget>, Fault> {
        let pages =
            self.reads.list_rules().service_identifier(service.as_str()).listener_identifier(&listener.id).max_results(100);
        let mut rules: Vec<aws_sdk_vpclattice::types::RuleSummary> =
            pages.into_paginator().items().send().try_collect().await.map_err(|error| Fault::from_sdk("ListRules", &error))?;
        // The default rule is listed too, but only the listener can change its action.
        rules.retain(|rule| rule.is_default != Some(true));
        rules.sort_by_key(|rule| rule.priority);
        let listener_id = ListenerId::of(&listener.id);
        let mut targets: Vec<TrafficTarget> = rules
            .into_iter()
            .map(|rule| {
                let Listed { id, name, arn, .. } = Listed::new(rule.id, rule.name, rule.arn);
                TrafficTarget::Rule {
                    arn,
                    service: service.clone(),
                    listener: listener_id.clone(),
                    rule: RuleId::of(&id),
                    listener_name: listener.name.clone(),
                    name,
                    priority: rule.priority.and_then(|priority| u32::try_from(priority).ok()),
                }
            })
            .collect();
        targets.push(TrafficTarget::Default {
            arn: listener.arn.clone(),
            service: service.clone(),
            listener: listener_id,
            name: listener.name.clone(),
        });
        Ok(targets)
    }

    /// What each of these says now, in their order and read concurrently; none where it is gone.
    pub async fn read_actions(&self, targets: &[TrafficTarget]) -> Vec<Result<Option<Action>, Fault>> {
        stream::iter(targets).map(|target| self.read_action(target)).buffered(AT_ONCE).collect().await
    }

    async fn read_action(&self, target: &TrafficTarget) -> Result<Option<Action>, Fault> {
        let (operation, answer) = match target {
            TrafficTarget::Rule { service, listener, rule, .. } => {
                let call = self.reads.get_rule().service_identifier(service.as_str()).listener_identifier(listener.as_str());
                let answer = call.rule_identifier(rule.as_str()).send().await;
                ("GetRule", answer.map(|rule| rule.action).map_err(|error| Fault::from_sdk("GetRule", &error)))
            }
            TrafficTarget::Default { service, listener, .. } => {
                let call = self.reads.get_listener().service_identifier(service.as_str()).listener_identifier(listener.as_str());
                let answer = call.send().await;
                (
                    "GetListener",
                    answer.map(|listener| listener.default_action).map_err(|error| Fault::from_sdk("GetListener", &error)),
                )
            }
        };
        match answer {
            Ok(Some(action)) => Ok(Some(from_sdk(&action))),
            Ok(None) => Err(Fault::unreadable(operation, format!("the answer for {} has no action", target.label()))),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

/// A weight that is not sent counts 100 where the group is alone, and 1 beside others, the two defaults that AWS documents.
fn from_sdk(action: &RuleAction) -> Action {
    if let RuleAction::Forward(forward) = action {
        let absent = if forward.target_groups().len() == 1 { 100 } else { 1 };
        let weight = |group: &WeightedTargetGroup| u16::try_from(group.weight().unwrap_or(absent)).unwrap_or(u16::MAX);
        let group = |group: &WeightedTargetGroup| (TargetGroupId::of(group.target_group_identifier()), weight(group));
        Action::Forward(forward.target_groups().iter().map(group).collect())
    } else if let RuleAction::FixedResponse(fixed) = action {
        Action::Fixed(u16::try_from(fixed.status_code()).unwrap_or(u16::MAX))
    } else {
        Action::Other
    }
}

/// As the SDK takes it; none for what is never written.
pub(super) fn to_sdk(action: &Action) -> Option<RuleAction> {
    match action {
        Action::Forward(groups) => {
            let group = |(group, weight): &(TargetGroupId, u16)| {
                let group = WeightedTargetGroup::builder().target_group_identifier(group.as_str()).weight(i32::from(*weight));
                group.build().ok()
            };
            let groups = groups.iter().map(group).collect::<Option<Vec<_>>>()?;
            ForwardAction::builder().set_target_groups(Some(groups)).build().ok().map(RuleAction::Forward)
        }
        Action::Fixed(status) => {
            FixedResponseAction::builder().status_code(i32::from(*status)).build().ok().map(RuleAction::FixedResponse)
        }
        Action::Other => None,
    }
}
