//! The operations that are emulated.

use super::{read, write};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("PutParameter", write::put),
    ("GetParameter", read::get),
    ("GetParameters", read::get_several),
    ("DeleteParameter", write::delete),
];
