//! The sorts of resources.

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A service network.
    Network,
    /// A VPC's association with a service network: its clients reach the services in it.
    VpcAssociation,
    /// A Lattice service.
    Service,
    /// A Lattice service's association with a service network.
    ServiceAssociation,
    /// A target group.
    TargetGroup,
    /// The targets of a group that no ECS service fills.
    Targets,
    /// A listener with its default action.
    Listener,
    /// A listener's rule.
    Rule,
    /// An access log subscription.
    AccessLog,
    /// The auth policy of a service or service network.
    AuthPolicy,
    /// A resource share of AWS RAM.
    Share,
    /// An alias record of Route 53 for a custom domain.
    Alias,
    /// An ECS service that registers its tasks in a target group. Releases make it; only `down` has to do with it.
    EcsService,
}

/// VPC Lattice's operations for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Makes one.
    pub create: &'static str,
    /// Reads one.
    pub get: &'static str,
    /// Lists those there are.
    pub list: &'static str,
    /// Changes one; none where nothing can be changed.
    pub update: Option<&'static str>,
    /// Takes one away.
    pub delete: &'static str,
    /// The member by which an operation is told which one.
    pub identifier: &'static str,
}

impl Kind {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Network => "service network",
            Self::VpcAssociation => "VPC association",
            Self::Service => "Lattice service",
            Self::ServiceAssociation => "service network association",
            Self::TargetGroup => "target group",
            Self::Targets => "targets",
            Self::Listener => "listener",
            Self::Rule => "rule",
            Self::AccessLog => "access log subscription",
            Self::AuthPolicy => "auth policy",
            Self::Share => "resource share",
            Self::Alias => "alias record",
            Self::EcsService => "ECS service",
        }
    }

    /// What does not work while it is taken away and made again.
    #[must_use]
    pub const fn meanwhile(self) -> &'static str {
        match self {
            Self::Network => "no VPC reaches any service through it meanwhile",
            Self::VpcAssociation => "the VPC reaches no service of the network meanwhile",
            Self::Service => "nothing of it answers meanwhile, and its own DNS name is another one afterwards",
            Self::ServiceAssociation => "nobody reaches the service through the network meanwhile",
            Self::TargetGroup => {
                "what forwards to it answers nothing meanwhile, and tasks of releases register only with the next one"
            }
            Self::Listener => "nothing answers on its port meanwhile, and its rules go with it",
            Self::Rule => "requests that it matches go to the next rule or the default action meanwhile",
            Self::AccessLog => "nothing is logged there meanwhile",
            Self::Share => "the other accounts are without it meanwhile, and may have to accept it again",
            Self::Alias => "its name leads nowhere meanwhile",
            Self::Targets | Self::AuthPolicy | Self::EcsService => "requests are refused meanwhile",
        }
    }

    /// Whether it says whose it is. What does not belongs to whoever has what it is in.
    #[must_use]
    pub const fn is_tagged(self) -> bool {
        !matches!(self, Self::Targets | Self::AuthPolicy)
    }

    /// Whether it is part of the service network or service that it needs, and stays as long as that does.
    #[must_use]
    pub const fn is_inside(self) -> bool {
        matches!(
            self,
            Self::VpcAssociation | Self::Listener | Self::Rule | Self::AccessLog | Self::AuthPolicy | Self::Share | Self::Alias
        )
    }

    /// Whether it is made in the background, and has a status until it is.
    #[must_use]
    pub const fn is_made_slowly(self) -> bool {
        matches!(self, Self::VpcAssociation | Self::Service | Self::ServiceAssociation | Self::TargetGroup)
    }

    /// Lattice's operations for it; none for what is made in another way.
    #[must_use]
    pub const fn operations(self) -> Option<Operations> {
        let (create, get, list, update, delete, identifier) = match self {
            Self::Network => (
                "CreateServiceNetwork",
                "GetServiceNetwork",
                "ListServiceNetworks",
                Some("UpdateServiceNetwork"),
                "DeleteServiceNetwork",
                "serviceNetworkIdentifier",
            ),
            Self::VpcAssociation => (
                "CreateServiceNetworkVpcAssociation",
                "GetServiceNetworkVpcAssociation",
                "ListServiceNetworkVpcAssociations",
                Some("UpdateServiceNetworkVpcAssociation"),
                "DeleteServiceNetworkVpcAssociation",
                "serviceNetworkVpcAssociationIdentifier",
            ),
            Self::Service => {
                ("CreateService", "GetService", "ListServices", Some("UpdateService"), "DeleteService", "serviceIdentifier")
            }
            Self::ServiceAssociation => (
                "CreateServiceNetworkServiceAssociation",
                "GetServiceNetworkServiceAssociation",
                "ListServiceNetworkServiceAssociations",
                None,
                "DeleteServiceNetworkServiceAssociation",
                "serviceNetworkServiceAssociationIdentifier",
            ),
            Self::TargetGroup => (
                "CreateTargetGroup",
                "GetTargetGroup",
                "ListTargetGroups",
                Some("UpdateTargetGroup"),
                "DeleteTargetGroup",
                "targetGroupIdentifier",
            ),
            Self::Listener => {
                ("CreateListener", "GetListener", "ListListeners", Some("UpdateListener"), "DeleteListener", "listenerIdentifier")
            }
            Self::Rule => ("CreateRule", "GetRule", "ListRules", Some("UpdateRule"), "DeleteRule", "ruleIdentifier"),
            Self::AccessLog => (
                "CreateAccessLogSubscription",
                "GetAccessLogSubscription",
                "ListAccessLogSubscriptions",
                None,
                "DeleteAccessLogSubscription",
                "accessLogSubscriptionIdentifier",
            ),
            Self::AuthPolicy => (
                "PutAuthPolicy",
                "GetAuthPolicy",
                "GetAuthPolicy",
                Some("PutAuthPolicy"),
                "DeleteAuthPolicy",
                "resourceIdentifier",
            ),
            Self::Targets => (
                "RegisterTargets",
                "ListTargets",
                "ListTargets",
                Some("RegisterTargets"),
                "DeregisterTargets",
                "targetGroupIdentifier",
            ),
            Self::Share | Self::Alias | Self::EcsService => return None,
        };
        Some(Operations { create, get, list, update, delete, identifier })
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn the_model_has_every_operation_and_its_identifier() {
        let lattice = crate::models::service("vpc-lattice").expect("the model");
        for kind in [
            Kind::Network,
            Kind::VpcAssociation,
            Kind::Service,
            Kind::ServiceAssociation,
            Kind::TargetGroup,
            Kind::Targets,
            Kind::Listener,
            Kind::Rule,
            Kind::AccessLog,
            Kind::AuthPolicy,
        ] {
            let operations = kind.operations().expect("operations");
            let (get, delete) = (operations.get, operations.delete);
            for name in [Some(get), Some(delete), operations.update].into_iter().flatten() {
                let input = lattice.operations[name].input.as_deref().and_then(|shape| lattice.shape(shape)).expect("members");
                assert!(input.members.contains_key(operations.identifier), "{name}");
            }
            assert!(lattice.operations.contains_key(operations.create) && lattice.operations.contains_key(operations.list));
            assert!(!kind.words().is_empty());
        }
        for kind in [Kind::Share, Kind::Alias, Kind::EcsService] {
            assert_eq!(kind.operations(), None);
        }
    }
}
