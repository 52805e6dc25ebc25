//! Which metric: a namespace, a name and exactly these dimensions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A metric's identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sandbox::cloudwatch) struct Metric {
    pub(in crate::sandbox::cloudwatch) namespace: String,
    pub(in crate::sandbox::cloudwatch) name: String,
    pub(in crate::sandbox::cloudwatch) dimensions: BTreeMap<String, String>,
}

impl Metric {
    pub(super) fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions }
    }

    /// One of a VPC Lattice target group's.
    pub(in crate::sandbox::cloudwatch) fn of_target_group(group: &str, name: &str) -> Self {
        Self::new(super::lattice::NAMESPACE, name, &[("TargetGroup", group)])
    }

    /// From a member of the shape `Metric`, or any structure with the same members.
    pub(in crate::sandbox::cloudwatch) fn read(given: &Value) -> Self {
        let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
        let dimensions = given["Dimensions"].as_array().into_iter().flatten();
        let pair = |dimension: &Value| Some((dimension["Name"].as_str()?.to_owned(), dimension["Value"].as_str()?.to_owned()));
        Self { namespace: text("Namespace"), name: text("MetricName"), dimensions: dimensions.filter_map(pair).collect() }
    }

    /// As a member of the shape `Metric`.
    pub(super) fn printed(&self) -> Value {
        let dimensions: Vec<_> = self.dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
        json!({"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions})
    }
}
