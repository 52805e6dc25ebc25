//! The operations that are emulated.

use super::{roles, simulate};
use crate::sandbox::protocol::Perform;

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[("GetRole", roles::get), ("SimulatePrincipalPolicy", simulate::simulate)];
