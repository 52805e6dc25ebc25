//! How each resource is found: by its id or its ARN. An ARN that differs in region, account or parent is another resource's.

use serde_json::Value;

use super::{
    refusal::not_found,
    state::{
        ASSOCIATION, Association, Card, GROUP, Group, LISTENER, Listener, NETWORK, Network, Policies, RULE, Rule, SERVICE,
        SUBSCRIPTION, Service, State, Subscription, VPC_ASSOCIATION, VpcAssociation,
    },
};
use crate::sandbox::protocol::Refusal;

impl State {
    pub(super) fn service(&self, id: &str) -> Result<&Service, Refusal> {
        self.services.iter().find(|service| service.card.is(id)).ok_or_else(|| not_found(SERVICE, id))
    }

    pub(super) fn service_mut(&mut self, id: &str) -> Result<&mut Service, Refusal> {
        self.services.iter_mut().find(|service| service.card.is(id)).ok_or_else(|| not_found(SERVICE, id))
    }

    pub(super) fn listener(&self, service: &str, id: &str) -> Result<&Listener, Refusal> {
        let listeners = &self.service(service)?.listeners;
        listeners.iter().find(|listener| listener.card.is(id)).ok_or_else(|| not_found(LISTENER, id))
    }

    pub(super) fn listener_mut(&mut self, service: &str, id: &str) -> Result<&mut Listener, Refusal> {
        let listeners = &mut self.service_mut(service)?.listeners;
        listeners.iter_mut().find(|listener| listener.card.is(id)).ok_or_else(|| not_found(LISTENER, id))
    }

    pub(super) fn rule(&self, service: &str, listener: &str, id: &str) -> Result<&Rule, Refusal> {
        let rules = &self.listener(service, listener)?.rules;
        rules.iter().find(|rule| rule.card.is(id)).ok_or_else(|| not_found(RULE, id))
    }

    pub(super) fn rule_mut(&mut self, service: &str, listener: &str, id: &str) -> Result<&mut Rule, Refusal> {
        let rules = &mut self.listener_mut(service, listener)?.rules;
        rules.iter_mut().find(|rule| rule.card.is(id)).ok_or_else(|| not_found(RULE, id))
    }

    pub(super) fn group(&self, id: &str) -> Result<&Group, Refusal> {
        self.groups.iter().find(|group| group.card.is(id)).ok_or_else(|| not_found(GROUP, id))
    }

    pub(super) fn group_mut(&mut self, id: &str) -> Result<&mut Group, Refusal> {
        self.groups.iter_mut().find(|group| group.card.is(id)).ok_or_else(|| not_found(GROUP, id))
    }

    pub(super) fn network(&self, id: &str) -> Result<&Network, Refusal> {
        self.networks.iter().find(|network| network.card.is(id)).ok_or_else(|| not_found(NETWORK, id))
    }

    pub(super) fn association(&self, id: &str) -> Result<&Association, Refusal> {
        self.associations.iter().find(|association| association.card.is(id)).ok_or_else(|| not_found(ASSOCIATION, id))
    }

    pub(super) fn association_mut(&mut self, id: &str) -> Result<&mut Association, Refusal> {
        let found = self.associations.iter_mut().find(|association| association.card.is(id));
        found.ok_or_else(|| not_found(ASSOCIATION, id))
    }

    pub(super) fn network_mut(&mut self, id: &str) -> Result<&mut Network, Refusal> {
        self.networks.iter_mut().find(|network| network.card.is(id)).ok_or_else(|| not_found(NETWORK, id))
    }

    pub(super) fn vpc(&self, id: &str) -> Result<&VpcAssociation, Refusal> {
        self.vpcs.iter().find(|vpc| vpc.card.is(id)).ok_or_else(|| not_found(VPC_ASSOCIATION, id))
    }

    pub(super) fn vpc_mut(&mut self, id: &str) -> Result<&mut VpcAssociation, Refusal> {
        self.vpcs.iter_mut().find(|vpc| vpc.card.is(id)).ok_or_else(|| not_found(VPC_ASSOCIATION, id))
    }

    pub(super) fn subscription(&self, id: &str) -> Result<&Subscription, Refusal> {
        self.subscriptions.iter().find(|subscription| subscription.card.is(id)).ok_or_else(|| not_found(SUBSCRIPTION, id))
    }

    /// Every rule, default ones included, with its listener and service.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&Service, &Listener, &Rule)> {
        self.services.iter().flat_map(|service| {
            service.listeners.iter().flat_map(move |listener| listener.rules.iter().map(move |rule| (service, listener, rule)))
        })
    }

    pub(super) fn rules_mut(&mut self) -> impl Iterator<Item = &mut Rule> {
        self.services.iter_mut().flat_map(|service| &mut service.listeners).flat_map(|listener| &mut listener.rules)
    }

    /// The ARN of the service whose actions name the group.
    pub(super) fn user_of(&self, group_id: &str) -> Option<&str> {
        self.rules().find(|(_, _, rule)| rule.action.names(group_id)).map(|(service, _, _)| service.card.arn.as_str())
    }

    /// Every resource that has tags.
    pub(super) fn cards_mut(&mut self) -> impl Iterator<Item = &mut Card> {
        let services = self.services.iter_mut().flat_map(|service| {
            let listeners = service.listeners.iter_mut().flat_map(|listener| {
                let rules = listener.rules.iter_mut().map(|rule| &mut rule.card);
                std::iter::once(&mut listener.card).chain(rules)
            });
            std::iter::once(&mut service.card).chain(listeners)
        });
        let groups = self.groups.iter_mut().map(|group| &mut group.card);
        let networks = self.networks.iter_mut().map(|network| &mut network.card);
        let associations = self.associations.iter_mut().map(|association| &mut association.card);
        let vpcs = self.vpcs.iter_mut().map(|vpc| &mut vpc.card);
        let subscriptions = self.subscriptions.iter_mut().map(|subscription| &mut subscription.card);
        services.chain(groups).chain(networks).chain(associations).chain(vpcs).chain(subscriptions)
    }

    /// A service's or a network's card, `authType` and policies, by its id or ARN.
    pub(super) fn guarded(&self, id: &str) -> Result<(&Card, &Value, &Policies), Refusal> {
        if is_network(id) {
            return self.network(id).map(|network| (&network.card, &network.settings["authType"], &network.policies));
        }
        self.service(id).map(|service| (&service.card, &service.settings["authType"], &service.policies))
    }

    pub(super) fn policies_mut(&mut self, id: &str) -> Result<&mut Policies, Refusal> {
        if is_network(id) {
            return self.network_mut(id).map(|network| &mut network.policies);
        }
        self.service_mut(id).map(|service| &mut service.policies)
    }
}

/// Whether an id or an ARN is a service network's.
pub(super) fn is_network(id_or_arn: &str) -> bool {
    id_or_arn.rsplit('/').next().is_some_and(|id| id.starts_with("sn-"))
}
