//! The operations that are emulated.

use super::{changes, records, zones};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("ListHostedZonesByName", zones::by_name),
    ("GetHostedZone", zones::get),
    ("ListResourceRecordSets", records::list),
    ("ChangeResourceRecordSets", changes::change),
    ("GetChange", changes::get),
];
