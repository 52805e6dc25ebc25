//! One resource: as it is wanted, and as it was seen.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Kind;

/// The tag by which we know what is ours (DESIGN §5 rule 10); its value is what is released.
pub const OWNER: &str = "espalier:owner";

/// What is known of the resources so far: ids and ARNs, by address.
pub type Known = BTreeMap<String, (String, String)>;

/// A resource that the config wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its place in the config, below `up`: `listeners.http.rules.api`.
    pub address: String,
    /// What it is.
    pub kind: Kind,
    /// Its name in AWS, or what it is known by: a VPC's id, a log's destination, a domain.
    pub name: String,
    /// Where the config says so.
    pub from: String,
    /// The addresses of what has to be there first.
    pub needs: Vec<String>,
    /// Somebody else's: it has to be there and is never changed.
    pub is_external: bool,
    /// The members of the operation that makes it. `@ADDRESS` stands for the id of another one, `@@ADDRESS` for its ARN.
    pub wanted: Value,
}

/// Where a resource's life stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Usable.
    #[default]
    Active,
    /// Being made, changed or taken away.
    Changing,
    /// Being taken away.
    Going,
    /// It could not be made: it has to be taken away and made again. AWS's words.
    Failed(String),
}

/// A resource as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Where it stands.
    pub life: Life,
    /// Its members, by the names that the operation that makes it has for them.
    pub attributes: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// A rollout of its service's traffic is under way.
    pub is_rolled_out: bool,
}

impl Seen {
    /// What the owner tag says.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.tags.get(OWNER).map(String::as_str)
    }
}

impl Resource {
    /// The wanted members with what is known in the place of addresses. What is not known yet stays an address.
    #[must_use]
    pub fn resolved(&self, known: &Known) -> Value {
        resolve(&self.wanted, known)
    }

    /// The tags that it is to have.
    #[must_use]
    pub fn tags(&self) -> BTreeMap<String, String> {
        let tags = self.wanted["tags"].as_object().into_iter().flatten();
        tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    /// Its kind and name, as messages call it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.kind.words(), self.name)
    }
}

fn resolve(value: &Value, known: &Known) -> Value {
    match value {
        Value::String(text) => {
            let found = match text.strip_prefix("@@") {
                Some(address) => known.get(address).map(|(_, arn)| arn),
                None => text.strip_prefix('@').and_then(|address| known.get(address)).map(|(id, _)| id),
            };
            found.map_or_else(|| value.clone(), |found| found.clone().into())
        }
        Value::Array(items) => items.iter().map(|item| resolve(item, known)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), resolve(member, known))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_become_ids_and_arns_once_they_are_known() {
        let resource = Resource {
            address: "listeners.http".to_owned(),
            kind: Kind::Listener,
            name: "http".to_owned(),
            from: "f".to_owned(),
            needs: vec!["service".to_owned()],
            is_external: false,
            wanted: json!({ "serviceIdentifier": "@service", "arns": ["@@service"], "group": "@target_groups.a", "n": 1, "tags": { "a": "b" } }),
        };
        let known = Known::from([("service".to_owned(), ("svc-1".to_owned(), "arn:svc-1".to_owned()))]);
        let resolved = resource.resolved(&known);
        assert_eq!(
            resolved,
            json!({ "serviceIdentifier": "svc-1", "arns": ["arn:svc-1"], "group": "@target_groups.a", "n": 1, "tags": { "a": "b" } })
        );
        assert_eq!(resource.tags(), BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        assert_eq!(resource.title(), "listener http");
    }
}
