//! Each single thing that takes a preview away. What of Lattice is deleted is asked for its tags once more, right before (DESIGN §5,
//! rule 10); what is gone is as wanted.

use serde_json::json;

use super::{
    home::{Home, LATTICE},
    look::read_tags,
};
use crate::{
    aws::{
        Aws,
        fault::Fault,
        lattice::{groups::TargetStatus, ids::TargetGroupArn},
    },
    preview::name::{IDENTITY, Names},
    time::Timestamp,
};

fn gone(done: Result<serde_json::Value, Fault>) -> Result<(), Fault> {
    match done {
        Err(fault) if fault.is_not_found() => Ok(()),
        done => done.map(drop),
    }
}

impl Home {
    /// Whether it is there; an error where it does not carry our tags.
    async fn is_there(&self, aws: &Aws, arn: &str, names: &Names, operation: &'static str) -> Result<bool, Fault> {
        match read_tags(aws, arn).await? {
            None => Ok(false),
            Some(tags) if self.is_ours(&tags, names.number) => Ok(true),
            Some(_) => {
                let message = format!("{arn} does not carry the tag {IDENTITY} of this preview: it is left alone");
                Err(Fault::invalid(operation, message))
            }
        }
    }

    /// Takes its rule away.
    ///
    /// # Errors
    /// AWS's refusal; it is not ours.
    pub async fn remove_rule(&self, aws: &Aws, arn: &str, names: &Names) -> Result<(), Fault> {
        if self.is_there(aws, arn, names, "DeleteRule").await? { aws.lattice.delete_rule(arn).await } else { Ok(()) }
    }

    /// Takes its own service out of a network.
    ///
    /// # Errors
    /// AWS's refusal; somebody else put it there.
    pub async fn leave(&self, aws: &Aws, arn: &str, names: &Names, now: Timestamp) -> Result<(), Fault> {
        const OPERATION: &str = "DeleteServiceNetworkServiceAssociation";
        if !self.is_there(aws, arn, names, OPERATION).await? {
            return Ok(());
        }
        let input = json!({ "serviceNetworkServiceAssociationIdentifier": arn });
        gone(aws.calls.call(LATTICE, OPERATION, &input, now).await)
    }

    /// Takes its own service away; its listener and policy go with it.
    ///
    /// # Errors
    /// AWS's refusal; it is not ours.
    pub async fn remove_service(&self, aws: &Aws, arn: &str, names: &Names, now: Timestamp) -> Result<(), Fault> {
        if !self.is_there(aws, arn, names, "DeleteService").await? {
            return Ok(());
        }
        gone(aws.calls.call(LATTICE, "DeleteService", &json!({ "serviceIdentifier": arn }), now).await)
    }

    /// Stops its tasks and deletes its ECS service, whose tags were looked at with it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn stop(&self, aws: &Aws, arn: &str, now: Timestamp) -> Result<(), Fault> {
        let input = json!({ "cluster": self.cluster, "service": arn, "force": true });
        gone(aws.calls.call("ecs", "DeleteService", &input, now).await)
    }

    /// Deregisters one of its task definitions, whose tags were looked at with it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn deregister(&self, aws: &Aws, arn: &str, now: Timestamp) -> Result<(), Fault> {
        gone(aws.calls.call("ecs", "DeregisterTaskDefinition", &json!({ "taskDefinition": arn }), now).await)
    }

    /// Deregisters the targets that nobody takes out of its group any more.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn empty(&self, aws: &Aws, arn: &str, now: Timestamp) -> Result<(), Fault> {
        let targets = match aws.lattice.list_targets(&TargetGroupArn::of(arn)).await {
            Err(fault) if fault.is_not_found() => return Ok(()),
            targets => targets?,
        };
        let left: Vec<_> = targets
            .iter()
            .filter(|target| target.status != TargetStatus::Draining)
            .map(|target| match target.port {
                Some(port) => json!({ "id": target.address, "port": port }),
                None => json!({ "id": target.address }),
            })
            .take(100)
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        let input = json!({ "targetGroupIdentifier": arn, "targets": left });
        gone(aws.calls.call(LATTICE, "DeregisterTargets", &input, now).await)
    }

    /// Takes its target group away.
    ///
    /// # Errors
    /// AWS's refusal; it is not ours.
    pub async fn remove_group(&self, aws: &Aws, arn: &str, names: &Names, now: Timestamp) -> Result<(), Fault> {
        if !self.is_there(aws, arn, names, "DeleteTargetGroup").await? {
            return Ok(());
        }
        gone(aws.calls.call(LATTICE, "DeleteTargetGroup", &json!({ "targetGroupIdentifier": arn }), now).await)
    }
}
