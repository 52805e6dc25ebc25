//! A state, read.

use serde_json::Value;

use super::address::{Step, steps};
use crate::definition::template::{Answer, Found};

/// A Terraform state: a state file of version 4, or what `terraform show -json` or `terraform output -json` prints.
#[derive(Clone, Debug, Default)]
pub struct State {
    resources: Vec<Resource>,
    outputs: Vec<Output>,
}

/// One instance of a resource or data source.
#[derive(Clone, Debug)]
pub struct Resource {
    /// With its modules and without its key: `module.web.aws_subnet.az`.
    pub address: String,
    /// `aws_subnet`
    pub kind: String,
    /// Terraform made it and changes it; data sources are only read.
    pub is_managed: bool,
    /// Its key under `count` or `for_each`.
    pub key: Option<Value>,
    /// Its attributes.
    pub attributes: Value,
}

#[derive(Clone, Debug)]
struct Output {
    name: String,
    value: Value,
    is_sensitive: bool,
}

impl State {
    /// Reads one. `optional` states that are not there are empty ones: that is for the caller to say.
    ///
    /// # Errors
    /// In words: what is no state, or one of a version that this does not know.
    pub fn read(text: &str) -> Result<Self, String> {
        let root: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let Value::Object(members) = &root else { return Err("it is not a JSON object".to_owned()) };
        if let Some(version) = members.get("version") {
            // The members of version 3 are others; Terraform 0.12 (2019) writes 4.
            return if version == 4 {
                Ok(Self::of_file(&root))
            } else {
                Err(format!("it is a state of version {version}, and only version 4 is known (Terraform 0.12 and later)"))
            };
        }
        if members.contains_key("format_version") {
            return Ok(Self::shown(&root));
        }
        let is_output = |value: &Value| value.get("value").is_some() && value.get("type").is_some();
        if members.values().all(is_output) {
            return Ok(Self { outputs: outputs(&root), resources: Vec::new() });
        }
        Err("it is neither a state file nor what `terraform show -json` or `terraform output -json` prints".to_owned())
    }

    fn of_file(root: &Value) -> Self {
        let mut resources = Vec::new();
        for resource in root["resources"].as_array().into_iter().flatten() {
            let text = |name: &str| resource[name].as_str().unwrap_or_default();
            let is_managed = text("mode") == "managed";
            let address = [
                Some(text("module").to_owned()).filter(|module| !module.is_empty()),
                (!is_managed).then(|| "data".to_owned()),
                Some(text("type").to_owned()),
                Some(text("name").to_owned()),
            ];
            let address = address.into_iter().flatten().collect::<Vec<_>>().join(".");
            for instance in resource["instances"].as_array().into_iter().flatten() {
                resources.push(Resource {
                    address: address.clone(),
                    kind: text("type").to_owned(),
                    is_managed,
                    key: instance.get("index_key").filter(|key| !key.is_null()).cloned(),
                    attributes: instance["attributes"].clone(),
                });
            }
        }
        Self { resources, outputs: outputs(&root["outputs"]) }
    }

    fn shown(root: &Value) -> Self {
        let values = &root["values"];
        let mut resources = Vec::new();
        let mut modules = vec![&values["root_module"]];
        while let Some(module) = modules.pop() {
            let prefix = module["address"].as_str().map(|address| format!("{address}.")).unwrap_or_default();
            for resource in module["resources"].as_array().into_iter().flatten() {
                let text = |name: &str| resource[name].as_str().unwrap_or_default();
                let is_managed = text("mode") != "data";
                let data = if is_managed { "" } else { "data." };
                resources.push(Resource {
                    address: format!("{prefix}{data}{}.{}", text("type"), text("name")),
                    kind: text("type").to_owned(),
                    is_managed,
                    key: resource.get("index").cloned(),
                    attributes: resource["values"].clone(),
                });
            }
            modules.extend(module["child_modules"].as_array().into_iter().flatten());
        }
        Self { resources, outputs: outputs(&values["outputs"]) }
    }

    /// Its resources and data sources.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The value at an address: `aws_subnet.az["a"].id`, `module.web.aws_lb.main.arn`, `data.aws_vpc.main.id`, `output.name`. Without an
    /// attribute it is all of them; without a key all instances, by key or in order.
    ///
    /// # Errors
    /// In words: what is not there, and what is that was probably meant.
    pub fn lookup(&self, address: &str) -> Answer {
        if let Some(rest) = address.strip_prefix("output.") {
            return self.output(rest, address);
        }
        // The longest: `aws_lb.main` must not be taken for `aws_lb.m`.
        let of_it = |resource: &&Resource| {
            address.strip_prefix(resource.address.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let Some(found) = self.resources.iter().filter(of_it).max_by_key(|resource| resource.address.len()) else {
            return Err(self.nothing_at(address));
        };
        let instances: Vec<&Resource> = self.resources.iter().filter(|resource| resource.address == found.address).collect();
        let mut path = steps(&address[found.address.len()..])?.into_iter().peekable();
        let keyed = instances.iter().any(|instance| instance.key.is_some());
        let value = match (keyed, path.peek()) {
            (true, Some(Step::Key(_) | Step::Index(_))) => {
                let key = path.next().map(Step::into_value).unwrap_or_default();
                let instance = instances.iter().find(|instance| instance.key.as_ref() == Some(&key));
                let keys =
                    || instances.iter().filter_map(|it| it.key.as_ref()).map(ToString::to_string).collect::<Vec<_>>().join(", ");
                instance
                    .map(|instance| instance.attributes.clone())
                    .ok_or_else(|| format!("{} has no instance {key}; there are {}", found.address, keys()))?
            }
            (true, _) => all_of(&instances),
            (false, _) => found.attributes.clone(),
        };
        followed(value, path, address).map(|value| Found { value, is_secret: false })
    }

    fn output(&self, rest: &str, address: &str) -> Answer {
        let name = rest.split(['.', '[']).next().unwrap_or_default();
        let Some(output) = self.outputs.iter().find(|output| output.name == name) else {
            let names: Vec<&str> = self.outputs.iter().map(|output| output.name.as_str()).collect();
            return Err(format!("the state has no output `{name}`; it has {}", crate::definition::finding::list(&names)));
        };
        let path = steps(&rest[name.len()..])?.into_iter().peekable();
        followed(output.value.clone(), path, address).map(|value| Found { value, is_secret: output.is_sensitive })
    }

    fn nothing_at(&self, address: &str) -> String {
        let near = self
            .resources
            .iter()
            .map(|resource| (strsim::normalized_damerau_levenshtein(&resource.address, address), &resource.address))
            .filter(|(likeness, _)| *likeness > 0.6)
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let hint = near.map(|(_, near)| format!("; did you mean {near}?")).unwrap_or_default();
        format!("the state has nothing at {address}{hint}")
    }
}

fn outputs(members: &Value) -> Vec<Output> {
    let output = |(name, output): (&String, &Value)| Output {
        name: name.clone(),
        value: output["value"].clone(),
        is_sensitive: output["sensitive"] == true,
    };
    members.as_object().into_iter().flatten().map(output).collect()
}

/// Several instances as one value: an object by their keys under `for_each`, a list under `count`.
fn all_of(instances: &[&Resource]) -> Value {
    let by_name = instances.iter().any(|instance| matches!(instance.key, Some(Value::String(_))));
    if by_name {
        let named = |it: &&Resource| Some((it.key.as_ref()?.as_str()?.to_owned(), it.attributes.clone()));
        return Value::Object(instances.iter().filter_map(named).collect());
    }
    let mut counted: Vec<_> = instances.to_vec();
    counted.sort_by_key(|instance| instance.key.as_ref().and_then(Value::as_u64));
    counted.into_iter().map(|instance| instance.attributes.clone()).collect()
}

fn followed(value: Value, path: impl Iterator<Item = Step>, address: &str) -> Result<Value, String> {
    let mut value = value;
    for step in path {
        let next = match &step {
            Step::Key(name) => value.get(name),
            Step::Index(index) => value.get(index),
        };
        value = next.cloned().ok_or_else(|| {
            let names: Vec<&str> = value.as_object().map(|it| it.keys().map(String::as_str).collect()).unwrap_or_default();
            let near = match &step {
                Step::Key(name) => names.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2),
                Step::Index(_) => None,
            };
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("{address} has no {step}{hint}")
        })?;
    }
    if value.is_null() { Err(format!("{address} is null")) } else { Ok(value) }
}
