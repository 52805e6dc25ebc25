//! What a config declares beside Lattice: resource shares and alias records.

use serde_json::{Value, json};

use super::{
    Aws,
    fault::Fault,
    names::{Names, Record, Target, Which},
    sharing::{Members, Sharing},
};
use crate::{
    resources::{Kind, Life, Resource, Seen, resource::OWNER},
    time::Timestamp,
};

/// On a Lattice service: the alias record that was made for it, `ZONE/DOMAIN`. Records have no tags of their own.
const ALIAS: &str = "espalier:alias";

fn members(attributes: &Value) -> Members {
    let list = |name: &str| -> Vec<String> {
        attributes[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Members::new(list("resourceArns"), list("principals"))
}

/// A custom domain: what it is to be an alias of, and what its zone says of it.
struct Alias {
    zone: String,
    target: Target,
    records: Vec<Record>,
    service_arn: String,
    /// We made it.
    is_marked: bool,
}

impl Aws {
    /// A share of ours, or an alias record.
    pub(super) async fn find_beside(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<Option<Seen>, Fault> {
        if resource.kind == Kind::Alias {
            let alias = self.alias(resource, wanted, now).await?;
            let points = ["A", "AAAA"].iter().all(|kind| {
                alias.records.iter().any(|record| record.kind == *kind && record.leads_to(&alias.target) && !record.is_routed)
            });
            let owner = wanted["owner"].as_str().filter(|_| alias.is_marked);
            let tags = owner.map(|owner| (OWNER.to_owned(), owner.to_owned())).into_iter().collect();
            let attributes = json!({ "points": points });
            return Ok((!alias.records.is_empty()).then(|| Seen { attributes, tags, ..Seen::default() }));
        }
        let sharing = Sharing::of(self);
        let tags = resource.tags();
        let owner = tags.get(OWNER).map(String::as_str).unwrap_or_default();
        let Some(share) = sharing.find(&resource.name, (OWNER, owner), now).await?.into_iter().next() else { return Ok(None) };
        let members = sharing.members(&share.arn, now).await?;
        let attributes = json!({ "resourceArns": members.resources, "principals": members.principals });
        let life = if share.is_active { Life::Active } else { Life::Changing };
        Ok(Some(Seen { id: share.arn.clone(), arn: share.arn, life, attributes, tags: share.tags, ..Seen::default() }))
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

    pub(super) async fn take_beside(
        &self,
        resource: &Resource,
        wanted: &Value,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if resource.kind == Kind::Alias {
            let alias = self.alias(resource, wanted, now).await?;
            return Names::of(self).unpoint(&alias.zone, &resource.name, &alias.target, &alias.records, now).await.map(drop);
        }
        Sharing::of(self).delete(&seen.arn, now).await
    }

    /// That it is ours is written first: a record that nobody owns could not be taken away again.
    async fn point(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<(), Fault> {
        let alias = self.alias(resource, wanted, now).await?;
        let mark = json!({ ALIAS: format!("{}/{}", alias.zone, resource.name) });
        let input = json!({ "resourceArn": alias.service_arn, "tags": mark });
        self.calls.call("vpc-lattice", "TagResource", &input, now).await?;
        Names::of(self).point(&alias.zone, &resource.name, &alias.target, now).await.map(drop)
    }

    async fn alias(&self, resource: &Resource, wanted: &Value, now: Timestamp) -> Result<Alias, Fault> {
        let input = json!({ "serviceIdentifier": wanted["service"] });
        let service = self.calls.call("vpc-lattice", "GetService", &input, now).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let entry = &service["dnsEntry"];
        let target = Target { domain: text(&entry["domainName"]), zone: text(&entry["hostedZoneId"]) };
        let service_arn = text(&service["arn"]);
        let given = text(&wanted["zone"]);
        let is_id = given.starts_with('Z') && given.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let which = match given.as_str() {
            "public" => Which::Public,
            "private" => Which::Private,
            id if is_id => Which::Id(id),
            _ => Which::Only,
        };
        let names = Names::of(self);
        let unknown = |why: String| Fault::invalid("ListHostedZonesByName", why);
        let zone = names.zone(&resource.name, which, now).await.map_err(|error| unknown(error.to_string()))?;
        if which == Which::Only && zone.name != given.trim_end_matches('.') {
            return Err(unknown(format!("`{}` is in the hosted zone `{}`, not in `{given}`", resource.name, zone.name)));
        }
        let records = names.records(&zone.id, &resource.name, now).await?;
        let records = records.into_iter().filter(|record| matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME")).collect();
        let tags = self.lattice.read_tags(&service_arn).await?;
        let is_marked = tags.get(ALIAS).is_some_and(|mark| *mark == format!("{}/{}", zone.id, resource.name));
        Ok(Alias { zone: zone.id, target, records, service_arn, is_marked })
    }
}
