//! What a config declares beside Lattice: resource shares and alias records.

use serde_json::{Value, json};

use super::{
    Aws,
    fault::{Fault, FaultKind},
    names::{Names, Note, Record, Target, Which, ZoneError},
    sharing::{Members, Sharing},
};
use crate::{
    resources::{Kind, Life, Resource, Seen, alias::is_zone_id, resource::OWNER},
    time::Timestamp,
};

fn members(attributes: &Value) -> Members {
    let list = |name: &str| -> Vec<String> {
        attributes[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Members::new(list("resourceArns"), list("principals"))
}

/// A custom domain: what it is to be an alias of, and what its zone says of it.
struct Alias {
    zone: String,
    /// None where the service is not there, yet or any more.
    target: Option<Target>,
    records: Vec<Record>,
    note: Option<Note>,
}

/// A share of ours, or an alias record: what has no operations in Lattice.
impl Aws {
    pub(super) async fn find_beside(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<Option<Seen>, Fault> {
        if resource.kind == Kind::Alias {
            self.find_alias(resource, wanted, now).await
        } else {
            self.find_share(resource, now).await
        }
    }

    pub(super) async fn make_beside(
        &self,
        resource: &Resource,
        wanted: &Value,
        token: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if resource.kind == Kind::Alias {
            return self.point(resource, wanted, now).await;
        }
        let tags = resource.tags();
        Sharing::of(self).create(&resource.name, &members(wanted), (true, &tags, token), now).await.map(drop)
    }

    pub(super) async fn change_beside(
        &self,
        resource: &Resource,
        wanted: &Value,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if resource.kind == Kind::Alias {
            return self.point(resource, wanted, now).await;
        }
        self.change_share(resource, wanted, seen, now).await
    }

    pub(super) async fn take_beside(
        &self,
        resource: &Resource,
        wanted: &Value,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if resource.kind == Kind::Alias {
            let alias = self.alias(resource, wanted, now).await?;
            let Some(note) = &alias.note else { return Ok(()) };
            return Names::of(self).unpoint(&alias.zone, &resource.name, note, &alias.records, now).await.map(drop);
        }
        Sharing::of(self).delete(&seen.arn, now).await
    }
}

impl Aws {
    async fn find_share(&self, resource: &Resource, now: Timestamp) -> Result<Option<Seen>, Fault> {
        let sharing = Sharing::of(self);
        let tags = resource.tags();
        let owner = tags.get(OWNER).map(String::as_str).unwrap_or_default();
        let Some(share) = sharing.find(&resource.name, (OWNER, owner), now).await?.into_iter().next() else { return Ok(None) };
        let members = sharing.members(&share.arn, now).await?;
        let attributes = json!({ "resourceArns": members.resources, "principals": members.principals });
        let life = if share.is_active { Life::Active } else { Life::Changing };
        Ok(Some(Seen { id: share.arn.clone(), arn: share.arn, life, attributes, tags: share.tags, ..Seen::default() }))
    }

    async fn change_share(&self, resource: &Resource, wanted: &Value, seen: &Seen, now: Timestamp) -> Result<(), Fault> {
        let sharing = Sharing::of(self);
        let (wants, is) = (members(wanted), members(&seen.attributes));
        let tags = resource.tags();
        if tags.iter().any(|(key, value)| seen.tags.get(key) != Some(value)) {
            sharing.tag(&seen.arn, &tags, now).await?;
        }
        let (more, fewer) = (wants.without(&is), is.without(&wants));
        if !more.is_empty() {
            sharing.associate(&seen.arn, &more, now).await?;
        }
        if !fewer.is_empty() {
            sharing.disassociate(&seen.arn, &fewer, now).await?;
        }
        Ok(())
    }
}

impl Aws {
    /// Records whose note is ours are ours, wherever they lead by now.
    async fn find_alias(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<Option<Seen>, Fault> {
        let alias = self.alias(resource, wanted, now).await?;
        let leads = |record: &Record| alias.target.as_ref().is_some_and(|target| record.leads_to(&target.domain));
        let points = ["A", "AAAA"]
            .iter()
            .all(|kind| alias.records.iter().any(|record| record.kind == *kind && leads(record) && !record.is_routed));
        let is_there = !alias.records.is_empty() || alias.note.is_some();
        let tags = alias.note.map(|note| (OWNER.to_owned(), note.owner)).into_iter().collect();
        let attributes = json!({ "points": points });
        Ok(is_there.then(|| Seen { attributes, tags, ..Seen::default() }))
    }

    async fn point(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<(), Fault> {
        let alias = self.alias(resource, wanted, now).await?;
        let owner = wanted["owner"].as_str().unwrap_or_default();
        let gone = || Fault::invalid("ChangeResourceRecordSets", "the Lattice service is not there any more");
        let target = alias.target.as_ref().ok_or_else(gone)?;
        Names::of(self).point(&alias.zone, &resource.name, target, owner, now).await.map(drop)
    }

    async fn alias(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<Alias, Fault> {
        let zone = self.zone_of(resource, now).await?;
        let names = Names::of(self);
        let records = names.records(&zone, &resource.name, now).await?;
        let records = records.into_iter().filter(|record| matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME")).collect();
        let note = names.note(&zone, &resource.name, now).await?;
        Ok(Alias { target: self.own_name(wanted, now).await?, zone, records, note })
    }

    /// The Lattice service's own name; none where it is not there.
    async fn own_name(&self, wanted: &Value, now: Timestamp) -> Result<Option<Target>, Fault> {
        let service = wanted["service"].as_str().unwrap_or_default();
        if service.starts_with('@') {
            return Ok(None);
        }
        let service = match self.calls.call("vpc-lattice", "GetService", &json!({ "serviceIdentifier": service }), now).await {
            Err(fault) if fault.is_not_found() => return Ok(None),
            answer => answer?,
        };
        let text = |member: &str| service["dnsEntry"][member].as_str().unwrap_or_default().to_owned();
        Ok(Some(Target { domain: text("domainName"), zone: text("hostedZoneId") }))
    }

    /// The id of the hosted zone that an alias record is to be in.
    ///
    /// # Errors
    /// AWS's refusal; a zone that the domain is not in.
    pub async fn zone_of(&self, alias: &Resource, now: Timestamp) -> Result<String, Fault> {
        let given = alias.wanted["zone"].as_str().unwrap_or_default();
        let which = match given {
            "public" => Which::Public,
            "private" => Which::Private,
            id if is_zone_id(id) => Which::Id(id),
            _ => Which::Only,
        };
        let unknown = |why: String| Fault::invalid("ListHostedZonesByName", why);
        let zone = Names::of(self).zone(&alias.name, which, now).await.map_err(|error| match error {
            ZoneError::Fault(fault) => fault,
            none @ ZoneError::None { .. } => Fault { kind: FaultKind::NotFound, ..unknown(none.to_string()) },
            other @ (ZoneError::Several { .. } | ZoneError::Other { .. }) => unknown(other.to_string()),
        })?;
        if which == Which::Only && zone.name != given.trim_end_matches('.') {
            return Err(unknown(format!("`{}` is in the hosted zone `{}`, not in `{given}`", alias.name, zone.name)));
        }
        Ok(zone.id)
    }
}
