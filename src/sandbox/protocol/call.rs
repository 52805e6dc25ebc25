//! A request, taken apart and validated.

use serde_json::Value;

/// A request of an operation. All its members stand in one object, wherever on the wire they were.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The service, as the models name it: `vpc-lattice`, `ecs`.
    pub(crate) service: &'static str,
    /// The operation: `CreateRule`.
    pub(crate) operation: &'static str,
    /// Its members by name.
    pub(crate) input: Value,
    /// The labels of its path, decoded, in their order there.
    pub(crate) labels: Vec<String>,
    /// The access key that signed it; empty where nothing did.
    pub(crate) access_key: String,
}

impl Call {
    /// A label of the path, which validation has seen.
    pub(crate) fn label(&self, index: usize) -> &str {
        self.labels.get(index).map_or("", String::as_str)
    }

    /// A string member; empty when it is left out.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.given(member).unwrap_or_default()
    }

    /// A string member, when it is there.
    pub(crate) fn given(&self, member: &str) -> Option<&str> {
        self.input[member].as_str()
    }

    /// A number member that is not negative, when it is there.
    pub(crate) fn number(&self, member: &str) -> Option<u64> {
        self.input[member].as_u64()
    }

    /// The items of a list member; none when it is left out.
    pub(crate) fn list(&self, member: &str) -> &[Value] {
        self.input[member].as_array().map_or(&[], Vec::as_slice)
    }
}
