//! The operations that are emulated.

use super::{identity, web_identity};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] =
    &[("GetCallerIdentity", identity::get), ("AssumeRoleWithWebIdentity", web_identity::assume)];
