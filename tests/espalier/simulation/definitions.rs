//! Definitions that a candidate may be launched by, and such as give it another way to traffic than the weights.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use espalier::definition::{
    Document, Given, PatchRequest, candidate, patch,
    request::{ServiceTarget, create_service, update_service},
};
use serde_json::{Value, json};

/// What is odd in a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Odd {
    Nothing,
    LoadBalancer,
    Registry,
    ServiceConnect,
    /// Service Connect as a client alone.
    Client,
    /// Service Connect that is off.
    Off,
}

/// A service definition, and whether the slot's overrides take what is odd out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Definition {
    pub(crate) odd: Odd,
    pub(crate) overridden: bool,
}

/// The bodies that create or update the candidate's ECS service; none where the definition is refused.
pub(crate) type Bodies = Option<(Value, Value)>;

thread_local! {
    static MADE: RefCell<BTreeMap<Definition, Rc<Bodies>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Definition {
    pub(crate) const ALL: [Self; 10] = [
        Self::of(Odd::Nothing, false),
        Self::of(Odd::Nothing, true),
        Self::of(Odd::LoadBalancer, false),
        Self::of(Odd::LoadBalancer, true),
        Self::of(Odd::Registry, false),
        Self::of(Odd::Registry, true),
        Self::of(Odd::ServiceConnect, false),
        Self::of(Odd::ServiceConnect, true),
        Self::of(Odd::Client, false),
        Self::of(Odd::Off, false),
    ];

    const fn of(odd: Odd, overridden: bool) -> Self {
        Self { odd, overridden }
    }

    /// Nothing is left in it that brings requests to the candidate past the weights.
    pub(crate) const fn is_allowed(self) -> bool {
        self.overridden || matches!(self.odd, Odd::Nothing | Odd::Client | Odd::Off)
    }

    /// What `deploy` makes of it for the second slot.
    pub(crate) fn bodies(self, place: &Place<'_>) -> Rc<Bodies> {
        MADE.with_borrow_mut(|made| Rc::clone(made.entry(self).or_insert_with(|| Rc::new(self.made(place)))))
    }

    fn made(self, place: &Place<'_>) -> Bodies {
        let given = Document::read("ecs-service-def.json", self.text().to_string().as_bytes()).expect("JSON");
        let overrides = "del(.loadBalancers, .serviceRegistries, .serviceConnectConfiguration)";
        let request = PatchRequest {
            service_definition: &given,
            task_definition: None,
            target_group: Some(Given::new(place.group, "slot b")),
            infrastructure_role: Some(Given::new("arn:aws:iam::123456789012:role/ecsInfrastructureRole", "flag")),
            port_name: Some(Given::new("http", "flag")),
            ecs_service: Some(place.ecs_service.to_owned()),
            filters: self.overridden.then(|| Given::new(overrides, "slot b")).into_iter().collect(),
            seen: Default::default(),
        };
        let patched = patch(&request).expect("it can be patched");
        if !candidate::for_any_slot(&given).is_empty() || !candidate::beside_stable(&patched.document, "b").is_empty() {
            return None;
        }
        let target = ServiceTarget {
            cluster: place.cluster,
            ecs_service: place.ecs_service,
            task_definition_arn: place.task_definition,
            desired_count: 0,
        };
        Some((create_service(&patched.document, target).body, update_service(&patched.document, target).body))
    }

    /// The file.
    pub(crate) fn text(self) -> Value {
        let mut text = json!({
            "launchType": "FARGATE",
            "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } },
            "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-12345678"], "securityGroups": ["sg-12345678"] } },
        });
        let elb = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/front/0123456789abcdef";
        let registry = "arn:aws:servicediscovery:ap-northeast-1:123456789012:service/srv-0123456789abcdef";
        let connect = |rest: Value| {
            let mut connect = json!({ "enabled": true, "namespace": "internal" });
            rest.as_object().into_iter().flatten().for_each(|(member, value)| connect[member] = value.clone());
            connect
        };
        match self.odd {
            Odd::Nothing => {}
            Odd::LoadBalancer => {
                text["loadBalancers"] = json!([{ "targetGroupArn": elb, "containerName": "web", "containerPort": 80 }]);
            }
            Odd::Registry => text["serviceRegistries"] = json!([{ "registryArn": registry }]),
            Odd::ServiceConnect => {
                text["serviceConnectConfiguration"] = connect(json!({ "services": [{ "portName": "http" }] }));
            }
            Odd::Client => text["serviceConnectConfiguration"] = connect(json!({})),
            Odd::Off => {
                let off = json!({ "enabled": false, "services": [{ "portName": "http" }] });
                text["serviceConnectConfiguration"] = connect(off);
            }
        }
        text
    }
}

/// Where the candidate is to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) cluster: &'a str,
    pub(crate) ecs_service: &'a str,
    pub(crate) group: &'a str,
    pub(crate) task_definition: &'a str,
}
