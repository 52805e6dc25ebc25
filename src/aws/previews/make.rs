//! Each single thing that makes a preview.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::home::{Home, LATTICE};
use crate::{
    aws::{
        Aws,
        fault::Fault,
        lattice::{
            groups::TargetGroup,
            ids::TargetGroupId,
            rules::{Conditions, NewRule},
        },
    },
    preview::name::{self, Names},
    time::Timestamp,
};

/// The name of the one listener of a preview's own service.
const LISTENER: &str = "preview";

impl Home {
    /// The tags of everything of it, with the life that they belong to: what is made again after it was taken away is not what a
    /// repeated call would be answered with.
    fn tags_of(&self, names: &Names) -> BTreeMap<String, String> {
        self.tags(names.number)
    }

    /// Makes the target group, like the real one's.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn make_group(&self, aws: &Aws, names: &Names, model: &TargetGroup, life: &str) -> Result<(), Fault> {
        aws.lattice.create_like(&names.group, model, &self.tags_of(names), life).await.map(drop)
    }

    /// Writes tags of the target group.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn note(&self, aws: &Aws, group: &str, tags: &[(&str, String)]) -> Result<(), Fault> {
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), name::value(value))).collect();
        aws.lattice.write_tags(group, &tags).await
    }

    /// Makes the rule: requests with this header to the preview, and no others.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn make_rule(
        &self,
        aws: &Aws,
        names: &Names,
        (header, priority): (&str, u32),
        group: &str,
        life: &str,
    ) -> Result<(), Fault> {
        let front = self.front.as_ref().ok_or_else(|| Fault::invalid("CreateRule", "no listener matches headers"))?;
        let conditions = Conditions { headers: vec![(header.to_owned(), names.key.clone())], path: None };
        let rule = NewRule {
            name: &names.rule,
            priority,
            conditions: &conditions,
            group: &TargetGroupId::of(group),
            tags: &self.tags_of(names),
            token: &token(&[&names.key, life, &priority.to_string()]),
        };
        aws.lattice.create_rule(&self.service.id, &front.id, &rule).await.map(drop)
    }

    /// Makes a service of its own, as open as the real one.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn make_service(&self, aws: &Aws, names: &Names, life: &str, now: Timestamp) -> Result<(), Fault> {
        let input = json!({
            "name": names.service, "authType": self.auth_type, "tags": self.tags_of(names),
            "clientToken": token(&[&names.key, life, "service"]),
        });
        aws.calls.call(LATTICE, "CreateService", &input, now).await.map(drop)
    }

    /// Gives it the real one's auth policy, in which its own ARN stands for the real one's.
    ///
    /// # Errors
    /// AWS's refusal; the real one has no policy.
    pub async fn guard(&self, aws: &Aws, own: &str, now: Timestamp) -> Result<(), Fault> {
        let of_real = json!({ "resourceIdentifier": self.service.arn });
        let answer = aws.calls.call(LATTICE, "GetAuthPolicy", &of_real, now).await;
        let policy = match answer {
            Err(fault) if fault.is_not_found() => String::new(),
            answer => answer?["policy"].as_str().unwrap_or_default().to_owned(),
        };
        if policy.is_empty() {
            let message =
                format!("the auth type of {} is AWS_IAM and it has no auth policy: nobody can call it", self.service.name);
            return Err(Fault::invalid("GetAuthPolicy", message));
        }
        let policy = policy.replace(&self.service.arn, own);
        aws.calls.call(LATTICE, "PutAuthPolicy", &json!({ "resourceIdentifier": own, "policy": policy }), now).await.map(drop)
    }

    /// Gives it a listener like the real one's, to the target group alone.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn listen(
        &self,
        aws: &Aws,
        names: &Names,
        (own, group): (&str, &str),
        life: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let (protocol, port) = self.front.as_ref().map_or(("HTTP", 80), |front| (front.protocol.as_str(), front.port));
        let input = json!({
            "serviceIdentifier": own, "name": LISTENER, "protocol": protocol, "port": port,
            "defaultAction": { "forward": { "targetGroups": [{ "targetGroupIdentifier": group, "weight": 100 }] } },
            "tags": self.tags_of(names), "clientToken": token(&[&names.key, life, "listener"]),
        });
        aws.calls.call(LATTICE, "CreateListener", &input, now).await.map(drop)
    }

    /// Puts it into a network.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn join(
        &self,
        aws: &Aws,
        names: &Names,
        (own, network): (&str, &str),
        life: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let input = json!({
            "serviceIdentifier": own, "serviceNetworkIdentifier": network, "tags": self.tags_of(names),
            "clientToken": token(&[&names.key, life, network]),
        });
        aws.calls.call(LATTICE, "CreateServiceNetworkServiceAssociation", &input, now).await.map(drop)
    }

    /// Creates the ECS service, or has the one that is there run this.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn launch(&self, aws: &Aws, body: &Value, is_new: bool) -> Result<(), Fault> {
        if is_new { aws.ecs.create_service(body).await.map(drop) } else { aws.ecs.update_service(body).await.map(drop) }
    }
}

/// What makes a call that is repeated the same call: at most 64 characters (service model, `ClientToken`).
fn token(parts: &[&str]) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(parts.join(" ").as_bytes());
    digest.iter().take(16).fold("espalier-".to_owned(), |token, byte| format!("{token}{byte:02x}"))
}
