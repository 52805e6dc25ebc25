//! Sharing with other accounts: RAM's resource shares, each call made once.
//!
//! RAM lets several shares have one name, so ours are told by a tag. Whatever is on its way out counts as gone, whatever is on its
//! way in as there: another account may accept an invitation much later.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{calls::Calls, connect::Aws, fault::Fault};
use crate::time::Timestamp;

const RAM: &str = "ram";

/// The resource shares of one account and region.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a>(&'a Calls);

/// A share as RAM lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its ARN.
    pub arn: String,
    /// Its name, which others may have too.
    pub name: String,
    /// Whether it has been made: what is PENDING refuses changes as a conflict that passes.
    pub is_active: bool,
    /// Whether accounts outside of the organization may be among its principals.
    pub external: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What a share shares, and with whom; both in order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// ARNs.
    pub resources: Vec<String>,
    /// Accounts, and ARNs of organizations and their units.
    pub principals: Vec<String>,
}

impl Members {
    /// In order, each once.
    #[must_use]
    pub fn new(resources: impl IntoIterator<Item = String>, principals: impl IntoIterator<Item = String>) -> Self {
        let ordered = |all: &mut dyn Iterator<Item = String>| {
            let mut all: Vec<String> = all.collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        Self { resources: ordered(&mut resources.into_iter()), principals: ordered(&mut principals.into_iter()) }
    }

    /// What of this is not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let rest = |all: &[String], taken: &[String]| all.iter().filter(|one| !taken.contains(one)).cloned().collect();
        Self { resources: rest(&self.resources, &other.resources), principals: rest(&self.principals, &other.principals) }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.principals.is_empty()
    }

    fn body(&self, share: &str) -> Value {
        let mut body = json!({ "resourceShareArn": share });
        for (member, list) in [("resourceArns", &self.resources), ("principals", &self.principals)] {
            if !list.is_empty() {
                body[member] = json!(list);
            }
        }
        body
    }
}

impl<'a> Sharing<'a> {
    /// With these credentials.
    #[must_use]
    pub const fn of(aws: &'a Aws) -> Self {
        Self(&aws.calls)
    }

    /// Every share of this name with this tag that is not being deleted, the oldest first.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn find(&self, name: &str, tag: (&str, &str), now: Timestamp) -> Result<Vec<Share>, Fault> {
        let filter = json!([{ "tagKey": tag.0, "tagValues": [tag.1] }]);
        let input = json!({ "resourceOwner": "SELF", "name": name, "tagFilters": filter });
        let mut found = self.0.list(RAM, "GetResourceShares", &input, now).await?;
        found.retain(|share| matches!(share["status"].as_str(), Some("PENDING" | "ACTIVE")));
        found.sort_by(|one, other| time(one).total_cmp(&time(other)));
        Ok(found.iter().map(share).collect())
    }

    /// What is in a share, or on its way in.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn members(&self, arn: &str, now: Timestamp) -> Result<Members, Fault> {
        let mut both = [Vec::new(), Vec::new()];
        for (kind, into) in ["RESOURCE", "PRINCIPAL"].into_iter().zip(&mut both) {
            let input = json!({ "associationType": kind, "resourceShareArns": [arn] });
            let listed = self.0.list(RAM, "GetResourceShareAssociations", &input, now).await?;
            let stays = |one: &&Value| {
                matches!(one["status"].as_str(), Some("ASSOCIATING" | "ASSOCIATED" | "SUSPENDED" | "SUSPENDING" | "RESTORING"))
            };
            *into = listed.iter().filter(stays).map(|one| text(one, "associatedEntity")).collect();
        }
        let [resources, principals] = both;
        Ok(Members::new(resources, principals))
    }

    /// Makes a share of all this. The same token again, with the same request, makes nothing new.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn create(
        &self,
        name: &str,
        members: &Members,
        (external, tags, token): (bool, &BTreeMap<String, String>, &str),
        now: Timestamp,
    ) -> Result<Share, Fault> {
        const OPERATION: &str = "CreateResourceShare";
        let mut input = json!({ "name": name, "allowExternalPrincipals": external, "tags": listed(tags), "clientToken": token });
        for (member, list) in [("resourceArns", &members.resources), ("principals", &members.principals)] {
            if !list.is_empty() {
                input[member] = json!(list);
            }
        }
        let answer = self.0.call(RAM, OPERATION, &input, now).await?;
        let made = share(&answer["resourceShare"]);
        if made.arn.is_empty() { Err(Fault::unreadable(OPERATION, "the answer has no share")) } else { Ok(made) }
    }

    /// Adds these.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn associate(&self, arn: &str, members: &Members, now: Timestamp) -> Result<(), Fault> {
        self.0.call(RAM, "AssociateResourceShare", &members.body(arn), now).await.map(drop)
    }

    /// Takes these away. What is not there any more is away.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn disassociate(&self, arn: &str, members: &Members, now: Timestamp) -> Result<(), Fault> {
        gone(self.0.call(RAM, "DisassociateResourceShare", &members.body(arn), now).await)
    }

    /// Sets whether accounts outside of the organization may be among the principals.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn allow_external(&self, arn: &str, external: bool, now: Timestamp) -> Result<(), Fault> {
        let input = json!({ "resourceShareArn": arn, "allowExternalPrincipals": external });
        self.0.call(RAM, "UpdateResourceShare", &input, now).await.map(drop)
    }

    /// Adds tags, replacing those of the same keys.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn tag(&self, arn: &str, tags: &BTreeMap<String, String>, now: Timestamp) -> Result<(), Fault> {
        let input = json!({ "resourceShareArn": arn, "tags": listed(tags) });
        self.0.call(RAM, "TagResource", &input, now).await.map(drop)
    }

    /// Deletes a share. One that is not there is deleted.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn delete(&self, arn: &str, now: Timestamp) -> Result<(), Fault> {
        gone(self.0.call(RAM, "DeleteResourceShare", &json!({ "resourceShareArn": arn }), now).await)
    }
}

fn gone(answer: Result<Value, Fault>) -> Result<(), Fault> {
    match answer {
        Err(fault) if fault.is_not_found() => Ok(()),
        answer => answer.map(drop),
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

fn time(share: &Value) -> f64 {
    share["creationTime"].as_f64().unwrap_or_default()
}

fn listed(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

fn share(said: &Value) -> Share {
    let tags = said["tags"].as_array().into_iter().flatten();
    Share {
        arn: text(said, "resourceShareArn"),
        name: text(said, "name"),
        is_active: said["status"] == "ACTIVE",
        external: said["allowExternalPrincipals"].as_bool().unwrap_or_default(),
        tags: tags.map(|tag| (text(tag, "key"), text(tag, "value"))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{
        fault::FaultKind,
        testing::{in_sandbox, pass},
    };
    use crate::clock::Clock as _;

    const SERVICE: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567";
    const NETWORK: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:servicenetwork/sn-12345678901234567";
    const OWNER: (&str, &str) = ("espalier:owner", "config");

    fn tags() -> BTreeMap<String, String> {
        BTreeMap::from([(OWNER.0.to_owned(), OWNER.1.to_owned())])
    }

    fn members(resources: &[&str], principals: &[&str]) -> Members {
        Members::new(resources.iter().map(ToString::to_string), principals.iter().map(ToString::to_string))
    }

    #[test]
    fn a_share_is_made_found_changed_and_deleted() {
        in_sandbox("name: promoted", async |aws, clock| {
            let sharing = Sharing::of(&aws);
            let first = members(&[SERVICE], &["210987654321"]);
            let made = sharing.create("shop", &first, (true, &tags(), "t"), clock.now()).await.expect("made");
            assert_eq!((made.is_active, made.external, &made.tags), (false, true, &tags()));
            let again = sharing.create("shop", &first, (true, &tags(), "t"), clock.now()).await.expect("the same");
            assert_eq!(again.arn, made.arn);
            let early = sharing.associate(&made.arn, &members(&[NETWORK], &[]), clock.now()).await.expect_err("too early");
            assert_eq!(early.kind, FaultKind::Conflict { permanent: false });
            pass(&clock, 3).await;
            let found = sharing.find("shop", OWNER, clock.now()).await.expect("found");
            assert_eq!(found.iter().map(|share| share.is_active).collect::<Vec<_>>(), [true]);
            assert_eq!(sharing.find("shop", (OWNER.0, "other"), clock.now()).await, Ok(Vec::new()));
            assert_eq!(sharing.find("shops", OWNER, clock.now()).await, Ok(Vec::new()));

            let wanted = members(&[NETWORK], &["210987654321", "333333333333"]);
            let there = sharing.members(&made.arn, clock.now()).await.expect("members");
            assert_eq!(there, first);
            sharing.associate(&made.arn, &wanted.without(&there), clock.now()).await.expect("associated");
            sharing.disassociate(&made.arn, &there.without(&wanted), clock.now()).await.expect("disassociated");
            sharing.disassociate(&made.arn, &there.without(&wanted), clock.now()).await.expect("away already");
            let there = sharing.members(&made.arn, clock.now()).await.expect("members");
            assert_eq!(there, wanted);
            assert!(wanted.without(&there).is_empty() && there.without(&wanted).is_empty());

            sharing.delete(&made.arn, clock.now()).await.expect("deleted");
            assert_eq!(sharing.find("shop", OWNER, clock.now()).await, Ok(Vec::new()));
            pass(&clock, 3).await;
            sharing.delete(&made.arn, clock.now()).await.expect("deleted already");
        });
    }

    #[test]
    fn what_ram_refuses_has_its_kind() {
        in_sandbox("quotas: { resource_shares: 0 }", async |aws, clock| {
            let sharing = Sharing::of(&aws);
            let none = Members::default();
            let full = sharing.create("shop", &none, (true, &tags(), "t"), clock.now()).await.expect_err("full");
            assert_eq!((full.kind, full.code.as_deref()), (FaultKind::Quota, Some("ResourceShareLimitExceededException")));
            let arn = "arn:aws:ram:ap-northeast-1:123456789012:resource-share/none";
            let missing = sharing.members(arn, clock.now()).await.expect_err("missing");
            assert_eq!(missing.kind, FaultKind::NotFound);
        });
    }
}
