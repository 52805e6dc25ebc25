//! The operations that are emulated.

use super::describe;
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] =
    &[("DescribeSecurityGroups", describe::security_groups), ("DescribeManagedPrefixLists", describe::prefix_lists)];
