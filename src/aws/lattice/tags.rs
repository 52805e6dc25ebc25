//! A resource's tags, as a map.

use std::collections::BTreeMap;

use super::Lattice;
use crate::aws::fault::Fault;

impl Lattice {
    /// The tags of a rule, listener, service or target group, by ARN.
    ///
    /// # Errors
    /// When AWS refuses, or the resource is gone.
    pub async fn read_tags(&self, arn: &str) -> Result<BTreeMap<String, String>, Fault> {
        let answer = self.reads.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk("ListTagsForResource", &error))?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    }

    /// Adds these tags, replacing those of the same keys, in one call: all or none.
    ///
    /// # Errors
    /// When AWS refuses.
    pub async fn write_tags(&self, arn: &str, tags: &BTreeMap<String, String>) -> Result<(), Fault> {
        if tags.is_empty() {
            return Ok(());
        }
        let tags = tags.clone().into_iter().collect();
        let answer = self.reads.tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await;
        answer.map(|_| ()).map_err(|error| Fault::from_sdk("TagResource", &error))
    }
}
